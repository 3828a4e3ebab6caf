// What simulating a training step yields.
#ifndef SIM_TRAINING_RESULT_H_
#define SIM_TRAINING_RESULT_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/parallel/memory_use.h"
#include "sim/parallel/strategy.h"
#include "sim/program/program.h"

namespace fleetsim {

// Something that was taken for granted and changes the result.
struct Assumption {
  std::string what;      // "kernel class nvidia-h100 for nvidia-h800"
  std::string evidence;  // measured, vendor, reported, estimated, inferred, assumed
  std::string source;
};

// A host that is slower than others of its kind, and that the step waits for.
struct SlowHost {
  std::string host;
  double speed = 1;  // over nominal, in the mean over its computations
  Seconds cost;      // of a step
};

struct StepResult {
  Seconds duration;
  std::array<Seconds, kParts> parts{};  // mean over workers; sums to duration
  // Of one accelerator, mean over all that take part; sums to duration.
  std::array<Seconds, kActivities> activities{};
  double tokens = 0;                  // of one step
  Flops model_flops, hardware_flops;  // of one step, all accelerators; causal attention halved
  // The same, attention counted as a full square.
  Flops model_flops_full_attention, hardware_flops_full_attention;
  FlopsPerSecond peak;   // of one accelerator as installed, in the job's precision
  int accelerators = 0;  // that take part
  Strategy strategy;
  MemoryUse memory;
  Bytes memory_capacity;     // of one accelerator
  double network_bytes = 0;  // of one step, over links between hosts
  std::vector<Assumption> assumptions;
  std::string detail;  // "folded" or "full"
  std::int64_t simulated_activities = 0;
  double real_tokens = 0;            // of one step, without padding
  std::vector<SlowHost> slow_hosts;  // largest cost first
  Seconds nominal_duration;          // with none of them; equal to duration where there are none

  double ModelFlopsUtilization() const {
    return (model_flops / duration) / (peak * static_cast<double>(accelerators));
  }
  double HardwareFlopsUtilization() const {
    return (hardware_flops / duration) / (peak * static_cast<double>(accelerators));
  }
};

}  // namespace fleetsim

#endif  // SIM_TRAINING_RESULT_H_
