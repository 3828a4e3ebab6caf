// Energy and carbon of a job's shares of the fleet.
#ifndef SIM_ECONOMICS_ENERGY_H_
#define SIM_ECONOMICS_ENERGY_H_

#include <array>
#include <optional>
#include <string>

#include "sim/base/units.h"
#include "sim/economics/economics.h"
#include "sim/economics/notes.h"
#include "sim/economics/shares.h"

namespace fleetsim {

// What one share draws while the job runs.
struct SharePower {
  EnergyParts used;                     // by the job
  Watts full_per_accelerator;           // IT at full load, its share of server and network included
  Joules unused;                        // by the rest of the leaf, facility included
  Watts full_accelerator, full_server;  // of one board, of one server around its boards
};

// `activities` is how one accelerator of the job spends its time, for any span; `duration` is the
// span that energy is wanted for. Empty where the accelerator's power is unknown.
std::optional<SharePower> ShareEnergy(const Share& share,
                                      const std::array<Seconds, kActivities>& activities,
                                      Seconds duration, const EconomicsOptions& options,
                                      Notes& notes);

// Of the share's site; empty, with a note what is missing, where unknown.
std::optional<UsdPerJoule> ElectricityPrice(const Site& site, const EconomicsOptions& options,
                                            Notes& notes);
std::optional<double> CarbonGramsPerJoule(const Site& site, const EconomicsOptions& options,
                                          Notes& notes);

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_ENERGY_H_
