// Azure's LLM inference traces (github.com/Azure/AzurePublicDataset): date and time in UTC with up
// to seven digits of a second, in 2024 with an offset from UTC.
#include "absl/time/time.h"
#include "sim/trace/csv_row.h"
#include "sim/trace/format.h"
#include "sim/trace/row_fields.h"

namespace fleetsim {
namespace {

class AzureLlm : public RowReader {
 public:
  absl::StatusOr<bool> ReadHeader(const TextLines& line) override {
    RETURN_IF_ERROR(csv_.ReadHeader(line));
    return true;
  }

  absl::Status ReadRow(const TextLines& line, SourceRow& row) override {
    RETURN_IF_ERROR(csv_.Read(line));
    ASSIGN_OR_RETURN(row.request.input_tokens, ReadTokens(line, csv_.Name(1), csv_.Cell(1)));
    ASSIGN_OR_RETURN(row.request.output_tokens, ReadTokens(line, csv_.Name(2), csv_.Cell(2)));
    ASSIGN_OR_RETURN(const absl::Time time, Date(line));
    if (!first_) first_ = time;
    row.request.arrival = Seconds(absl::ToDoubleSeconds(time - *first_));
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<absl::Time> Date(const TextLines& line) const {
    absl::Time time;
    std::string error;
    const std::string& text = csv_.Cell(0);
    const bool read = absl::ParseTime("%Y-%m-%d %H:%M:%E*S", text, &time, &error) ||
                      absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", text, &time, &error);
    if (read && time != absl::InfiniteFuture() && time != absl::InfinitePast()) return time;
    return InputError(line.At(csv_.Name(0)), absl::StrCat("is '", text.substr(0, 40), "'"),
                      "a date such as 2023-11-16 18:17:03.9799600");
  }

  CsvRow csv_{{"TIMESTAMP", "ContextTokens", "GeneratedTokens"}};
  std::optional<absl::Time> first_;  // the trace's beginning: differences keep all digits
};

}  // namespace

std::unique_ptr<RowReader> AzureLlmReader() { return std::make_unique<AzureLlm>(); }

}  // namespace fleetsim
