// One training step, simulated.
#ifndef SIM_TRAINING_STEP_H_
#define SIM_TRAINING_STEP_H_

#include "sim/base/status.h"
#include "sim/engine/simulation.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/training/result.h"
#include "sim/training/spec.h"

namespace fleetsim {

// How much of a job is on the simulated network: every worker, or one replica with communication
// times measured beforehand with all replicas on the network at once. Folded needs workers that
// are alike; where they are not, the step is simulated in full.
enum class Detail { kFolded, kFull };

struct StepOptions {
  Detail detail = Detail::kFolded;
  bool must_fit = true;  // false: simulate what does not fit in memory all the same
  // Every host as fast as the fastest ones of its kind; speed profiles are left out.
  bool nominal_speeds = false;
};

// What a worker on a host of this leaf computes with; Infeasible where the accelerator has no
// matrix units for `format`. `library_year`: of the software; 0: the newest.
absl::StatusOr<WorkerHardware> HardwareOf(const Leaf& leaf, const Catalog& catalog,
                                          NumberFormat format, int library_year = 0);

// Fails (Infeasible) where the job cannot be placed or does not fit in memory, with the breakdown
// and the nearest change that fits.
absl::StatusOr<StepResult> SimulateStep(const TrainingSpec& spec, const Fleet& fleet,
                                        const Catalog& catalog, const StepOptions& options,
                                        Simulation& simulation);

}  // namespace fleetsim

#endif  // SIM_TRAINING_STEP_H_
