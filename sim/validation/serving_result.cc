#include "sim/validation/serving_result.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "sim/economics/power.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/inference/capacity_search.h"
#include "sim/inference/serving_outcome.h"
#include "sim/serving/fixed_batch.h"
#include "sim/serving/instance_spec.h"
#include "sim/serving/kernel_times.h"
#include "sim/serving/step_model.h"

namespace fleetsim {
namespace {

constexpr double kMilliseconds = 1e3;
constexpr double kTera = 1e12;
constexpr double kNodeAccelerators = 8;  // of what sources call a node

// Sequences or tokens of each attention rank.
int OfRank(double amount, double ranks) {
  return std::max(1, static_cast<int>(std::lround(amount / ranks)));
}

ServingResult FixedBatch(const ServingTranslation& translation, const InstanceModel& model) {
  const ServingLoad& load = translation.load;
  const ServingLayout& layout = translation.job.pools[0].layout;
  const double instances = *translation.job.pools[0].instances;
  const double ranks = layout.attention_data * instances;
  const FixedBatchLoad batch{.batch = OfRank(load.amount, ranks),
                             .input_tokens = load.input_tokens,
                             .output_tokens = load.output_tokens,
                             .attention_ranks = layout.attention_data,
                             .pipeline_stages = layout.pipeline};
  const FixedBatchCost cost = RunFixedBatch(model, batch);
  const double seconds = cost.Total().value();
  ServingResult result;
  result.request_rate = load.amount / seconds;
  result.output_rate = result.request_rate * load.output_tokens;
  result.input_rate = result.request_rate * load.input_tokens;
  result.ttft_mean = result.ttft_p99 = cost.prefill.duration.value();
  result.request_mean = seconds;
  const Joules energy = cost.prefill.energy + cost.decode.energy;
  result.board_power = energy.value() / seconds / layout.Accelerators();
  if (load.output_tokens > 1) {
    result.tpot_mean = result.tpot_p99 = cost.decode.duration.value() / (load.output_tokens - 1);
  }
  return result;
}

ServingResult OneStep(const ServingTranslation& translation, const InstanceModel& model) {
  const ServingLoad& load = translation.load;
  const ServingLayout& layout = translation.job.pools[0].layout;
  const double accelerators_of_rank = layout.tensor * layout.pipeline;
  StepLoad step;
  const bool prefill = load.kind == LoadKind::kPrefillStep;
  const double amount = load.amount * accelerators_of_rank;
  if (prefill) {
    const int chunks = OfRank(amount, load.input_tokens);
    step.prefill.assign(chunks, {load.input_tokens, 0});
    step.begun = chunks;
  } else {
    step.decodes = OfRank(amount, 1);
    // Half of its output stands behind the prompt on average.
    const double context = load.input_tokens + 0.5 * (load.output_tokens - 1);
    step.decode_context = static_cast<std::int64_t>(step.decodes * context);
  }
  const StepCost cost = model.Cost(std::vector<StepLoad>(layout.attention_data, step));
  const double all = layout.attention_data * *translation.job.pools[0].instances;
  ServingResult result;
  const double seconds = cost.duration.value();
  if (prefill) {
    result.input_rate =
        all * load.input_tokens * static_cast<double>(step.prefill.size()) / seconds;
    result.ttft_mean = seconds;
  } else {
    result.output_rate = all * step.decodes * model.TokensPerDecode() / seconds;
    result.tpot_mean = seconds / model.TokensPerDecode();
  }
  return result;
}

// Wall power of the servers, of their supplies' input (docs/energy.md).
double SystemPowerOf(const ServingOutcome& outcome) {
  if (!outcome.charges.energy || outcome.duration <= Seconds()) return 0;
  const ServingEnergyParts& energy = *outcome.charges.energy;
  const Joules drawn = energy.prefill + energy.decode + energy.waiting + energy.servers;
  return (drawn / outcome.duration).value();
}

ServingResult ResultOf(const ServingOutcome& outcome) {
  const ServingSummary& summary = outcome.summary;
  ServingResult result;
  result.system_power = SystemPowerOf(outcome);
  result.output_rate = summary.Rate(summary.output_tokens);
  result.input_rate = summary.Rate(summary.input_tokens);
  result.request_rate = summary.Rate(static_cast<double>(summary.completed));
  result.ttft_mean = summary.ttft.mean.value();
  result.ttft_p99 = summary.ttft.p99.value();
  result.tpot_mean = summary.tpot.mean.value();
  result.tpot_p99 = summary.tpot.p99.value();
  result.request_mean = summary.end_to_end.mean.value();
  return result;
}

// As many instances are searched; the others are like them.
constexpr int kSearchedInstances = 2;
// Submitters' target rates have three digits; latency is steep there.
constexpr double kSearchPrecision = 1.005;

// Empty: no rate is within the limits.
absl::StatusOr<std::optional<ServingResult>> AtHighestRate(const ServingJob& job,
                                                           const Fleet& fleet,
                                                           const Catalog& catalog,
                                                           Network& network) {
  ServingJob share = job;
  const int instances = *job.pools[0].instances;
  share.pools[0].instances = std::min(kSearchedInstances, instances);
  const double parts = static_cast<double>(instances) / *share.pools[0].instances;
  std::get<ArrivalRequest>(share.traffic.source).rate_per_s /= parts;
  const EconomicsOptions economics;
  ASSIGN_OR_RETURN(
      const CapacityResult capacity,
      FindHighestRate(share, {fleet, catalog, economics, network, kSearchPrecision}, 0));
  if (!capacity.best) return std::optional<ServingResult>();
  ServingResult result = ResultOf(capacity.probes[*capacity.best].outcome);
  result.system_power *= parts;
  result.output_rate *= parts;
  result.input_rate *= parts;
  result.request_rate *= parts;
  return std::optional<ServingResult>(result);
}

absl::StatusOr<ServingResult> Queue(const ServingTranslation& translation, const Fleet& fleet,
                                    const Catalog& catalog, Network& network) {
  const ServingJob& job = translation.job;
  if (translation.load.limits) {
    ASSIGN_OR_RETURN(const std::optional<ServingResult> highest,
                     AtHighestRate(job, fleet, catalog, network));
    if (highest) return *highest;
  }
  // Where no rate is within the limits: at the row's own.
  ASSIGN_OR_RETURN(const ServingOutcome outcome,
                   RunServingJob(job, fleet, catalog, EconomicsOptions(), network));
  if (outcome.summary.completed == 0) {
    return absl::FailedPreconditionError("no request was served");
  }
  return ResultOf(outcome);
}

// A loop over one product, long enough for the clock to settle: its rate, and the board's power.
absl::StatusOr<ServingResult> Product(const ServingTranslation& translation, const Fleet& fleet,
                                      const Catalog& catalog) {
  const Leaf& leaf = fleet.leaves[0];
  ASSIGN_OR_RETURN(const ServingEngine* engine, FindEngine(catalog, translation.job.engine));
  ASSIGN_OR_RETURN(InstanceHardware hardware, InstanceHardwareOf(leaf, catalog));
  hardware.device.serving = engine->kernels;
  const ProductFormat format =
      RunnableFormat(*leaf.accelerator, translation.job.precision.products);
  const double side = translation.load.product_side;
  KernelTimes times;
  times.AddMatrix(ServingGemm(hardware.device, format, {side, side, side}));
  times.Settle(hardware.device.kernels->settled_clock);
  ServingResult result;
  result.flops_rate = 2 * side * side * side / times.matrix.value();
  Notes notes;
  if (const auto power = PowerOf(leaf, notes)) {
    result.board_power = power->activity[static_cast<int>(Activity::kMatrix)].value();
  }
  return result;
}

// Batches and steps without a queue. Whether they fit is not in question: they ran.
absl::StatusOr<ServingResult> WithoutQueue(const ServingTranslation& translation,
                                           const Fleet& fleet, const Catalog& catalog) {
  const ServingJob& job = translation.job;
  ASSIGN_OR_RETURN(const ServingEngine* engine, FindEngine(catalog, job.engine));
  InstanceSpec spec{.model = &job.model,
                    .engine = engine,
                    .precision = job.precision,
                    .layout = job.pools[0].layout,
                    .options = ResolveOptions({}, *engine),
                    .speculation = job.speculation};
  const double ranks = spec.layout.attention_data * *job.pools[0].instances;
  if (translation.load.kind == LoadKind::kFixedBatch) {
    spec.options.max_sequences = OfRank(translation.load.amount, ranks);
  }
  ASSIGN_OR_RETURN(InstanceHardware hardware, InstanceHardwareOf(fleet.leaves[0], catalog));
  Notes notes;
  if (const auto power = PowerOf(fleet.leaves[0], notes)) hardware.power = power->activity;
  RETURN_IF_ERROR(CheckInstance(spec, hardware));
  const InstanceModel model(spec, hardware);
  return translation.load.kind == LoadKind::kFixedBatch ? FixedBatch(translation, model)
                                                        : OneStep(translation, model);
}

}  // namespace

absl::StatusOr<ServingResult> SimulatePoint(const ServingTranslation& translation,
                                            const Fleet& fleet, const Catalog& catalog,
                                            Network& network) {
  ServingResult result;
  const LoadKind kind = translation.load.kind;
  if (kind == LoadKind::kClosedLoop || kind == LoadKind::kPoisson) {
    ASSIGN_OR_RETURN(result, Queue(translation, fleet, catalog, network));
  } else if (kind == LoadKind::kProduct) {
    ASSIGN_OR_RETURN(result, Product(translation, fleet, catalog));
  } else {
    ASSIGN_OR_RETURN(result, WithoutQueue(translation, fleet, catalog));
  }
  result.accelerators = translation.accelerators;
  return result;
}

MetricClass ServingClassOf(const std::string& metric, const ServingLoad& load) {
  if (absl::StartsWith(metric, "ttft")) return MetricClass::kFirstToken;
  if (absl::StartsWith(metric, "tpot")) return MetricClass::kOutputToken;
  if (metric == "e2e_latency_mean" || metric == "mean_request_latency") {
    return MetricClass::kLatency;
  }
  if (metric == "system_power_mean" || metric == "board_power") return MetricClass::kPower;
  if (metric == "achieved_tflops") return MetricClass::kKernel;
  if (!ServingMetric(
          {.output_rate = 1, .input_rate = 1, .request_rate = 1, .tpot_mean = 1, .accelerators = 1},
          metric)) {
    return MetricClass::kOther;
  }
  return load.kind == LoadKind::kClosedLoop || load.kind == LoadKind::kPoisson
             ? MetricClass::kThroughput
             : MetricClass::kFixedBatch;
}

std::optional<double> ServingMetric(const ServingResult& result, const std::string& metric) {
  struct Named {
    const char* name;
    double value;
  };
  const double accelerators = std::max(1.0, result.accelerators);
  const double output = result.output_rate, input = result.input_rate;
  const Named metrics[] = {
      {"output_throughput", output},
      {"total_output_throughput", output},
      {"output_throughput_per_gpu", output / accelerators},
      {"decode_output_throughput_per_gpu", output / accelerators},
      {"decode_output_throughput_per_npu", output / accelerators},
      {"decode_output_throughput_per_node", output / accelerators * kNodeAccelerators},
      {"prefill_input_throughput_per_gpu", input / accelerators},
      {"prefill_input_throughput_per_npu", input / accelerators},
      {"prefill_input_throughput_per_node", input / accelerators * kNodeAccelerators},
      {"total_token_throughput", output + input},
      {"request_throughput", result.request_rate},
      {"per_user_output_throughput", result.tpot_mean > 0 ? 1 / result.tpot_mean : 0},
      {"system_power_mean", result.system_power},
      {"board_power", result.board_power},
      {"achieved_tflops", result.flops_rate / kTera},
      {"ttft", kMilliseconds * result.ttft_mean},
      {"ttft_mean", kMilliseconds * result.ttft_mean},
      {"ttft_p99", kMilliseconds * result.ttft_p99},
      {"tpot", kMilliseconds * result.tpot_mean},
      {"tpot_mean", kMilliseconds * result.tpot_mean},
      {"tpot_p99", kMilliseconds * result.tpot_p99},
      {"e2e_latency_mean", kMilliseconds * result.request_mean},
      {"mean_request_latency", kMilliseconds * result.request_mean},
  };
  for (const Named& named : metrics) {
    if (metric == named.name && named.value > 0) return named.value;
  }
  return std::nullopt;
}

}  // namespace fleetsim
