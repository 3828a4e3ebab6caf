// What a trace looks like: lengths, rate, burstiness, shared prefixes. Memory grows with the number
// of different lengths, not with the requests.
#ifndef SIM_TRACE_STATISTICS_H_
#define SIM_TRACE_STATISTICS_H_

#include <cstdint>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "sim/model/request.h"

namespace fleetsim {

struct LengthStatistics {
  double mean = 0.0;
  std::int32_t p50 = 0, p90 = 0, p99 = 0, most = 0;  // exact, nearest rank
};

struct TraceStatistics {
  std::int64_t requests = 0;
  Seconds first, last;  // arrivals
  // Requests a second between the first and the last; absent where no time passes between them.
  std::optional<double> rate;
  std::optional<double> interval_variation;  // of intervals: deviation over mean, 1 for Poisson
  LengthStatistics input, output;
  std::int64_t sessions = 0;   // requests that belong to one
  std::int64_t followers = 0;  // requests with a parent
  // Of all input tokens, those in whole leading blocks that an earlier request had: what a prefix
  // cache of unlimited size would find. Absent without block hashes.
  std::optional<double> prefix_share;
};

// Lengths as a histogram.
class LengthCount {
 public:
  void Add(std::int32_t tokens) { ++counts_[tokens]; }
  LengthStatistics Statistics() const;

 private:
  absl::flat_hash_map<std::int32_t, std::int64_t> counts_;
};

// Blocks that were seen before. Beyond `most_ids` different ones it looks at every second one by
// hash, then every fourth and so on: an id stands for all before it, so that a part of the ids
// gives the share without bias.
class PrefixCount {
 public:
  explicit PrefixCount(std::size_t most_ids = std::size_t{1} << 23) : most_ids_(most_ids) {}
  void Add(const Request& request);
  bool Any() const { return any_; }
  double ReusedTokens() const { return reused_; }

 private:
  void Thin();

  std::size_t most_ids_;
  absl::flat_hash_set<std::uint64_t> seen_;
  std::uint64_t skipped_bits_ =
      0;  // a mask: ids whose mixed bits under it are not zero are left out
  double reused_ = 0.0;
  bool any_ = false;
};

class TraceCount {
 public:
  void Add(const Request& request);
  TraceStatistics Statistics() const;

 private:
  TraceStatistics sums_;
  double input_tokens_ = 0.0;
  double squares_ = 0.0;  // of the intervals between arrivals
  LengthCount inputs_, outputs_;
  PrefixCount prefixes_;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_STATISTICS_H_
