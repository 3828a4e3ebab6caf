// How far simulated and measured are apart, case by case and in sum.
#ifndef SIM_VALIDATION_ACCURACY_H_
#define SIM_VALIDATION_ACCURACY_H_

#include <string>
#include <vector>

#include "sim/inputs/cases_reader.h"
#include "sim/validation/metric.h"

namespace fleetsim {

struct Comparison {
  MetricClass kind = MetricClass::kSpeed;
  std::string metric, unit;
  double measured = 0, simulated = 0;

  double Error() const { return simulated / measured - 1.0; }  // signed, relative to measured
  // The same sign for every metric: positive where the simulation is slower (or needs more).
  double Slower() const;
};

struct CaseResult {
  const MeasuredCase* measured = nullptr;
  std::vector<Comparison> comparisons;  // one of the step's speed at most, then all others
  std::string reason;                   // why it was not simulated; empty: it was
  std::vector<std::string> rules;       // how gaps were filled
};

// Of absolute errors.
struct ErrorSummary {
  int count = 0;
  double mean = 0, median = 0, percentile90 = 0, worst = 0;
  double bias = 0;  // median of signed errors, positive: simulated too slow
};
ErrorSummary Summarise(const std::vector<const Comparison*>& comparisons);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_ACCURACY_H_
