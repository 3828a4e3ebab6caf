// A published trace in, ours out.
#ifndef SIM_TRACE_IMPORT_H_
#define SIM_TRACE_IMPORT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "sim/base/status.h"
#include "sim/trace/format.h"
#include "sim/trace/statistics.h"

namespace fleetsim {

struct ImportOptions {
  bool skip_bad_rows = false;
  // The part of the source's time that is taken; its beginning becomes the trace's.
  Seconds start;
  std::optional<Seconds> duration;    // absent: to the end
  double rate_scale = 1.0;            // arrivals so many times as fast
  std::optional<std::int64_t> limit;  // requests
};

struct ImportResult {
  TraceStatistics statistics;
  std::int64_t rows = 0;    // read, bad and failed ones included
  std::int64_t failed = 0;  // left out: the source says that they got no answer
  std::int64_t bad = 0;     // left out, with skip_bad_rows
  absl::Status first_bad;   // what was wrong with the first of them
};

// Reads `from` once and writes `to`, which is there as a whole or not at all; empty: nothing is
// written. `progress` is told now and then what share of the file has been read.
absl::StatusOr<ImportResult> ImportRequests(const TraceFormat& format, const std::string& from,
                                            const std::string& to, const ImportOptions& options,
                                            const std::function<void(double)>& progress = nullptr);

}  // namespace fleetsim

#endif  // SIM_TRACE_IMPORT_H_
