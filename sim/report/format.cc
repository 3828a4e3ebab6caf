#include "sim/report/format.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace fleetsim {
namespace {

constexpr int kGroup = 3;  // digits between thousands separators
constexpr int kMostDecimals = 12;

struct Scale {
  double factor;
  absl::string_view name;
};

// Digits after the point that show `digits` significant ones.
int DecimalsFor(double value, int digits) {
  if (value == 0.0 || !std::isfinite(value)) return 0;
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  return digits - 1 - exponent;
}

double RoundTo(double value, int decimals) {
  // Beyond the double's own precision there is nothing to round.
  if (decimals >= kMostDecimals) return value;
  const double power = std::pow(10.0, decimals);
  return std::round(value * power) / power;
}

std::string WithoutTrailingZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// The largest of the scales that does not exceed the value as it will be shown (rounded).
template <std::size_t kSize>
Scale PickScale(double value, const std::array<Scale, kSize>& scales) {
  for (const Scale& scale : scales) {
    const double shown =
        RoundTo(value / scale.factor, DecimalsFor(value / scale.factor, kShownDigits));
    if (std::fabs(shown) >= 1.0) return scale;
  }
  return scales.back();
}

}  // namespace

std::string FormatFixed(double value, int decimals) {
  if (!std::isfinite(value)) return absl::StrCat(value);
  std::string text =
      absl::StrFormat("%.*f", std::clamp(decimals, 0, kMostDecimals), std::fabs(value));
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t i = point; i > kGroup; i -= kGroup) text.insert(i - kGroup, ",");
  const bool zero = text.find_first_not_of("0.,") == std::string::npos;
  return value < 0 && !zero ? absl::StrCat("-", text) : text;
}

std::string FormatNumber(double value, int digits) {
  const int decimals = DecimalsFor(value, digits);
  return WithoutTrailingZeros(FormatFixed(RoundTo(value, decimals), decimals));
}

std::string FormatSi(double value, absl::string_view unit, int digits) {
  static constexpr std::array<Scale, 11> kPrefixes = {{{1e18, "E"},
                                                       {1e15, "P"},
                                                       {1e12, "T"},
                                                       {1e9, "G"},
                                                       {1e6, "M"},
                                                       {1e3, "k"},
                                                       {1, ""},
                                                       {1e-3, "m"},
                                                       {1e-6, "u"},
                                                       {1e-9, "n"},
                                                       {1e-12, "p"}}};
  const Scale scale = value == 0.0 ? Scale{1, ""} : PickScale(value, kPrefixes);
  return absl::StrCat(FormatNumber(value / scale.factor, digits), " ", scale.name, unit);
}

std::string FormatRate(FlopsPerSecond rate) {
  // People compare accelerators in TFLOP/s well past a thousand of them.
  constexpr double kTera = 1e12, kMostTera = 1e16;
  if (rate.value() >= kTera && rate.value() < kMostTera) {
    return absl::StrCat(FormatNumber(rate.value() / kTera, kShownDigits + 1), " TFLOP/s");
  }
  return FormatSi(rate.value(), "FLOP/s");
}

std::string FormatBytes(Bytes size) { return FormatSi(size.value(), "B"); }

std::string FormatBandwidth(BytesPerSecond bandwidth) { return FormatSi(bandwidth.value(), "B/s"); }

std::string FormatPower(Watts power) { return FormatSi(power.value(), "W"); }

std::string FormatEnergy(Joules energy) {
  const double watt_hours = energy.value() / kSecondsPerHour;
  return watt_hours >= 1.0 ? FormatSi(watt_hours, "Wh") : FormatSi(energy.value(), "J");
}

std::string FormatCarbon(double grams) {
  static constexpr std::array<Scale, 3> kScales = {{{1e6, "t"}, {1e3, "kg"}, {1, "g"}}};
  const Scale scale = PickScale(grams, kScales);
  return absl::StrCat(FormatNumber(grams / scale.factor), " ", scale.name, " CO2e");
}

std::string FormatDuration(Seconds duration) {
  constexpr double kMinute = 60.0, kMostHours = 48.0;
  const double seconds = duration.value();
  if (!(seconds >= kMinute)) return FormatSi(seconds, "s");
  if (seconds >= kMostHours * kSecondsPerHour) {
    return absl::StrCat(FormatNumber(seconds / kSecondsPerDay), " days");
  }
  const bool hours = seconds >= kSecondsPerHour;
  const double small = hours ? kMinute : 1.0;
  const auto units = static_cast<long long>(std::llround(seconds / small));
  constexpr long long kPerLarge = 60;
  return absl::StrCat(units / kPerLarge, hours ? " h " : " min ", units % kPerLarge,
                      hours ? " min" : " s");
}

std::string FormatUsd(Usd amount) {
  static constexpr std::array<Scale, 3> kScales = {{{1e9, " billion"}, {1e6, " million"}, {1, ""}}};
  const Scale scale = PickScale(amount.value(), kScales);
  return absl::StrCat("USD ", FormatNumber(amount.value() / scale.factor), scale.name);
}

std::string FormatPercent(double ratio) {
  constexpr double kPercent = 100.0;
  return absl::StrCat(FormatFixed(ratio * kPercent, 1), " %");
}

}  // namespace fleetsim
