#include "sim/trace/import.h"

#include <filesystem>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "sim/trace/trace_file.h"

namespace fleetsim {
namespace {

constexpr std::int64_t kRowsBetweenReports = 4096;

// Requests of the trace by the source's own ids.
class Conversations {
 public:
  // Gives the request its parent's position and session; a parent that is not in the trace is none.
  void Join(const SourceRow& row, Request& request) {
    if (!row.id) return;
    request.session = request.id;
    if (row.parent) {
      const auto found = turns_.find(*row.parent);
      if (found != turns_.end()) {
        request.parent = found->second.id;
        request.session = found->second.session;
      }
    }
    turns_[*row.id] = {request.id, request.session};
  }

 private:
  struct Turn {
    std::int64_t id, session;
  };
  absl::flat_hash_map<std::int64_t, Turn> turns_;
};

class Import {
 public:
  Import(const TraceFormat& format, const ImportOptions& options, TextLines lines)
      : options_(options), reader_(format.reader()), lines_(std::move(lines)) {}

  // `writer` may be null: then requests are only counted.
  absl::StatusOr<ImportResult> Run(TraceWriter* writer,
                                   const std::function<void(double)>& progress) {
    bool header = true;
    while (!Full()) {
      ASSIGN_OR_RETURN(const bool there, lines_.Next());
      if (!there) break;
      if (std::exchange(header, false)) {
        ASSIGN_OR_RETURN(const bool taken, ReadHeader());
        if (taken) continue;
      }
      if (lines_.text().empty()) continue;
      if (++result_.rows % kRowsBetweenReports == 0 && progress) progress(lines_.Share());
      RETURN_IF_ERROR(TakeRow(writer));
    }
    result_.statistics = count_.Statistics();
    return result_;
  }

 private:
  bool Full() const { return past_window_ || (options_.limit && kept_ >= *options_.limit); }

  absl::Status CheckText() const {
    if (lines_.text().find('\0') == absl::string_view::npos) return absl::OkStatus();
    return InputError(lines_.At(), "NUL byte", "a text file");
  }

  absl::StatusOr<bool> ReadHeader() {
    RETURN_IF_ERROR(CheckText());
    return reader_->ReadHeader(lines_);
  }

  absl::Status ReadRow(SourceRow& row) {
    RETURN_IF_ERROR(CheckText());
    RETURN_IF_ERROR(reader_->ReadRow(lines_, row));
    if (row.request.arrival < last_) {
      return InputError(lines_.At(),
                        absl::StrCat("arrives at ", row.request.arrival.value(),
                                     " s, before the row that precedes it (", last_.value(), " s)"),
                        "rows in order of time");
    }
    last_ = row.request.arrival;
    return absl::OkStatus();
  }

  absl::Status TakeRow(TraceWriter* writer) {
    SourceRow row;
    if (absl::Status status = ReadRow(row); !status.ok()) {
      if (!options_.skip_bad_rows) return status;
      if (result_.bad++ == 0) result_.first_bad = std::move(status);
      return absl::OkStatus();
    }
    const Seconds since = row.request.arrival - options_.start;
    if (since < Seconds(0.0)) return absl::OkStatus();
    past_window_ = options_.duration && since >= *options_.duration;
    if (past_window_) return absl::OkStatus();
    if (row.failed) {
      ++result_.failed;
      return absl::OkStatus();
    }
    return Keep(row, since / options_.rate_scale, writer);
  }

  absl::Status Keep(SourceRow& row, Seconds arrival, TraceWriter* writer) {
    row.request.id = kept_++;
    row.request.arrival = arrival;
    conversations_.Join(row, row.request);
    count_.Add(row.request);
    return writer == nullptr ? absl::OkStatus() : writer->Add(row.request);
  }

  const ImportOptions& options_;
  std::unique_ptr<RowReader> reader_;
  TextLines lines_;
  Conversations conversations_;
  TraceCount count_;
  ImportResult result_;
  Seconds last_;  // arrival of the row before, on the source's clock
  std::int64_t kept_ = 0;
  bool past_window_ = false;
};

}  // namespace

absl::StatusOr<ImportResult> ImportRequests(const TraceFormat& format, const std::string& from,
                                            const std::string& to, const ImportOptions& options,
                                            const std::function<void(double)>& progress) {
  ASSIGN_OR_RETURN(TextLines lines, TextLines::Open(from));
  std::optional<TraceWriter> writer;
  if (!to.empty()) {
    const std::string name = std::filesystem::path(from).filename().string();
    ASSIGN_OR_RETURN(TraceWriter created,
                     TraceWriter::Create(to, {.source = absl::StrCat(format.name, " ", name),
                                              .block_tokens = format.block_tokens}));
    writer.emplace(std::move(created));
  }
  Import import(format, options, std::move(lines));
  ASSIGN_OR_RETURN(ImportResult result, import.Run(writer ? &*writer : nullptr, progress));
  if (result.statistics.requests == 0) {
    return InputError({from}, absl::StrCat("no request is left of ", result.rows, " rows"),
                      "rows with requests in the part of the time that is asked for");
  }
  if (writer) RETURN_IF_ERROR(writer->Finish());
  return result;
}

}  // namespace fleetsim
