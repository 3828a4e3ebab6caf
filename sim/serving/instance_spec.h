// Everything the cost of a serving instance's steps is a function of.
#ifndef SIM_SERVING_INSTANCE_SPEC_H_
#define SIM_SERVING_INSTANCE_SPEC_H_

#include <array>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/collective/collective.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/hardware/kernel.h"
#include "sim/hardware/serving_engine.h"
#include "sim/model/serving_job.h"
#include "sim/program/program.h"

namespace fleetsim {

// What the accelerators of an instance run on. An instance fills whole hosts, neighbours under one
// leaf, before it starts the next.
struct InstanceHardware {
  Device device;
  DomainLinks links;             // of one host
  BytesPerSecond nic_bandwidth;  // all NICs of one host, one direction
  const Fabric* scale_out = nullptr;
  Seconds hop_latency;
  double host_speed = 1;  // of one thread, over that of the hosts of engines' times
  // Of one accelerator by what it does (economics: PowerOf); zeros: energy is not counted.
  std::array<Watts, kActivities> power{};

  // `ranks` neighbouring accelerators, the group's share of the NICs with them.
  GroupPlacement Group(int ranks) const;
};

// Errors: an accelerator without kernels or without a peak in 16 bits.
absl::StatusOr<InstanceHardware> InstanceHardwareOf(const Leaf& leaf, const Catalog& catalog);

// EngineRequest with the engine's defaults where nothing is said.
struct ResolvedOptions {
  int token_budget = 8192, max_sequences = 256, block_tokens = 16;
  bool chunked_prefill = false, prefix_cache = false;
  bool reserve_output = false;
  int poll_steps = 1;
  double memory_ratio = 0.9;
  std::optional<int> cache_blocks;
  Preemption preemption = Preemption::kRecompute;
  QueueOrder order = QueueOrder::kFirstCome;
  int static_batch = 0;  // 0: continuous batching
};
ResolvedOptions ResolveOptions(const EngineRequest& options, const ServingEngine& engine);

struct InstanceSpec {
  const Architecture* model = nullptr;
  const ServingEngine* engine = nullptr;
  ServingPrecision precision;
  ServingLayout layout;
  ResolvedOptions options;
  std::optional<Speculation> speculation;

  DataType WideType() const {
    return precision.products.activations.dtype == DataType::kFp16 ? DataType::kFp16
                                                                   : DataType::kBf16;
  }
  int DraftTokens() const { return speculation ? speculation->draft_tokens : 0; }
};

// Infeasible: tensor ranks that do not divide the heads, an instance of several hosts without a
// network between them, groups of ranks that do not fill their hosts evenly. Unimplemented: keys
// that stand for several tokens.
absl::Status CheckInstance(const InstanceSpec& spec, const InstanceHardware& hardware);

}  // namespace fleetsim

#endif  // SIM_SERVING_INSTANCE_SPEC_H_
