// BurstGPT (Wang et al. 2024, arXiv 2401.17644; github.com/HPMLL/BurstGPT): seconds since the first
// day's midnight. Later releases have a session's number; a failed request has no response tokens.
#include "sim/trace/csv_row.h"
#include "sim/trace/format.h"
#include "sim/trace/row_fields.h"

namespace fleetsim {
namespace {

constexpr int kSession = 3;

class BurstGpt : public RowReader {
 public:
  absl::StatusOr<bool> ReadHeader(const TextLines& line) override {
    RETURN_IF_ERROR(csv_.ReadHeader(line));
    return true;
  }

  absl::Status ReadRow(const TextLines& line, SourceRow& row) override {
    RETURN_IF_ERROR(csv_.Read(line));
    ASSIGN_OR_RETURN(const double time, ReadTime(line, csv_.Name(0), csv_.Cell(0)));
    row.request.arrival = Seconds(time);
    row.failed = csv_.Cell(2) == "0";
    if (row.failed) return absl::OkStatus();
    ASSIGN_OR_RETURN(row.request.input_tokens, ReadTokens(line, csv_.Name(1), csv_.Cell(1)));
    ASSIGN_OR_RETURN(row.request.output_tokens, ReadTokens(line, csv_.Name(2), csv_.Cell(2)));
    if (csv_.Has(kSession) && !csv_.Cell(kSession).empty()) {
      ASSIGN_OR_RETURN(row.request.session,
                       ReadWhole(line, csv_.Name(kSession), csv_.Cell(kSession)));
    }
    return absl::OkStatus();
  }

 private:
  CsvRow csv_{{"Timestamp", "Request tokens", "Response tokens"}, {"Session ID"}};
};

}  // namespace

std::unique_ptr<RowReader> BurstGptReader() { return std::make_unique<BurstGpt>(); }

}  // namespace fleetsim
