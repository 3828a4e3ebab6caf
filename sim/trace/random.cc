#include "sim/trace/random.h"

#include <cmath>
#include <numbers>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

// The golden ratio's bits (Knuth): neighbouring streams get seeds that share nothing.
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15ULL;

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream)
    : generator_(seed ^ (kSpread * (stream + 1))) {}

double Random::Uniform() {
  constexpr int kDroppedBits = 11;               // 53 are what a double holds
  constexpr double kSteps = 9007199254740992.0;  // 2^53
  return (static_cast<double>(generator_() >> kDroppedBits) + 0.5) / kSteps;
}

double Random::Exponential() { return -std::log(Uniform()); }

// Box and Muller 1958.
double Random::Normal() {
  const double radius = std::sqrt(2.0 * Exponential());
  return radius * std::cos(2.0 * std::numbers::pi * Uniform());
}

// Marsaglia and Tsang 2000, "A simple method for generating gamma variables", sections 2 and 6.
double Random::Gamma(double shape) {
  FLEETSIM_CHECK(shape > 0.0);
  if (shape < 1.0) {
    const double larger = Gamma(shape + 1.0);
    return larger * std::pow(Uniform(), 1.0 / shape);
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = Normal();
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(Uniform()) < x * x / 2.0 + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace fleetsim
