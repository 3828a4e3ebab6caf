#include "sim/inference/serving_plan.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "sim/economics/power.h"
#include "sim/model/expert_popularity.h"

namespace fleetsim {
namespace {

double MeanOf(const std::optional<LengthDistribution>& lengths) {
  double mean = 0;
  if (!lengths) return mean;
  for (std::size_t i = 0; i < lengths->tokens.size(); ++i) {
    mean += lengths->tokens[i] * lengths->weights[i];
  }
  return mean;
}

// Zero where a trace alone knows.
double MeanSequence(const TrafficRequest& traffic) {
  if (!traffic.input || !traffic.output) return 0;
  return MeanOf(traffic.input) + MeanOf(traffic.output);
}

BatchPolicy PolicyOf(const ResolvedOptions& options, const ServingEngine& engine) {
  if (options.static_batch > 0) return BatchPolicy::kStatic;
  if (engine.defaults.prompts == PromptSteps::kBeside) return BatchPolicy::kDecodeFirst;
  if (engine.defaults.prompts == PromptSteps::kApart) return BatchPolicy::kPrefillFirst;
  return options.chunked_prefill ? BatchPolicy::kDecodeFirst : BatchPolicy::kPrefillFirst;
}

// Each key and value once, wherever the layout repeats them.
Bytes KvTokenOf(const InstanceSpec& spec, double sequence_tokens) {
  InstanceSpec whole = spec;
  whole.layout = ServingLayout();
  return CacheBytesOf(whole).PerToken(sequence_tokens);
}

EngineOptions OptionsOf(const PlannedPool& pool, const Leaf& leaf) {
  const ResolvedOptions& resolved = pool.spec.options;
  EngineOptions options;
  options.batching = PolicyOf(resolved, *pool.spec.engine);
  options.order = resolved.order;
  options.preemption = resolved.preemption;
  options.max_sequences =
      resolved.static_batch > 0 ? resolved.static_batch : resolved.max_sequences;
  options.token_budget = resolved.token_budget;
  options.block_tokens = resolved.block_tokens;
  options.blocks = pool.capacity.blocks;
  options.kv_token = pool.kv_token;
  options.chunked_prefill = resolved.chunked_prefill;
  options.reserve_output = resolved.reserve_output;
  options.poll_steps = resolved.poll_steps;
  options.prefix_cache = resolved.prefix_cache;
  options.attention_ranks = pool.spec.layout.attention_data;
  options.pipeline_stages = pool.spec.layout.pipeline;
  if (resolved.preemption != Preemption::kSwap || leaf.server == nullptr) return options;
  // Accelerators copy what each of them holds at the same time.
  options.host_bandwidth =
      leaf.server->host_link_bandwidth * (pool.kv_token / pool.capacity.per_token);
  const Bytes host_memory = leaf.server->host_memory / leaf.accelerators;
  const double blocks = host_memory / (pool.capacity.per_token * resolved.block_tokens);
  options.swap_blocks = static_cast<int>(std::min(blocks, 1e9));
  return options;
}

// An attention rank's share of its hosts' NICs.
BytesPerSecond TransferBandwidth(const ServingLayout& layout, const Leaf& leaf) {
  if (leaf.scale_out == nullptr) return leaf.nic_bandwidth;
  const double share = static_cast<double>(layout.tensor * layout.pipeline) / leaf.accelerators;
  return leaf.nic_bandwidth * (share * leaf.scale_out->point_to_point_efficiency);
}

Autoscaling ScalingOf(const AutoscaleRequest& request, const EngineOptions& engine) {
  const double most = static_cast<double>(engine.max_sequences) * engine.attention_ranks;
  return {.min_instances = request.min_instances,
          .target_requests = request.add_load * most,
          .drain_requests = request.drain_load * most,
          .interval = request.interval,
          .startup = request.start};
}

Pool PoolOf(const PlannedPool& planned, const PoolRequest& request, const Leaf& leaf) {
  Pool pool;
  pool.name = absl::StrCat("pools[", planned.place.request, "] on ", leaf.id);
  pool.role = request.role;
  pool.model = planned.model.get();
  pool.engine = OptionsOf(planned, leaf);
  pool.instances = planned.place.instances;
  pool.transfer_bandwidth = TransferBandwidth(planned.spec.layout, leaf);
  if (request.autoscale) pool.autoscaling = ScalingOf(*request.autoscale, pool.engine);
  return pool;
}

void Note(const std::string& what, const std::string& evidence, const std::string& source,
          std::vector<Assumption>& assumptions) {
  const bool known = std::any_of(assumptions.begin(), assumptions.end(),
                                 [&](const Assumption& other) { return other.what == what; });
  if (!known) assumptions.push_back({what, evidence, source});
}

void NoteHardware(const PlannedPool& pool, const Accelerator& accelerator,
                  std::vector<Assumption>& assumptions) {
  const bool inferred = accelerator.kernel_class_inferred;
  Note(absl::StrCat("kernel times of ", accelerator.name, " from class ", accelerator.kernel_class),
       inferred ? "inferred" : "measured",
       inferred ? "nearest relative with measurements"
                : "fitted on kernel measurements, see docs/kernels.md",
       assumptions);
  for (const ProductFormat& format : {pool.spec.precision.products, pool.spec.precision.experts}) {
    const DataType dtype = format.activations.dtype;
    if (!IsNarrow(dtype) || accelerator.Peak(dtype).value() > 0) continue;
    Note(absl::StrCat(accelerator.name, " has no ", DataTypeName(dtype),
                      " matrix units: weights widened, products in 16 bits"),
         "inferred", "catalog entry, see docs/serving.md", assumptions);
  }
}

void NoteExperts(const Experts& experts, const ServingLayout& layout,
                 std::vector<Assumption>& assumptions) {
  const double exponent = PopularityExponent(experts, layout);
  if (exponent > 0) {
    const bool stated = layout.popularity_exponent || experts.popularity_exponent;
    Note(absl::StrFormat("popularity of experts: a power law with exponent %.4g", exponent),
         stated ? "stated" : "estimated",
         stated ? "the pool or the model" : "NVIDIA's estimates by router, see docs/serving.md",
         assumptions);
  } else if (layout.expert > 1) {
    Note(absl::StrFormat("busiest expert rank at %.2f of the mean load",
                         layout.expert_load.value_or(1)),
         layout.expert_load ? "stated" : "assumed", "expert_load_ratio of the pool", assumptions);
  }
}

void NoteJob(const ServingJob& job, const ServingEngine& engine,
             std::vector<Assumption>& assumptions) {
  Note(absl::StrCat("engine ", engine.name), "estimated", "catalog entry, see docs/serving.md",
       assumptions);
  for (const PoolRequest& pool : job.pools) {
    if (!job.model.experts) continue;
    NoteExperts(*job.model.experts, pool.layout, assumptions);
  }
  if (!job.speculation) return;
  Note(absl::StrFormat("%.2f tokens a decode step with %d draft tokens",
                       job.speculation->accepted_tokens, job.speculation->draft_tokens),
       "stated", "the job's speculation", assumptions);
}

absl::StatusOr<PlannedPool> PlanPool(const ServingJob& job, const ServingEngine& engine,
                                     const PoolPlace& place, const Fleet& fleet,
                                     const Catalog& catalog) {
  const PoolRequest& request = job.pools[place.request];
  const Leaf& leaf = fleet.leaves[place.leaf];
  PlannedPool pool;
  pool.place = place;
  pool.spec = {.model = &job.model,
               .engine = &engine,
               .precision = job.precision,
               .layout = request.layout,
               .options = ResolveOptions(request.options, engine),
               .speculation = job.speculation};
  ASSIGN_OR_RETURN(InstanceHardware hardware, InstanceHardwareOf(leaf, catalog));
  Notes notes;
  if (const auto power = PowerOf(leaf, notes)) hardware.power = power->activity;
  RETURN_IF_ERROR(CheckInstance(pool.spec, hardware));
  ASSIGN_OR_RETURN(pool.capacity,
                   KvCapacityOf(pool.spec, *leaf.accelerator, MeanSequence(job.traffic)));
  pool.kv_token = KvTokenOf(pool.spec, MeanSequence(job.traffic));
  pool.model = std::make_unique<InstanceModel>(pool.spec, hardware);
  return pool;
}

absl::Status CheckSwap(const PoolRequest& request, const PlannedPool& pool, const Leaf& leaf) {
  if (pool.spec.options.preemption != Preemption::kSwap) return absl::OkStatus();
  if (leaf.server != nullptr && leaf.server->host_link_bandwidth > BytesPerSecond(0)) {
    return absl::OkStatus();
  }
  return InputError(request.place,
                    absl::StrCat("preemption SWAP on ", leaf.id,
                                 ", whose server has no known link to host memory"),
                    "give RECOMPUTE, or host_link_bandwidth_bytes_per_s to the server's entry");
}

}  // namespace

int ServingPlan::Accelerators() const {
  int sum = 0;
  for (const PlannedPool& pool : pools) sum += pool.Accelerators();
  return sum;
}

int ServingPlan::Instances() const {
  int sum = 0;
  for (const Pool& pool : deployment.pools) sum += pool.size();
  return sum;
}

absl::StatusOr<ServingPlan> PlanServing(const ServingJob& job, const Fleet& fleet,
                                        const Catalog& catalog) {
  const auto engine = FindEngine(catalog, job.engine);
  if (!engine.ok()) return InputError(job.engine_place, engine.status().message(), "");
  ASSIGN_OR_RETURN(const std::vector<PoolPlace> places, PlaceInstances(job, fleet, catalog));
  ServingPlan plan;
  plan.frontend = (*engine)->host.frontend + job.router.latency;
  plan.deployment.router.policy = job.router.policy;
  for (const PoolPlace& place : places) {
    const PoolRequest& request = job.pools[place.request];
    const Leaf& leaf = fleet.leaves[place.leaf];
    ASSIGN_OR_RETURN(PlannedPool pool, PlanPool(job, **engine, place, fleet, catalog));
    RETURN_IF_ERROR(CheckSwap(request, pool, leaf));
    NoteHardware(pool, *leaf.accelerator, plan.assumptions);
    plan.deployment.pools.push_back(PoolOf(pool, request, leaf));
    plan.pools.push_back(std::move(pool));
  }
  NoteJob(job, **engine, plan.assumptions);
  RETURN_IF_ERROR(CheckDeployment(plan.deployment));
  return plan;
}

}  // namespace fleetsim
