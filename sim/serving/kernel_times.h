// What the kernels of a step take, by what it is spent on, and tables of it over tokens.
#ifndef SIM_SERVING_KERNEL_TIMES_H_
#define SIM_SERVING_KERNEL_TIMES_H_

#include <functional>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/serving_kernel.h"

namespace fleetsim {

struct KernelTimes {
  Seconds matrix, attention, memory, communication;
  Seconds arithmetic, reading;  // of matrix and attention, as StepCost has them
  // Of matrix and attention, kernels that arithmetic bounds: those that a lower clock stretches.
  Seconds bound_matrix, bound_attention;

  Seconds Total() const { return matrix + attention + memory + communication; }
  void AddMatrix(const KernelCost& cost) {
    matrix += cost.time;
    arithmetic += cost.arithmetic;
    reading += cost.reading;
    if (cost.arithmetic > cost.reading) bound_matrix += cost.time;
  }
  void AddAttention(const KernelCost& cost) {
    attention += cost.time;
    arithmetic += cost.arithmetic;
    reading += cost.reading;
  }
  // On matrix units, as opposed to passes over a cache.
  void AddDenseAttention(const KernelCost& cost) {
    AddAttention(cost);
    if (cost.arithmetic > cost.reading) bound_attention += cost.time;
  }
  // At the clock at which the board draws no more than its limit. `settled_ratio`: that clock under
  // matrix products alone, over the highest.
  void Settle(double settled_ratio);
  KernelTimes& operator+=(const KernelTimes& other);
  friend KernelTimes operator*(double factor, const KernelTimes& times);
};

// A function of a number of tokens, known at every whole number up to 256 and at 16 evenly spaced
// places of each octave above, straight lines between. Zero at zero.
class TokenTable {
 public:
  TokenTable() = default;
  // `function` is called for all places up to the first at or above `most`.
  TokenTable(double most, const std::function<KernelTimes(double)>& function);

  // Beyond the last place the last two are continued.
  KernelTimes At(double tokens) const;
  bool Empty() const { return values_.empty(); }

 private:
  std::vector<KernelTimes> values_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_KERNEL_TIMES_H_
