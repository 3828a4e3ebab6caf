#include "sim/platform/quantity.h"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/charconv.h"
#include "absl/strings/str_format.h"

namespace fleetsim {

namespace {

struct Unit {
  absl::string_view name;
  double factor;
};

// Decimal and binary prefixes as SimGrid knows them.
constexpr std::array<Unit, 17> kPrefixes = {{{"", 1.0},
                                             {"k", 1e3},
                                             {"M", 1e6},
                                             {"G", 1e9},
                                             {"T", 1e12},
                                             {"P", 1e15},
                                             {"E", 1e18},
                                             {"Z", 1e21},
                                             {"Y", 1e24},
                                             {"Ki", 0x1p10},
                                             {"Mi", 0x1p20},
                                             {"Gi", 0x1p30},
                                             {"Ti", 0x1p40},
                                             {"Pi", 0x1p50},
                                             {"Ei", 0x1p60},
                                             {"Zi", 0x1p70},
                                             {"Yi", 0x1p80}}};

// The number in front, and what follows it; the number must be finite and not negative.
absl::StatusOr<std::pair<double, absl::string_view>> SplitNumber(absl::string_view text,
                                                                 absl::string_view example) {
  double value = 0.0;
  const auto result = absl::from_chars(text.data(), text.data() + text.size(), value);
  const std::string found = absl::StrCat("is \"", text, "\"");
  if (result.ec != std::errc() || result.ptr == text.data() || !std::isfinite(value)) {
    return absl::InvalidArgumentError(absl::StrCat(found, "; a number with a unit: ", example));
  }
  if (value < 0.0) {
    return absl::InvalidArgumentError(absl::StrCat(found, "; not negative, for example ", example));
  }
  return std::pair(value, text.substr(result.ptr - text.data()));
}

absl::StatusOr<double> Parse(absl::string_view text, const std::vector<Unit>& units, bool prefixes,
                             absl::string_view example) {
  ASSIGN_OR_RETURN(const auto split, SplitNumber(text, example));
  const auto [value, suffix] = split;
  if (suffix.empty() && value == 0.0) return 0.0;
  for (const Unit& unit : units) {
    for (const Unit& prefix : kPrefixes) {
      if (suffix == absl::StrCat(prefix.name, unit.name))
        return value * prefix.factor * unit.factor;
      if (!prefixes) break;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "is \"", text, "\", ",
      suffix.empty() ? "without a unit" : absl::StrCat("unknown unit \"", suffix, "\""),
      "; for example ", example));
}

// With the largest of `units` (falling) that leaves at least 1 before it.
std::string Text(double value, const std::vector<Unit>& units) {
  const Unit* chosen = &units.back();
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (value >= unit->factor * (1.0 - 1e-12)) chosen = &*unit;
  }
  return absl::StrFormat("%.12g%s", value / chosen->factor, chosen->name);
}

}  // namespace

absl::StatusOr<BytesPerSecond> ParseBandwidth(absl::string_view text) {
  ASSIGN_OR_RETURN(const double value, Parse(text, {{"Bps", 1.0}, {"bps", 0.125}}, true,
                                             "\"50GBps\" (bytes) or \"400Gbps\" (bits)"));
  return BytesPerSecond(value);
}

absl::StatusOr<FlopsPerSecond> ParseSpeed(absl::string_view text) {
  ASSIGN_OR_RETURN(const double value, Parse(text, {{"f", 1.0}}, true, "\"148Tf\""));
  return FlopsPerSecond(value);
}

absl::StatusOr<Seconds> ParseTime(absl::string_view text) {
  ASSIGN_OR_RETURN(const double value, Parse(text,
                                             {{"s", 1.0},
                                              {"ms", 1e-3},
                                              {"us", 1e-6},
                                              {"ns", 1e-9},
                                              {"ps", 1e-12},
                                              {"m", 60.0},
                                              {"h", 3600.0},
                                              {"d", 86400.0},
                                              {"w", 604800.0}},
                                             false, "\"0.7us\""));
  return Seconds(value);
}

std::string BandwidthText(BytesPerSecond bandwidth) {
  return Text(bandwidth.value(), {{"GBps", 1e9}, {"MBps", 1e6}, {"Bps", 1.0}});
}

std::string SpeedText(FlopsPerSecond speed) {
  return Text(speed.value(), {{"Tf", 1e12}, {"Gf", 1e9}, {"f", 1.0}});
}

std::string TimeText(Seconds time) {
  return Text(time.value(), {{"s", 1.0}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}});
}

}  // namespace fleetsim
