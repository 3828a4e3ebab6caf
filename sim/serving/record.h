// What happened: a row for each request, sums and a bounded history for each instance.
#ifndef SIM_SERVING_RECORD_H_
#define SIM_SERVING_RECORD_H_

#include <array>
#include <cstdint>
#include <vector>

#include "sim/base/units.h"
#include "sim/serving/step.h"

namespace fleetsim {

// Requests that have ended, in order of their end. Time to first token is `first_token - arrival`:
// the end of the step that gave the request's first output token, or where outputs are computed by
// another instance when that has its cache, minus its arrival at the router. Of a request that was
// begun again elsewhere, it is the last beginning's.
struct RequestRow {
  std::int64_t id = 0;
  Seconds arrival, scheduled, first_token, end;  // scheduled: the first time in a step
  std::int32_t input_tokens = 0, output_tokens = 0;
  std::int32_t cached_tokens = 0;  // of the input, found in a prefix cache
  std::uint16_t preemptions = 0, retries = 0;
  std::int32_t instance = 0;  // that ended it
};

// A column for each field: 60 bytes a request.
class RequestLog {
 public:
  void Add(const RequestRow& row);
  RequestRow Row(std::int64_t index) const;
  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }

  Seconds TimeToFirstToken(std::int64_t i) const { return first_tokens_[i] - arrivals_[i]; }
  Seconds EndToEnd(std::int64_t i) const { return ends_[i] - arrivals_[i]; }
  // Mean time of an output token after the first; zero where there is one token.
  Seconds TimePerOutputToken(std::int64_t i) const;

 private:
  std::vector<std::int64_t> ids_;
  std::vector<Seconds> arrivals_, scheduled_, first_tokens_, ends_;
  std::vector<std::int32_t> inputs_, outputs_, cached_, instances_;
  std::vector<std::uint16_t> preemptions_, retries_;
};

// What an instance holds at a moment; of all its attention ranks together.
struct Occupancy {
  double requests = 0.0;  // unfinished ones, waiting ones included
  double running = 0.0;   // sequences in the batch
  double blocks = 0.0;    // of the KV cache, held by sequences
};

// Means of an occupancy over intervals of equal width. The width doubles where there would be more
// than kIntervals: memory is bounded, and sums over time are exact.
class OccupancyHistory {
 public:
  static constexpr int kIntervals = 256;
  // `occupancy` held from the last call's date to `now`.
  void Advance(Seconds now, const Occupancy& occupancy);
  Seconds width() const { return width_; }
  // The interval's mean; the last one ends at the last call's date.
  Occupancy Mean(int interval) const;
  int size() const { return static_cast<int>(integrals_.size()); }
  // Over all time: requests (or sequences, or blocks) times seconds.
  Occupancy Integral() const;

 private:
  void Halve();

  Seconds last_;
  Seconds width_{1.0 / 64};
  std::vector<Occupancy> integrals_;
};

// Prompts' or outputs' share of the steps. Of a step with both, outputs take what it would have
// cost without the prompts.
struct PhaseSum {
  Seconds time;
  Joules energy;
  std::int64_t tokens = 0;  // prompt tokens computed; output tokens produced
};

struct InstanceRecord {
  int pool = 0;
  std::int64_t steps = 0;
  Seconds busy;  // steps and swaps; of a pipeline, time in its stages over their number
  std::array<Seconds, kStepParts> parts{};
  Seconds arithmetic, reading;  // as in StepCost
  Seconds swapping;             // on the link to host memory
  Joules energy;                // of the steps
  PhaseSum prefill, decode;
  std::int64_t recomputed_tokens = 0;  // of prefill.tokens, those computed before
  std::int64_t cached_tokens = 0;      // prompt tokens found in the prefix cache, each once
  std::int64_t requests = 0;           // ended here
  std::int64_t preemptions = 0, deaths = 0;
  Seconds on;  // started or starting: what is paid for
  OccupancyHistory history;
};

struct ServingRecord {
  RequestLog requests;
  std::vector<InstanceRecord> instances;  // through all pools
  std::int64_t refused = 0;               // the queue was full
  std::int64_t too_long = 0;              // no instance's KV cache holds them
  std::int64_t retries = 0;
  std::int64_t transfers = 0;  // of KV caches from a prefill to a decode instance
  Bytes transferred;
  Seconds end;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_RECORD_H_
