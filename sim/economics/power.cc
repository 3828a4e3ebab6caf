#include "sim/economics/power.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/economics/shares.h"

namespace fleetsim {
namespace {

constexpr const char* kRelatives =
    "medians of H200, B200 and GB200 boards measured over NVML (aiconfigurator)";

// The ratio of the entry, or the class's with a note.
double PowerRatio(const Accelerator& accelerator, const std::optional<double>& own,
                  const char* field, const char* activity, double fallback, Notes& notes) {
  if (own) {
    notes.Cite(absl::StrFormat("%s of %s draws idle power and %.2f of the rest up to TDP", activity,
                               accelerator.name, *own),
               accelerator.evidence, field);
    return *own;
  }
  // One statement for all accelerators: the ratios are the same.
  const bool measured = fallback != kAssumedNetworkPower;
  notes.Assume(
      absl::StrFormat("%s draws idle power and %.2f of the rest up to TDP where the catalog "
                      "does not say",
                      activity, fallback),
      measured ? "inferred" : "assumed",
      measured ? kRelatives : "below compute phases (Choukse et al. 2025)");
  return fallback;
}

Watts IdlePower(const Accelerator& accelerator, Notes& notes) {
  const std::string what = absl::StrCat("idle power of ", accelerator.name, ": ");
  if (accelerator.idle > Watts(0)) {
    notes.Cite(absl::StrFormat("%s%.0f W", what, accelerator.idle.value()), accelerator.evidence,
               "idle_w");
    return accelerator.idle;
  }
  notes.Assume(absl::StrFormat("%s%.2f of TDP", what, kAssumedIdleRatio), "assumed",
               "median of accelerators whose idle power is known");
  return kAssumedIdleRatio * accelerator.tdp;
}

}  // namespace

Watts AcceleratorPower::Mean(const std::array<Seconds, kActivities>& activities) const {
  Seconds time;
  Joules energy;
  for (int i = 0; i < kActivities; ++i) {
    time += activities[i];
    energy += activities[i] * activity[i];
  }
  return time > Seconds(0) ? energy / time : idle;
}

double AcceleratorPower::Load(const std::array<Seconds, kActivities>& activities) const {
  return full > idle ? (Mean(activities) - idle) / (full - idle) : 0.0;
}

std::optional<AcceleratorPower> PowerOf(const Accelerator& accelerator, Notes& notes) {
  if (!(accelerator.tdp > Watts(0))) {
    notes.Miss("energy", absl::StrCat("the power of accelerator ", accelerator.name,
                                      " is unknown: its catalog entry has no tdp_w"));
    return std::nullopt;
  }
  notes.Cite(absl::StrFormat("TDP of %s: %.0f W", accelerator.name, accelerator.tdp.value()),
             accelerator.evidence, "tdp_w");
  const Watts idle = IdlePower(accelerator, notes);
  const auto ratio = [&](const std::optional<double>& own, const char* field, const char* activity,
                         double fallback) {
    return PowerRatio(accelerator, own, field, activity, fallback, notes);
  };
  const auto above = [&](double share) { return idle + share * (accelerator.tdp - idle); };
  AcceleratorPower power{{}, idle, accelerator.tdp};
  const auto set = [&](Activity activity, Watts watts) {
    power.activity[static_cast<int>(activity)] = watts;
  };
  set(Activity::kMatrix, above(ratio(accelerator.matrix_power, "matrix_power_ratio",
                                     "a matrix product", kRelativeMatrixPower)));
  set(Activity::kAttention, above(ratio(accelerator.attention_power, "attention_power_ratio",
                                        "attention", kRelativeAttentionPower)));
  set(Activity::kMemory, above(ratio(accelerator.memory_power, "memory_power_ratio",
                                     "memory-bound work", kRelativeMemoryPower)));
  set(Activity::kNetwork, above(ratio(accelerator.network_power, "network_power_ratio",
                                      "communication", kAssumedNetworkPower)));
  set(Activity::kIdle, above(ratio(accelerator.waiting_power, "waiting_power_ratio",
                                   "waiting with a job on it", kRelativeWaitingPower)));
  return power;
}

std::optional<AcceleratorPower> PowerOf(const Leaf& leaf, Notes& notes) {
  std::optional<AcceleratorPower> power = PowerOf(*leaf.accelerator, notes);
  const FlopsPerSecond nominal = NominalSpeed(*leaf.accelerator);
  if (!power || !(leaf.speed > FlopsPerSecond(0)) || !(leaf.speed < nominal)) return power;
  power->full = PowerCap(*leaf.accelerator, leaf.speed / nominal);
  for (Watts& activity : power->activity) activity = Min(activity, power->full);
  notes.Assume(absl::StrFormat("%s at %.2f of its clock: capped at %.0f W", leaf.accelerator->name,
                               leaf.speed / nominal, power->full.value()),
               "estimated", "power above idle goes with the cube of the clock (docs/energy.md)");
  return power;
}

ServerPower ServerPowerOf(const Leaf& leaf, const Site& site, const AcceleratorPower& accelerator,
                          Notes& notes) {
  const Watts tdp = leaf.accelerator->tdp;
  const Watts accelerators = leaf.accelerators * tdp;
  const std::string name = leaf.server != nullptr ? leaf.server->name : leaf.id;
  ServerPower power;
  if (leaf.server != nullptr && leaf.server->overhead_max > Watts(0)) {
    power.full = leaf.server->overhead_max;
    notes.Cite(
        absl::StrFormat("server %s without accelerators, loaded: %.0f W", name, power.full.value()),
        leaf.server->evidence, "overhead_max_w");
  } else {
    power.full = kAssumedServerLoadRatio * accelerators;
    notes.Assume(absl::StrFormat("server %s without accelerators, loaded: %.2f of their TDP", name,
                                 kAssumedServerLoadRatio),
                 "assumed", "A100 and H100 servers (FlagPerf; arXiv 2506.14551)");
  }
  if (leaf.server != nullptr && leaf.server->overhead_idle > Watts(0)) {
    power.idle = leaf.server->overhead_idle;
    notes.Cite(
        absl::StrFormat("server %s without accelerators, idle: %.0f W", name, power.idle.value()),
        leaf.server->evidence, "overhead_idle_w");
  } else {
    power.idle = Min(kAssumedServerIdleRatio * accelerators, power.full);
    notes.Assume(absl::StrFormat("server %s without accelerators, idle: %.2f of their TDP", name,
                                 kAssumedServerIdleRatio),
                 "assumed", "A100 servers in service (AcmeTrace 2023)");
  }
  if (site.Immersed() && leaf.server != nullptr && leaf.server->fans > Watts(0)) {
    const double kept = 1.0 - leaf.server->fans / leaf.server->overhead_max;
    power = {kept * power.idle, kept * power.full};
    notes.Cite(absl::StrFormat("server %s without its fans, immersed: %.2f of it", name, kept),
               leaf.server->evidence, "fan_w");
  }
  // Fans and converters follow the boards' watts: under a cap they never see full load.
  if (tdp > accelerator.idle) {
    power.full = power.At((accelerator.full - accelerator.idle) / (tdp - accelerator.idle));
  }
  return power;
}

Watts NetworkPowerOf(const Leaf& leaf, Notes& notes) {
  const double ports = NetworkPorts(leaf);
  if (ports == 0) return Watts(0);
  const Fabric& fabric = *leaf.scale_out;
  if (!(fabric.port_power > Watts(0))) {
    notes.Assume(absl::StrCat("power of the switches of ", fabric.name, " is not counted"),
                 "assumed", "its catalog entry has no port_power_w");
    return Watts(0);
  }
  notes.Cite(
      absl::StrFormat("power of a port of %s: %.1f W", fabric.name, fabric.port_power.value()),
      fabric.evidence, "port_power_w");
  return ports * fabric.port_power;
}

}  // namespace fleetsim
