// Request traces in the form of proto/request_trace.proto, written and read as a stream: memory
// holds one chunk of some thousand requests.
#ifndef SIM_TRACE_TRACE_FILE_H_
#define SIM_TRACE_TRACE_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "sim/base/status.h"
#include "sim/model/request.h"

namespace fleetsim {

// What holds for a whole trace.
struct TraceOrigin {
  std::string source;    // where it came from, for reports
  int block_tokens = 0;  // that one block hash stands for; zero: there are none
};

class TraceWriter {
 public:
  // Nothing is at `path` before Finish().
  static absl::StatusOr<TraceWriter> Create(const std::string& path, const TraceOrigin& origin);
  ~TraceWriter();
  TraceWriter(TraceWriter&&) noexcept;

  // In order of arrival and of ids, which are counted from 0.
  absl::Status Add(const Request& request);
  absl::Status Finish();

 private:
  struct Output;
  explicit TraceWriter(std::unique_ptr<Output> output);
  std::unique_ptr<Output> output_;
};

class TraceReader : public RequestStream {
 public:
  // Errors: what is no trace, or one of another version.
  static absl::StatusOr<std::unique_ptr<TraceReader>> Open(const std::string& path);
  ~TraceReader() override;

  const TraceOrigin& origin() const { return origin_; }
  bool Next(Request* request) override;
  // Errors name the byte: a file cut short, columns of different lengths, values that no request
  // has.
  absl::Status status() const override { return outcome_; }

 private:
  struct Input;
  TraceReader(TraceOrigin origin, std::unique_ptr<Input> input);
  absl::StatusOr<bool> TryNext(Request* request);

  TraceOrigin origin_;
  std::unique_ptr<Input> input_;
  absl::Status outcome_;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_TRACE_FILE_H_
