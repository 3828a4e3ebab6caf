// Power of an accelerator by what it does, and of the server around it.
#ifndef SIM_ECONOMICS_POWER_H_
#define SIM_ECONOMICS_POWER_H_

#include <array>
#include <optional>

#include "sim/base/units.h"
#include "sim/economics/notes.h"
#include "sim/hardware/fleet.h"
#include "sim/program/program.h"

namespace fleetsim {

// Share of (TDP - idle) that an activity draws above idle where the accelerator's entry does not
// say. Medians over H200, B200 and GB200 boards of published measurements (board power over NVML
// while one kernel loops; aiconfigurator, Apache-2.0): large BF16 products 0.99, 0.99, 0.97 and
// attention over prompts 0.77, 0.95, 0.89; attention while decoding at 0.7 of the memory bandwidth
// and more 0.71, 0.63, 0.51; the emptiest loops 0.09, 0.12, 0.05 (scripts/fit/power.csv).
inline constexpr double kRelativeMatrixPower = 0.99;
inline constexpr double kRelativeAttentionPower = 0.89;
inline constexpr double kRelativeMemoryPower = 0.63;
inline constexpr double kRelativeWaitingPower = 0.09;
// Nobody published it apart; communication phases draw "much less" than compute phases (Choukse et
// al. 2025, arXiv 2508.14318).
inline constexpr double kAssumedNetworkPower = 0.30;

// What a server draws beside its accelerators, over their TDP, where its entry does not say. Idle:
// eight A100 servers in service, 1,512 W at the 5 % quantile, less 8 x 62 W (AcmeTrace 2023): 0.32.
// Loaded: 4.5 kW under matrix products less 8 x 400 W (FlagPerf): 0.41; H100 servers draw 76 % of
// 10.2 kW in training (arXiv 2506.14551), 8 x 650 W less: 0.46.
inline constexpr double kAssumedServerIdleRatio = 0.32;
inline constexpr double kAssumedServerLoadRatio = 0.45;

struct AcceleratorPower {
  std::array<Watts, kActivities> activity{};
  Watts idle, full;

  // Mean power over a time that was spent as `activities` say; they need not be normalised.
  Watts Mean(const std::array<Seconds, kActivities>& activities) const;
  // The same as a share of the way from idle to full.
  double Load(const std::array<Seconds, kActivities>& activities) const;
};

// Empty where the TDP is unknown. A leaf whose `speed` is below the accelerator's peak is capped:
// no activity draws more than the cap.
std::optional<AcceleratorPower> PowerOf(const Accelerator& accelerator, Notes& notes);
std::optional<AcceleratorPower> PowerOf(const Leaf& leaf, Notes& notes);

// One domain without its accelerators.
struct ServerPower {
  Watts idle, full;

  // Linear in load (Fan, Weber and Barroso 2007, eq. 1).
  Watts At(double load) const { return idle + (full - idle) * load; }
};
ServerPower ServerPowerOf(const Leaf& leaf, const Site& site, const AcceleratorPower& accelerator,
                          Notes& notes);

// Switch ports, transceivers and cables of one domain; they draw the same at any load.
Watts NetworkPowerOf(const Leaf& leaf, Notes& notes);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_POWER_H_
