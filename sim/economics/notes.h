// What economics took for granted and what it could not say, collected while it computes.
#ifndef SIM_ECONOMICS_NOTES_H_
#define SIM_ECONOMICS_NOTES_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "sim/economics/economics.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

// Keeps each statement once, in the order of first mention.
class Notes {
 public:
  void Assume(absl::string_view what, absl::string_view evidence, absl::string_view source);
  // A catalog number: its evidence is the entry's record for `field`.
  void Cite(absl::string_view what, const std::vector<Evidence>& evidence, absl::string_view field);
  // A number of the command line or the platform file.
  void State(absl::string_view what, absl::string_view where);
  void Miss(absl::string_view what, absl::string_view why);

  std::vector<Assumption> TakeAssumptions() { return std::move(assumptions_); }
  std::vector<MissingFigure> TakeMissing() { return std::move(missing_); }

 private:
  std::vector<Assumption> assumptions_;
  std::vector<MissingFigure> missing_;
};

}  // namespace fleetsim

#endif  // SIM_ECONOMICS_NOTES_H_
