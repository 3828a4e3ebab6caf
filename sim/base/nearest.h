// Names near a mistyped one, for "did you mean" in error messages.
#ifndef SIM_BASE_NEAREST_H_
#define SIM_BASE_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace fleetsim {

// Edits (insert, delete, replace, swap of neighbours) between two names, ignoring case. Optimal
// string alignment distance.
int EditDistance(absl::string_view a, absl::string_view b);

// At most `limit` candidates that `wanted` may have meant, nearest first, equally near ones in
// alphabetical order. Empty where none is near.
std::vector<std::string> NearestNames(absl::string_view wanted,
                                      const std::vector<std::string>& candidates, int limit = 3);

// What to say of an unknown name: `did you mean "x" or "y"?`, or `known: a, b, ...` where nothing
// is near.
std::string DidYouMean(absl::string_view wanted, const std::vector<std::string>& candidates);

}  // namespace fleetsim

#endif  // SIM_BASE_NEAREST_H_
