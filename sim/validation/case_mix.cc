#include "sim/validation/case_mix.h"

#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace fleetsim {

bool NamesMixedAccelerators(const MeasuredCase& measured) {
  return absl::StartsWith(measured.accelerator, "mix ");
}

std::vector<std::string> StageAccelerators(const MeasuredCase& measured) {
  std::smatch match;
  std::vector<std::string> hosts;
  if (!std::regex_search(measured.notes, match, std::regex("stages: ([^;]+)"))) return hosts;
  const std::string stages = match[1].str();
  for (absl::string_view host : absl::StrSplit(stages, absl::ByAnyChar("|/"))) {
    hosts.emplace_back(absl::StripAsciiWhitespace(host));
  }
  return hosts;
}

std::optional<double> PortOfKind(const MeasuredCase& measured, const std::string& accelerator) {
  constexpr double kBytesPerGigabit = 1e9 / 8.0;
  const std::string spaced = absl::StrReplaceAll(accelerator, {{"-", " "}});
  const std::regex rate("([0-9.]*[0-9]) Gb/s [(]([^)]*)[)]");
  const std::string& text = measured.fabric;
  for (std::sregex_iterator match(text.begin(), text.end(), rate), end; match != end; ++match) {
    if (absl::StrContains((*match)[2].str(), spaced)) {
      return std::stod((*match)[1]) * kBytesPerGigabit;
    }
  }
  return std::nullopt;
}

}  // namespace fleetsim
