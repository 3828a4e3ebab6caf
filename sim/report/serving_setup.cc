#include "sim/report/serving_setup.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

std::string FormatName(NumberFormat format) {
  const std::string name = DataTypeName(format.dtype);
  switch (format.scaling) {
    case Scaling::kBlock:
      return absl::StrCat(name, " (blocks)");
    case Scaling::kMx:
      return absl::StrCat("MX", name);
    case Scaling::kNv:
      return absl::StrCat("NV", name);
    default:
      return name;
  }
}

std::string ProductText(const ProductFormat& format) {
  const std::string weights = FormatName(format.weights);
  const std::string activations = FormatName(format.activations);
  if (weights == activations) return absl::StrCat(weights, " weights and activations");
  return absl::StrCat(weights, " weights, ", activations, " activations");
}

std::string LengthsText(const std::optional<LengthDistribution>& lengths) {
  if (!lengths) return "the trace's";
  double mean = 0;
  for (std::size_t i = 0; i < lengths->tokens.size(); ++i) {
    mean += lengths->tokens[i] * lengths->weights[i];
  }
  return FormatNumber(mean);
}

const char* PatternName(ArrivalPattern pattern) {
  switch (pattern) {
    case ArrivalPattern::kPoisson:
      return "Poisson arrivals";
    case ArrivalPattern::kGamma:
      return "gamma arrivals";
    case ArrivalPattern::kConstant:
      return "arrivals at equal gaps";
    case ArrivalPattern::kBursty:
      break;
  }
  return "bursty arrivals";
}

// "Poisson arrivals at 4 a second".
std::string SourceText(const TrafficRequest& traffic) {
  if (const auto* arrivals = std::get_if<ArrivalRequest>(&traffic.source)) {
    return absl::StrCat(PatternName(arrivals->process), " at ", FormatNumber(arrivals->rate_per_s),
                        " a second");
  }
  if (const auto* loop = std::get_if<ClosedLoopRequest>(&traffic.source)) {
    return absl::StrCat("closed loop of ", loop->concurrency);
  }
  if (const auto* batch = std::get_if<OneBatchRequest>(&traffic.source)) {
    return absl::StrCat("a batch of ", batch->batch);
  }
  const auto& trace = std::get<TraceRequest>(traffic.source);
  const std::string name = std::filesystem::path(trace.path).filename();
  return trace.rate_scale == 1
             ? absl::StrCat("trace ", name)
             : absl::StrCat("trace ", name, ", ", FormatNumber(trace.rate_scale), " times as fast");
}

std::string TrafficText(const TrafficRequest& traffic) {
  return absl::StrCat(SourceText(traffic), "; prompts of ", LengthsText(traffic.input),
                      " tokens and outputs of ", LengthsText(traffic.output), " in the mean");
}

std::string LayoutText(const ServingJob& job) {
  std::vector<std::string> pools;
  for (const PoolRequest& pool : job.pools) {
    std::string text = job.pools.size() > 1 ? absl::StrCat(RoleName(pool.role), ": ") : "";
    absl::StrAppend(&text, "tensor ", pool.layout.tensor);
    const auto degree = [&text](const char* name, int value) {
      if (value > 1) absl::StrAppend(&text, ", ", name, " ", value);
    };
    degree("pipeline", pool.layout.pipeline);
    degree("attention data", pool.layout.attention_data);
    degree("expert", pool.layout.expert);
    pools.push_back(text);
  }
  return absl::StrJoin(pools, "; ");
}

}  // namespace

const char* RoleName(PoolRole role) {
  switch (role) {
    case PoolRole::kPrefill:
      return "prefill";
    case PoolRole::kDecode:
      return "decode";
    case PoolRole::kBoth:
      break;
  }
  return "prefill and decode";
}

std::string PrecisionText(const ServingPrecision& precision) {
  std::string text = ProductText(precision.products);
  const std::string experts = ProductText(precision.experts);
  if (experts != text) absl::StrAppend(&text, ", experts ", experts);
  return absl::StrCat(text, ", ", DataTypeName(precision.cache), " cache");
}

proto::JobResult DescribeServing(const Job& job, const std::string& platform,
                                 const std::string& platform_file) {
  const ServingJob& serving = *job.serving;
  proto::JobResult result;
  result.set_job(job.id);
  result.set_platform(platform);
  result.set_platform_file(platform_file);
  proto::Setup& setup = *result.mutable_setup();
  setup.set_model(serving.model.name);
  setup.set_parameters(CountParameters(serving.model).Total());
  setup.set_stack(serving.engine);
  setup.set_precision(PrecisionText(serving.precision));
  setup.set_traffic(TrafficText(serving.traffic));
  setup.set_layout(LayoutText(serving));
  return result;
}

}  // namespace fleetsim
