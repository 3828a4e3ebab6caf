// Quantities for people: SI prefixes, durations, money. Machines read CSV and JSON in base units.
#ifndef SIM_REPORT_FORMAT_H_
#define SIM_REPORT_FORMAT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/units.h"

namespace fleetsim {

inline constexpr int kShownDigits = 3;

// Fixed-point text of `value` rounded to so many significant digits, without trailing zeros and
// with thousands separators: 15832 -> "15,800" at 3, "15,832" at 5.
std::string FormatNumber(double value, int digits = kShownDigits);

// With so many digits after the point, and thousands separators.
std::string FormatFixed(double value, int decimals);

// With an SI prefix before the unit: (9.89e14, "FLOP/s") -> "989 TFLOP/s".
std::string FormatSi(double value, absl::string_view unit, int digits = kShownDigits);

std::string FormatRate(FlopsPerSecond rate);            // "989 TFLOP/s"
std::string FormatBytes(Bytes size);                    // "80 GB"
std::string FormatBandwidth(BytesPerSecond bandwidth);  // "3.35 TB/s"
std::string FormatPower(Watts power);                   // "1.6 MW"
std::string FormatEnergy(Joules energy);                // "27.5 GWh"; below 1 Wh in joules
std::string FormatCarbon(double grams);                 // "8,930 t CO2e"

// The largest two sensible units: "35 us", "1.24 s", "3 min 12 s", "5 h 20 min", "54.2 days".
std::string FormatDuration(Seconds duration);

std::string FormatUsd(Usd amount);        // "USD 61.2 million", "USD 3,350", "USD 0.0791"
std::string FormatPercent(double ratio);  // 0.412 -> "41.2 %"

}  // namespace fleetsim

#endif  // SIM_REPORT_FORMAT_H_
