// A job that answers requests, checked and with its model looked up; meaning of the fields as in
// proto/serving.proto. What is absent follows from engine and platform, which are not known here.
#ifndef SIM_MODEL_SERVING_JOB_H_
#define SIM_MODEL_SERVING_JOB_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/hardware/serving_kernel.h"
#include "sim/model/architecture.h"
#include "sim/model/lengths.h"

namespace fleetsim {

struct ServingPrecision {
  ProductFormat products;
  ProductFormat experts;  // of the routed ones
  DataType cache = DataType::kBf16;
};

// Bytes of one stored weight with its share of the scales; INT4 in groups of 128 has a 16-bit scale
// and a 4-bit zero point each (Frantar et al. 2022, Lin et al. 2023).
constexpr double StoredWeightBytes(NumberFormat format) {
  return StoredBytes(format) + (format.dtype == DataType::kInt4 ? 2.5 / 128 : 0.0);
}

// What becomes of a sequence that has to give up its blocks.
enum class Preemption {
  kRecompute,  // dropped; prompt and output so far are computed again
  kSwap,       // copied to host memory and back
};

// Who of the waiting goes first.
enum class QueueOrder { kFirstCome, kPriority, kShortestFirst };

struct EngineRequest {
  std::optional<int> token_budget, max_sequences, block_tokens, cache_blocks, poll_steps;
  std::optional<bool> chunked_prefill, reserve_output, prefix_cache;
  std::optional<double> memory_ratio;
  std::optional<Preemption> preemption;
  std::optional<QueueOrder> order;
  std::optional<int> static_batch;  // 0: continuous batching
};

enum class PoolRole {
  kBoth,     // prompts and outputs
  kPrefill,  // prompts and first tokens; the KV cache then goes to a kDecode pool
  kDecode,
};

// Degrees that divide an instance's work; see proto/serving.proto.
struct ServingLayout {
  int tensor = 1, pipeline = 1, attention_data = 1, expert = 1;
  int redundant_experts = 0;
  std::optional<double> expert_load, popularity_exponent;

  int StageAccelerators() const { return tensor * attention_data; }
  int Accelerators() const { return StageAccelerators() * pipeline; }
  int ExpertTensor() const { return StageAccelerators() / expert; }
};

struct AutoscaleRequest {
  int min_instances = 1, max_instances = 1;
  double add_load = 0.9, drain_load = 0.4;
  Seconds interval = Seconds(10), start = Seconds(120);
};

struct PoolRequest {
  PoolRole role = PoolRole::kBoth;
  std::string cluster, accelerator;  // empty: any
  std::optional<int> instances;      // absent: as many as the accelerators allow
  ServingLayout layout;
  std::optional<AutoscaleRequest> autoscale;
  EngineRequest options;  // the job's, with this pool's over them
  Location place;
};

// Where a request goes.
enum class RoutePolicy {
  kRoundRobin,
  kFewestRequests,  // fewest unfinished requests
  kFewestTokens,    // fewest prompt tokens of unfinished requests
  kPrefixAware,     // least work with what each instance has in its cache
};

struct RouterRequest {
  RoutePolicy policy = RoutePolicy::kFewestRequests;
  Seconds latency;
};

struct InstanceFailure {
  Seconds time;
  int instance = 0;
};

struct InstanceFailures {
  std::optional<Seconds> mean_time_between;  // of one instance; absent: `listed`
  std::vector<InstanceFailure> listed;       // by rising time
  Seconds repair = Seconds(600);
};

// Draft tokens of the model's own further-token module.
struct Speculation {
  int draft_tokens = 1;
  double accepted_tokens = 1;  // mean tokens a step yields
};

enum class ArrivalPattern { kPoisson, kGamma, kConstant, kBursty };

struct ArrivalRequest {
  ArrivalPattern process = ArrivalPattern::kPoisson;
  double rate_per_s = 0;
  double burstiness = 1;
  Seconds burst = Seconds(10);
};
struct ClosedLoopRequest {
  int concurrency = 1;
  Seconds think;
};
struct OneBatchRequest {
  int batch = 1;
};
struct TraceRequest {
  std::string path;
  double rate_scale = 1;
};

struct TrafficRequest {
  std::variant<TraceRequest, ArrivalRequest, ClosedLoopRequest, OneBatchRequest> source;
  std::optional<LengthDistribution> input, output;  // absent: the trace's
  int shared_prefix = 0;                            // tokens
  std::optional<double> requests;
  std::optional<Seconds> duration;
  Seconds warm_up;
  int seed = 1;
  Location place;
};

struct Objectives {
  std::optional<Seconds> ttft, tpot;
  double percentile = 0.99;
};

struct ServingJob {
  Architecture model;
  ServingPrecision precision;
  std::string engine;  // as written; the catalog knows which there are
  std::vector<PoolRequest> pools;
  RouterRequest router;
  std::optional<InstanceFailures> failures;
  std::optional<Speculation> speculation;
  TrafficRequest traffic;
  Objectives objectives;
  Location engine_place, precision_place;
};

}  // namespace fleetsim

#endif  // SIM_MODEL_SERVING_JOB_H_
