#include "sim/serving/kernel_times.h"

#include <algorithm>
#include <cmath>

namespace fleetsim {
namespace {

// Of the board's limit: streaming of weights 0.65 to 0.82, attention of decodes 0.52 to 0.73 (board
// powers of H200, B200 and GB200 behind docs/energy.md).
constexpr double kOtherPower = 0.7;
constexpr int kExact = 256;  // every whole number up to here
constexpr int kFirstOctave = 8;
constexpr int kPlaces = 16;  // of an octave

// Place of a number of tokens in the list, and back.
double PlaceOf(double tokens) {
  if (tokens <= kExact) return tokens;
  const int octave = std::ilogb(tokens);
  const double within = std::ldexp(tokens, -octave) - 1.0;
  return kExact + kPlaces * (octave - kFirstOctave + within);
}

double TokensAt(int place) {
  if (place <= kExact) return place;
  const int octave = (place - kExact) / kPlaces, within = (place - kExact) % kPlaces;
  return std::ldexp(1.0 + static_cast<double>(within) / kPlaces, kFirstOctave + octave);
}

}  // namespace

KernelTimes& KernelTimes::operator+=(const KernelTimes& other) {
  matrix += other.matrix;
  attention += other.attention;
  memory += other.memory;
  communication += other.communication;
  arithmetic += other.arithmetic;
  reading += other.reading;
  bound_matrix += other.bound_matrix;
  bound_attention += other.bound_attention;
  return *this;
}

KernelTimes operator*(double factor, const KernelTimes& times) {
  return {times.matrix * factor,        times.attention * factor,      times.memory * factor,
          times.communication * factor, times.arithmetic * factor,     times.reading * factor,
          times.bound_matrix * factor,  times.bound_attention * factor};
}

// Power averages over a step. With a share a of it under matrix products, which draw the limit at
// the settled clock s and c^3 / s^3 of it at clock c (power goes with the clock cubed,
// docs/energy.md), and the rest at the same 0.7 of the limit: a c^3 / s^3 + 0.7 (1 - a) = 1.
void KernelTimes::Settle(double settled_ratio) {
  const Seconds bound = bound_matrix + bound_attention;
  if (settled_ratio >= 1 || bound <= Seconds(0)) return;
  const double share = std::min(1.0, bound / Total());
  const double clock = std::cbrt((1 - kOtherPower * (1 - share)) / share) * settled_ratio;
  if (clock >= 1) return;
  const double stretch = 1 / clock - 1;
  matrix += bound_matrix * stretch;
  attention += bound_attention * stretch;
  arithmetic += bound * stretch;
}

TokenTable::TokenTable(double most, const std::function<KernelTimes(double)>& function) {
  const int last = std::max(2, static_cast<int>(std::ceil(PlaceOf(most))));
  values_.reserve(last + 1);
  values_.emplace_back();
  for (int place = 1; place <= last; ++place) values_.push_back(function(TokensAt(place)));
}

KernelTimes TokenTable::At(double tokens) const {
  if (tokens <= 0 || values_.empty()) return {};
  const int last = static_cast<int>(values_.size()) - 1;
  double place = PlaceOf(tokens);
  int below = std::min(static_cast<int>(place), last - 1);
  if (place > last) {
    const double low = TokensAt(last - 1), high = TokensAt(last);
    place = below + (tokens - low) / (high - low);
  }
  const double share = place - below;
  KernelTimes result = (1.0 - share) * values_[below];
  result += share * values_[below + 1];
  return result;
}

}  // namespace fleetsim
