// Random numbers that are the same on every machine: the standard fixes what std::mt19937_64 yields
// but not what its distributions do, so these are our own.
#ifndef SIM_RELIABILITY_RANDOM_H_
#define SIM_RELIABILITY_RANDOM_H_

#include <cstdint>
#include <random>

#include "sim/base/units.h"

namespace fleetsim {

class RandomStream {
 public:
  // Streams of neighbouring seeds have nothing in common: the generator is seeded through one
  // round of splitmix64 (Steele, Lea and Flood 2014).
  explicit RandomStream(std::uint64_t seed);

  // In the open interval (0, 1): the middles of 2^53 equal cells.
  double Uniform();
  // Weibull of this mean; shape 1 is the exponential distribution.
  Seconds Weibull(Seconds mean, double shape);

 private:
  std::mt19937_64 generator_;
};

// The standard normal distribution's value below which a share `p` in (0, 1) lies; its error is
// below 1e-9 (Acklam's rational approximation with one step of Halley's method).
double NormalQuantile(double p);

}  // namespace fleetsim

#endif  // SIM_RELIABILITY_RANDOM_H_
