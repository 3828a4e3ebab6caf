// One engine step of a serving instance: what it has to do, and what that costs. The event loop
// above knows requests and caches; whoever implements StepModel knows model, precision and
// hardware.
#ifndef SIM_SERVING_STEP_H_
#define SIM_SERVING_STEP_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"

namespace fleetsim {

// New prompt tokens of one sequence; `past` of its tokens are in the cache already.
struct PrefillChunk {
  int tokens = 0;
  int past = 0;
};

// What one attention rank has to do in a step.
struct StepLoad {
  std::vector<PrefillChunk> prefill;
  int decodes = 0;                  // sequences that get their next token
  std::int64_t decode_context = 0;  // tokens in their caches, summed
  int begun = 0, ended = 0;         // requests that enter and leave with this step: host work

  bool Empty() const { return prefill.empty() && decodes == 0; }
};

// What a step's time goes to.
enum class StepPart { kMatrix, kAttention, kMemory, kCommunication, kHost };
inline constexpr int kStepParts = 5;

constexpr const char* StepPartName(StepPart part) {
  constexpr std::array<const char*, kStepParts> kNames = {
      "matrix products", "attention", "memory-bound kernels", "communication", "host"};
  return kNames[static_cast<int>(part)];
}

struct StepCost {
  Seconds duration;
  std::array<Seconds, kStepParts> parts{};  // sum to `duration`
  // Of the matrix products and attention: time that arithmetic alone, and reading weights and
  // caches alone, would have taken. They say what limits a step.
  Seconds arithmetic, reading;
  Joules energy;  // of all accelerators of the instance
};

// Cost of steps of one instance. Pure: the same loads cost the same.
class StepModel {
 public:
  virtual ~StepModel() = default;
  // One load for each attention data-parallel rank of the instance; they run in lockstep.
  virtual StepCost Cost(const std::vector<StepLoad>& ranks) const = 0;
  // Mean tokens that a sequence gets in a decode step (multi-token prediction); 1 without.
  virtual double TokensPerDecode() const { return 1.0; }
};

}  // namespace fleetsim

#endif  // SIM_SERVING_STEP_H_
