#include "sim/reliability/random.h"

#include <array>
#include <cmath>
#include <numbers>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

std::uint64_t SplitMix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

template <std::size_t n>
double Polynomial(const std::array<double, n>& coefficients, double x) {
  double sum = 0.0;
  for (const double coefficient : coefficients) sum = sum * x + coefficient;
  return sum;
}

// Acklam 2003: of the tail below 0.02425, and of the middle.
double NormalTail(double p) {
  constexpr std::array<double, 6> kAbove = {-7.784894002430293e-03, -3.223964580411365e-01,
                                            -2.400758277161838e+00, -2.549732539343734e+00,
                                            4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array<double, 5> kBelow = {7.784695709041462e-03, 3.224671290700398e-01,
                                            2.445134137142996e+00, 3.754408661907416e+00, 1.0};
  const double q = std::sqrt(-2.0 * std::log(p));
  return Polynomial(kAbove, q) / Polynomial(kBelow, q);
}

double NormalMiddle(double p) {
  constexpr std::array<double, 6> kAbove = {-3.969683028665376e+01, 2.209460984245205e+02,
                                            -2.759285104469687e+02, 1.383577518672690e+02,
                                            -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array<double, 6> kBelow = {-5.447609879822406e+01, 1.615858368580409e+02,
                                            -1.556989798598866e+02, 6.680131188771972e+01,
                                            -1.328068155288572e+01, 1.0};
  const double q = p - 0.5;
  return q * Polynomial(kAbove, q * q) / Polynomial(kBelow, q * q);
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed) : generator_(SplitMix(seed)) {}

double RandomStream::Uniform() { return (static_cast<double>(generator_() >> 11) + 0.5) * 0x1p-53; }

Seconds RandomStream::Weibull(Seconds mean, double shape) {
  const double draw = -std::log(Uniform());
  if (shape == 1.0) return mean * draw;
  return mean * (std::pow(draw, 1.0 / shape) / std::tgamma(1.0 + 1.0 / shape));
}

double NormalQuantile(double p) {
  FLEETSIM_CHECK(p > 0.0 && p < 1.0);
  constexpr double kTail = 0.02425;
  if (p > 0.5) return -NormalQuantile(1.0 - p);
  const double x = p < kTail ? NormalTail(p) : NormalMiddle(p);
  const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
  const double step = error * std::sqrt(2.0 * std::numbers::pi) * std::exp(x * x / 2.0);
  return x - step / (1.0 + x * step / 2.0);
}

}  // namespace fleetsim
