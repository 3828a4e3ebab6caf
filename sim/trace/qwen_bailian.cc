// Alibaba's usage traces of Qwen on Bailian (github.com/alibaba-edu/qwen-bailian-usagetraces-anon):
// seconds from the start; a conversation's turns name the one they continue, -1 for the first; ids
// of 16-token blocks.
#include "sim/trace/format.h"
#include "sim/trace/json_row.h"
#include "sim/trace/row_fields.h"

namespace fleetsim {
namespace {

constexpr std::int64_t kNoParent = -1;

class QwenBailian : public RowReader {
 public:
  absl::StatusOr<bool> ReadHeader(const TextLines&) override { return false; }

  absl::Status ReadRow(const TextLines& line, SourceRow& row) override {
    RETURN_IF_ERROR(json_.Read(line));
    ASSIGN_OR_RETURN(const double time, json_.Time(line, "timestamp"));
    row.request.arrival = Seconds(time);
    ASSIGN_OR_RETURN(row.id, json_.Whole(line, "chat_id"));
    ASSIGN_OR_RETURN(const std::int64_t parent, json_.Whole(line, "parent_chat_id"));
    if (parent != kNoParent) row.parent = parent;
    return ReadLengthsAndBlocks(line, json_, kQwenBailianBlockTokens, row.request);
  }

 private:
  JsonRow json_;
};

}  // namespace

std::unique_ptr<RowReader> QwenBailianReader() { return std::make_unique<QwenBailian>(); }

}  // namespace fleetsim
