#include "sim/trace/statistics.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace fleetsim {
namespace {

// The finalizer of MurmurHash3 (Appleby): spreads ids that may be counted up.
std::uint64_t Mixed(std::uint64_t id) {
  id = (id ^ (id >> 33)) * 0xff51afd7ed558ccdULL;
  id = (id ^ (id >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return id ^ (id >> 33);
}

}  // namespace

LengthStatistics LengthCount::Statistics() const {
  std::vector<std::pair<std::int32_t, std::int64_t>> sorted(counts_.begin(), counts_.end());
  std::sort(sorted.begin(), sorted.end());
  LengthStatistics statistics;
  if (sorted.empty()) return statistics;
  std::int64_t total = 0;
  double sum = 0.0;
  for (const auto& [tokens, count] : sorted) {
    total += count;
    sum += static_cast<double>(tokens) * static_cast<double>(count);
  }
  const auto at = [&](double probability) {
    const double rank = std::ceil(probability * static_cast<double>(total));
    std::int64_t below = 0;
    for (const auto& [tokens, count] : sorted) {
      below += count;
      if (static_cast<double>(below) >= rank) return tokens;
    }
    return sorted.back().first;
  };
  statistics.mean = sum / static_cast<double>(total);
  statistics.p50 = at(0.5);
  statistics.p90 = at(0.9);
  statistics.p99 = at(0.99);
  statistics.most = sorted.back().first;
  return statistics;
}

void PrefixCount::Thin() {
  skipped_bits_ = 2 * skipped_bits_ + 1;
  absl::erase_if(seen_, [&](std::uint64_t id) { return (Mixed(id) & skipped_bits_) != 0; });
}

void PrefixCount::Add(const Request& request) {
  const double weight =
      static_cast<double>(skipped_bits_ + 1) * static_cast<double>(request.hash_block_tokens);
  for (const std::uint64_t id : request.block_hashes) {
    any_ = true;
    if ((Mixed(id) & skipped_bits_) != 0) continue;
    if (!seen_.insert(id).second) reused_ += weight;
  }
  while (seen_.size() > most_ids_) Thin();
}

void TraceCount::Add(const Request& request) {
  if (sums_.requests++ == 0) {
    sums_.first = request.arrival;
  } else {
    const double interval = (request.arrival - sums_.last).value();
    squares_ += interval * interval;
  }
  sums_.last = request.arrival;
  inputs_.Add(request.input_tokens);
  outputs_.Add(request.output_tokens);
  input_tokens_ += request.input_tokens;
  if (request.session >= 0) ++sums_.sessions;
  if (request.parent >= 0) ++sums_.followers;
  prefixes_.Add(request);
}

TraceStatistics TraceCount::Statistics() const {
  TraceStatistics statistics = sums_;
  statistics.input = inputs_.Statistics();
  statistics.output = outputs_.Statistics();
  if (prefixes_.Any()) statistics.prefix_share = prefixes_.ReusedTokens() / input_tokens_;
  const double span = (sums_.last - sums_.first).value();
  if (span <= 0.0) return statistics;
  const double intervals = static_cast<double>(sums_.requests - 1);
  const double mean = span / intervals;
  statistics.rate = 1.0 / mean;
  statistics.interval_variation =
      std::sqrt(std::max(0.0, squares_ / intervals - mean * mean)) / mean;
  return statistics;
}

}  // namespace fleetsim
