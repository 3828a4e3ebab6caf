// Our own text form, for traces written by hand or by a script.
#include "absl/strings/numbers.h"
#include "sim/trace/csv_row.h"
#include "sim/trace/format.h"
#include "sim/trace/row_fields.h"

namespace fleetsim {
namespace {

constexpr int kSession = 3, kPriority = 4;

class PlainCsv : public RowReader {
 public:
  absl::StatusOr<bool> ReadHeader(const TextLines& line) override {
    RETURN_IF_ERROR(csv_.ReadHeader(line));
    return true;
  }

  absl::Status ReadRow(const TextLines& line, SourceRow& row) override {
    RETURN_IF_ERROR(csv_.Read(line));
    ASSIGN_OR_RETURN(const double time, ReadTime(line, csv_.Name(0), csv_.Cell(0)));
    row.request.arrival = Seconds(time);
    ASSIGN_OR_RETURN(row.request.input_tokens, ReadTokens(line, csv_.Name(1), csv_.Cell(1)));
    ASSIGN_OR_RETURN(row.request.output_tokens, ReadTokens(line, csv_.Name(2), csv_.Cell(2)));
    if (csv_.Has(kSession) && !csv_.Cell(kSession).empty()) {
      ASSIGN_OR_RETURN(row.request.session,
                       ReadWhole(line, csv_.Name(kSession), csv_.Cell(kSession)));
    }
    if (!csv_.Has(kPriority) || absl::SimpleAtoi(csv_.Cell(kPriority), &row.request.priority)) {
      return absl::OkStatus();
    }
    return InputError(line.At(csv_.Name(kPriority)),
                      absl::StrCat("is '", csv_.Cell(kPriority).substr(0, 40), "'"),
                      "a whole number; smaller goes first");
  }

 private:
  CsvRow csv_{{"arrival_s", "input_tokens", "output_tokens"}, {"session", "priority"}};
};

}  // namespace

std::unique_ptr<RowReader> PlainCsvReader() { return std::make_unique<PlainCsv>(); }

}  // namespace fleetsim
