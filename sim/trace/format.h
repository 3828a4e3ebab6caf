// Forms in which others publish request traces: one a file, and a row in the table of formats.cc.
#ifndef SIM_TRACE_FORMAT_H_
#define SIM_TRACE_FORMAT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/model/request.h"
#include "sim/trace/text_lines.h"

namespace fleetsim {

// A row of the source: `arrival` is seconds of the source's own clock, `session` its own number.
// Ids are the source's; import makes positions in the trace of them.
struct SourceRow {
  Request request;
  std::optional<std::int64_t> id, parent;
  bool failed = false;  // the source says that this request got no answer
};

// Reads one file's rows in their order.
class RowReader {
 public:
  virtual ~RowReader() = default;
  // Takes the first line; false where it is a row already.
  virtual absl::StatusOr<bool> ReadHeader(const TextLines& line) = 0;
  // Errors name line, field, value and what would be right; the next row can be read after one.
  virtual absl::Status ReadRow(const TextLines& line, SourceRow& row) = 0;
};

struct TraceFormat {
  const char* name;
  const char* description;
  int block_tokens;  // of its prefix hashes; zero: it has none
  std::unique_ptr<RowReader> (*reader)();
};

const std::vector<TraceFormat>& TraceFormats();
// NotFound with the nearest names.
absl::StatusOr<TraceFormat> FindTraceFormat(const std::string& name);

// Tokens that one of their prefix hashes stands for.
inline constexpr int kMooncakeBlockTokens = 512, kQwenBailianBlockTokens = 16;

std::unique_ptr<RowReader> AzureLlmReader();
std::unique_ptr<RowReader> BurstGptReader();
std::unique_ptr<RowReader> MooncakeReader();
std::unique_ptr<RowReader> QwenBailianReader();
std::unique_ptr<RowReader> PlainCsvReader();

}  // namespace fleetsim

#endif  // SIM_TRACE_FORMAT_H_
