#include "sim/base/nearest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fleetsim {
namespace {

// Shorter fragments are part of too many names to suggest anything.
constexpr std::size_t kShortestFragment = 3;
constexpr std::size_t kMostListed = 20;

// Lower is nearer; negative: not near. A name that contains the wanted one (or the reverse) counts
// as one edit: people leave out vendor and memory size.
int Score(absl::string_view wanted, absl::string_view candidate) {
  const int distance = EditDistance(wanted, candidate);
  const int tolerated = std::max<int>(2, static_cast<int>(wanted.size()) / 3);
  const std::string a = absl::AsciiStrToLower(wanted), b = absl::AsciiStrToLower(candidate);
  const bool contained = (a.size() >= kShortestFragment && absl::StrContains(b, a)) ||
                         (b.size() >= kShortestFragment && absl::StrContains(a, b));
  if (contained) return std::min(distance, 1);
  return distance <= tolerated && distance < static_cast<int>(wanted.size()) ? distance : -1;
}

}  // namespace

int EditDistance(absl::string_view a, absl::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<int> before(width), previous(width), current(width);
  for (std::size_t j = 0; j < width; ++j) previous[j] = static_cast<int>(j);
  const auto same = [&](std::size_t i, std::size_t j) {
    return absl::ascii_tolower(static_cast<unsigned char>(a[i])) ==
           absl::ascii_tolower(static_cast<unsigned char>(b[j]));
  };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = static_cast<int>(i);
    for (std::size_t j = 1; j < width; ++j) {
      current[j] = std::min(
          {previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (same(i - 1, j - 1) ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1);
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

std::vector<std::string> NearestNames(absl::string_view wanted,
                                      const std::vector<std::string>& candidates, int limit) {
  std::vector<std::pair<int, std::string>> scored;
  for (const std::string& candidate : candidates) {
    const int score = Score(wanted, candidate);
    if (score >= 0) scored.emplace_back(score, candidate);
  }
  std::sort(scored.begin(), scored.end());
  scored.erase(std::unique(scored.begin(), scored.end()), scored.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < scored.size() && static_cast<int>(i) < limit; ++i) {
    names.push_back(scored[i].second);
  }
  return names;
}

std::string DidYouMean(absl::string_view wanted, const std::vector<std::string>& candidates) {
  const auto quote = [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "\"", name, "\"");
  };
  const std::vector<std::string> near = NearestNames(wanted, candidates);
  if (!near.empty()) return absl::StrCat("did you mean ", absl::StrJoin(near, " or ", quote), "?");
  if (candidates.empty()) return "none is known";
  std::vector<std::string> listed = candidates;
  std::sort(listed.begin(), listed.end());
  const bool more = listed.size() > kMostListed;
  if (more) listed.resize(kMostListed);
  return absl::StrCat("known: ", absl::StrJoin(listed, ", "), more ? ", ..." : "");
}

}  // namespace fleetsim
