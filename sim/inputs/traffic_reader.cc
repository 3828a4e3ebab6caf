#include "sim/inputs/traffic_reader.h"

#include <cmath>
#include <filesystem>
#include <system_error>
#include <utility>

#include "proto/serving.pb.h"
#include "sim/inputs/lengths_reader.h"

namespace fleetsim {
namespace {

constexpr double kMaxRate = 1e7;  // requests a second
constexpr double kMaxRequests = 1e9;
constexpr double kMaxTime = 1e9;  // seconds
constexpr double kMaxConcurrency = 1e7;
constexpr double kMaxBurstiness = 100;
constexpr double kMaxPrefix = 1e7;  // tokens

absl::StatusOr<ArrivalPattern> ReadProcess(const FieldCheck& check, int process) {
  switch (process) {
    case proto::Traffic::Arrivals::PROCESS_UNSPECIFIED:
    case proto::Traffic::Arrivals::POISSON:
      return ArrivalPattern::kPoisson;
    case proto::Traffic::Arrivals::GAMMA:
      return ArrivalPattern::kGamma;
    case proto::Traffic::Arrivals::CONSTANT:
      return ArrivalPattern::kConstant;
    case proto::Traffic::Arrivals::BURSTY:
      return ArrivalPattern::kBursty;
    default:
      return check.Wrong("process", absl::StrCat("is ", process),
                         "give POISSON, GAMMA, CONSTANT or BURSTY");
  }
}

absl::StatusOr<ArrivalRequest> ReadArrivals(const FieldCheck& check,
                                            const proto::Traffic::Arrivals& entry) {
  ArrivalRequest arrivals;
  ASSIGN_OR_RETURN(arrivals.process, ReadProcess(check, entry.process()));
  RETURN_IF_ERROR(check.InRange("rate_per_s", entry.rate_per_s(), 1e-9, kMaxRate));
  arrivals.rate_per_s = entry.rate_per_s();
  const bool bursty = arrivals.process == ArrivalPattern::kBursty;
  if (entry.has_burstiness()) {
    if (!bursty && arrivals.process != ArrivalPattern::kGamma) {
      return check.Wrong("burstiness", "is given", "only GAMMA and BURSTY have one: leave it out");
    }
    RETURN_IF_ERROR(
        check.InRange("burstiness", entry.burstiness(), bursty ? 1 : 0.01, kMaxBurstiness));
    arrivals.burstiness = entry.burstiness();
  }
  if (entry.has_burst_s()) {
    if (!bursty) return check.Wrong("burst_s", "is given", "only BURSTY has bursts: leave it out");
    RETURN_IF_ERROR(check.InRange("burst_s", entry.burst_s(), 1e-3, kMaxTime));
    arrivals.burst = Seconds(entry.burst_s());
  }
  return arrivals;
}

absl::StatusOr<TraceRequest> ReadTraceFile(const FieldCheck& check, const std::string& path,
                                           const proto::Traffic& entry) {
  namespace fs = std::filesystem;
  TraceRequest trace;
  if (entry.has_rate_scale_ratio()) {
    RETURN_IF_ERROR(check.InRange("rate_scale_ratio", entry.rate_scale_ratio(), 1e-6, 1e6));
    trace.rate_scale = entry.rate_scale_ratio();
  }
  std::error_code ignored;
  for (const fs::path& file :
       {fs::path(path).parent_path() / entry.trace(), fs::path(entry.trace())}) {
    if (!fs::is_regular_file(file, ignored)) continue;
    trace.path = file.string();
    return trace;
  }
  return check.Wrong("trace", absl::StrCat("\"", entry.trace(), "\" is no file"),
                     "give a path, as seen from the workload's folder");
}

absl::Status ReadSource(const FieldCheck& check, const std::string& path,
                        const proto::Traffic& entry, TrafficRequest& traffic) {
  if (entry.has_rate_scale_ratio() && entry.source_case() != proto::Traffic::kTrace) {
    return check.Wrong("rate_scale_ratio", "is given without a trace", "leave it out");
  }
  switch (entry.source_case()) {
    case proto::Traffic::kTrace: {
      ASSIGN_OR_RETURN(traffic.source, ReadTraceFile(check, path, entry));
      return absl::OkStatus();
    }
    case proto::Traffic::kArrivals: {
      ASSIGN_OR_RETURN(traffic.source, ReadArrivals(check.Inside("arrivals"), entry.arrivals()));
      return absl::OkStatus();
    }
    case proto::Traffic::kClosedLoop: {
      const FieldCheck inside = check.Inside("closed_loop");
      const auto& loop = entry.closed_loop();
      RETURN_IF_ERROR(inside.InRange("concurrency", loop.concurrency(), 1, kMaxConcurrency));
      RETURN_IF_ERROR(inside.InRange("think_s", loop.think_s(), 0, kMaxTime));
      traffic.source = ClosedLoopRequest{loop.concurrency(), Seconds(loop.think_s())};
      return absl::OkStatus();
    }
    case proto::Traffic::kFixedBatch: {
      const int batch = entry.fixed_batch().batch();
      RETURN_IF_ERROR(check.Inside("fixed_batch").InRange("batch", batch, 1, kMaxConcurrency));
      traffic.source = OneBatchRequest{batch};
      return absl::OkStatus();
    }
    default:
      return check.Wrong("", "states no traffic",
                         "give one of trace, arrivals, closed_loop and fixed_batch");
  }
}

absl::Status ReadEnd(const FieldCheck& check, const proto::Traffic& entry,
                     TrafficRequest& traffic) {
  if (entry.has_requests()) {
    RETURN_IF_ERROR(check.InRange("requests", entry.requests(), 1, kMaxRequests));
    if (entry.requests() != std::floor(entry.requests())) {
      return check.Wrong("requests", absl::StrCat("is ", entry.requests()), "give a whole number");
    }
    traffic.requests = entry.requests();
  }
  if (entry.has_duration_s()) {
    RETURN_IF_ERROR(check.InRange("duration_s", entry.duration_s(), 1e-3, kMaxTime));
    traffic.duration = Seconds(entry.duration_s());
  }
  const double latest = traffic.duration ? traffic.duration->value() : kMaxTime;
  RETURN_IF_ERROR(check.InRange("warm_up_s", entry.warm_up_s(), 0, latest));
  traffic.warm_up = Seconds(entry.warm_up_s());
  const bool endless = std::holds_alternative<ArrivalRequest>(traffic.source) ||
                       std::holds_alternative<ClosedLoopRequest>(traffic.source);
  if (!endless || traffic.requests || traffic.duration) return absl::OkStatus();
  return check.Wrong("requests", "is missing", "say when to end: give requests or duration_s");
}

absl::Status ReadTokens(const FieldCheck& check, const std::string& path,
                        const proto::Traffic& entry, const std::string& models_root,
                        TrafficRequest& traffic) {
  if (entry.has_input()) {
    ASSIGN_OR_RETURN(traffic.input,
                     ReadLengths(check.Inside("input"), path, entry.input(), models_root));
  }
  if (entry.has_output()) {
    ASSIGN_OR_RETURN(traffic.output,
                     ReadLengths(check.Inside("output"), path, entry.output(), models_root));
  }
  if (!std::holds_alternative<TraceRequest>(traffic.source)) {
    RETURN_IF_ERROR(check.Given("input", entry.has_input(),
                                "give the prompts' lengths, input { tokens: 512 }"));
    RETURN_IF_ERROR(check.Given("output", entry.has_output(),
                                "give the answers' lengths, output { tokens: 128 }"));
  }
  const double shortest = traffic.input ? traffic.input->tokens.front() : kMaxPrefix;
  RETURN_IF_ERROR(check.InRange("shared_prefix_tokens", entry.shared_prefix_tokens(), 0, shortest));
  traffic.shared_prefix = entry.shared_prefix_tokens();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrafficRequest> ReadTraffic(const FieldCheck& check, const std::string& path,
                                           const proto::Traffic& entry,
                                           const std::string& models_root) {
  TrafficRequest traffic;
  traffic.place = check.At("");
  RETURN_IF_ERROR(ReadSource(check, path, entry, traffic));
  RETURN_IF_ERROR(ReadTokens(check, path, entry, models_root, traffic));
  RETURN_IF_ERROR(ReadEnd(check, entry, traffic));
  if (entry.has_seed()) {
    RETURN_IF_ERROR(check.InRange("seed", entry.seed(), 0, 2147483647));
    traffic.seed = entry.seed();
  }
  return traffic;
}

}  // namespace fleetsim
