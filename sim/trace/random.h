// Random numbers that are the same on every platform: the standard fixes the generator but not its
// distributions, so that these are our own.
#ifndef SIM_TRACE_RANDOM_H_
#define SIM_TRACE_RANDOM_H_

#include <cstdint>
#include <random>

namespace fleetsim {

class Random {
 public:
  // Sequences of one seed and different `stream`s are unrelated.
  Random(std::uint64_t seed, std::uint64_t stream);

  double Uniform();            // above 0, below 1
  double Exponential();        // mean 1
  double Normal();             // mean 0, deviation 1
  double Gamma(double shape);  // scale 1: mean and variance `shape`

 private:
  std::mt19937_64 generator_;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_RANDOM_H_
