#include "sim/serving/instance_spec.h"

#include <algorithm>
#include <string>

#include "sim/base/check.h"
#include "sim/engine/group_placement.h"
#include "sim/hardware/host_processor.h"

namespace fleetsim {

GroupPlacement InstanceHardware::Group(int ranks) const {
  FLEETSIM_CHECK(ranks >= 1);
  const int domain = links.domain_accelerators;
  GroupPlacement group;
  const int hosts = (ranks + domain - 1) / domain;
  for (int host = 0; host < hosts; ++host) group.hosts.push_back(host);
  group.ranks_per_host = std::min(ranks, domain);
  group.nic_share = nic_bandwidth * (static_cast<double>(group.ranks_per_host) / domain);
  group.local = links;
  group.scale_out = scale_out;
  group.hop_latency = hop_latency;
  group.one_leaf = true;
  return group;
}

absl::StatusOr<InstanceHardware> InstanceHardwareOf(const Leaf& leaf, const Catalog& catalog) {
  const Accelerator& accelerator = *leaf.accelerator;
  const FlopsPerSecond nominal = NominalSpeed(accelerator);
  if (!(nominal > FlopsPerSecond(0))) {
    return Infeasible(
        absl::StrCat("accelerator ", accelerator.name, " has no known peak in 16 bits"));
  }
  ASSIGN_OR_RETURN(const KernelClass* kernels, FindKernelClass(catalog, accelerator.kernel_class));
  InstanceHardware hardware;
  hardware.device = {&accelerator, kernels, leaf.speed / nominal};
  hardware.links = LinksOf(leaf);
  hardware.nic_bandwidth = leaf.nic_bandwidth;
  hardware.scale_out = leaf.scale_out;
  // Up to the leaf's switch and down again.
  hardware.hop_latency = 2 * leaf.nic_latency;
  if (leaf.server != nullptr) hardware.host_speed = HostThreadSpeed(leaf.server->cpu);
  return hardware;
}

ResolvedOptions ResolveOptions(const EngineRequest& options, const ServingEngine& engine) {
  const EngineDefaults& defaults = engine.defaults;
  ResolvedOptions resolved;
  resolved.token_budget = options.token_budget.value_or(defaults.token_budget);
  resolved.max_sequences = options.max_sequences.value_or(defaults.max_sequences);
  resolved.block_tokens = options.block_tokens.value_or(defaults.block_tokens);
  resolved.chunked_prefill = options.chunked_prefill.value_or(defaults.chunked_prefill);
  resolved.poll_steps = options.poll_steps.value_or(1);
  resolved.reserve_output = options.reserve_output.value_or(defaults.reserves_output);
  resolved.prefix_cache = options.prefix_cache.value_or(defaults.prefix_cache);
  resolved.memory_ratio = options.memory_ratio.value_or(engine.memory.ratio);
  resolved.cache_blocks = options.cache_blocks;
  resolved.preemption = options.preemption.value_or(Preemption::kRecompute);
  resolved.order = options.order.value_or(QueueOrder::kFirstCome);
  const int batch = defaults.static_batching ? resolved.max_sequences : 0;
  resolved.static_batch = options.static_batch.value_or(batch);
  return resolved;
}

absl::Status CheckInstance(const InstanceSpec& spec, const InstanceHardware& hardware) {
  const int domain = hardware.links.domain_accelerators;
  const int all = spec.layout.Accelerators();
  if (spec.model->heads % spec.layout.tensor != 0) {
    return Infeasible(absl::StrCat(spec.layout.tensor, " tensor ranks do not divide the ",
                                   spec.model->heads, " heads of ", spec.model->name));
  }
  const auto& recurrence = spec.model->recurrence;
  if (recurrence && recurrence->heads % spec.layout.tensor != 0) {
    return Infeasible(absl::StrCat(spec.layout.tensor, " tensor ranks do not divide the ",
                                   recurrence->heads, " heads of the recurrence of ",
                                   spec.model->name));
  }
  if (spec.model->compressed) {
    return absl::UnimplementedError(absl::StrCat(
        spec.model->name, ": serving of compressed keys (DeepSeek-V4) is not modelled"));
  }
  const auto even = [domain](int ranks) {
    return ranks <= domain ? domain % ranks == 0 : ranks % domain == 0;
  };
  if (all > domain && hardware.scale_out == nullptr) {
    return Infeasible(absl::StrCat("an instance of ", all, " accelerators spans hosts of ", domain,
                                   " that no network joins; give at most ", domain));
  }
  for (const int ranks : {spec.layout.tensor, spec.layout.StageAccelerators()}) {
    if (all <= domain || even(ranks)) continue;
    return Infeasible(absl::StrCat("groups of ", ranks, " ranks do not fill hosts of ", domain,
                                   " accelerators evenly; give a divisor or a multiple"));
  }
  return absl::OkStatus();
}

}  // namespace fleetsim
