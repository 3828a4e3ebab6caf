#include "sim/training/sensitivity.h"

#include <deque>
#include <functional>

namespace fleetsim {
namespace {

constexpr double kLess = 0.99;

struct Resource {
  const char* name;
  std::function<void(Accelerator&, Leaf&)> lessen;
};

std::vector<Resource> Resources() {
  return {{"peak",
           [](Accelerator& accelerator, Leaf& leaf) {
             for (FlopsPerSecond& peak : accelerator.peak) peak *= kLess;
             leaf.speed *= kLess;
           }},
          {"memory bandwidth",
           [](Accelerator& accelerator, Leaf&) { accelerator.memory_bandwidth *= kLess; }},
          {"scale-up", [](Accelerator&, Leaf& leaf) { leaf.scale_up_bandwidth *= kLess; }},
          {"NICs", [](Accelerator&, Leaf& leaf) { leaf.nic_bandwidth *= kLess; }}};
}

}  // namespace

absl::StatusOr<std::vector<ResourceWorth>> MeasureSensitivities(const TrainingSpec& spec,
                                                                const StepResult& base,
                                                                Fleet& fleet,
                                                                const Catalog& catalog,
                                                                Simulation& simulation) {
  const std::vector<Leaf> leaves = fleet.leaves;
  // Slow hosts would hide what the others' resources are worth, and need a full simulation each.
  const bool nominal = !base.slow_hosts.empty();
  std::vector<ResourceWorth> worths;
  for (const Resource& resource : Resources()) {
    std::deque<Accelerator> accelerators;  // stable addresses
    const Accelerator* last = nullptr;     // equal leaves share one changed accelerator
    for (Leaf& leaf : fleet.leaves) {
      if (leaf.accelerator != last) accelerators.push_back(*leaf.accelerator);
      const bool changed = leaf.accelerator == last;
      last = leaf.accelerator;
      Accelerator unused = accelerators.back();
      resource.lessen(changed ? unused : accelerators.back(), leaf);
      leaf.accelerator = &accelerators.back();
    }
    const absl::StatusOr<StepResult> step = SimulateStep(
        spec, fleet, catalog, {.must_fit = false, .nominal_speeds = nominal}, simulation);
    fleet.leaves = leaves;
    if (!step.ok()) return step.status();
    worths.push_back({resource.name, step->duration / base.nominal_duration - 1.0});
  }
  return worths;
}

}  // namespace fleetsim
