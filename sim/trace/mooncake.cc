// Mooncake's traces of Kimi (Qin et al., FAST 2025; github.com/kvcache-ai/Mooncake): milliseconds
// from the start; ids of 512-token blocks, each standing for the block and all before it.
#include "sim/trace/format.h"
#include "sim/trace/json_row.h"
#include "sim/trace/row_fields.h"

namespace fleetsim {
namespace {

constexpr double kSecondsPerMillisecond = 1e-3;

class Mooncake : public RowReader {
 public:
  absl::StatusOr<bool> ReadHeader(const TextLines&) override { return false; }

  absl::Status ReadRow(const TextLines& line, SourceRow& row) override {
    RETURN_IF_ERROR(json_.Read(line));
    ASSIGN_OR_RETURN(const double time, json_.Time(line, "timestamp"));
    row.request.arrival = Seconds(time * kSecondsPerMillisecond);
    return ReadLengthsAndBlocks(line, json_, kMooncakeBlockTokens, row.request);
  }

 private:
  JsonRow json_;
};

}  // namespace

std::unique_ptr<RowReader> MooncakeReader() { return std::make_unique<Mooncake>(); }

}  // namespace fleetsim
