// fleetsim import: a published request trace in, ours and its summary out.
#include "sim/trace/import.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "sim/commands/command.h"
#include "sim/report/trace_report.h"

namespace fleetsim {
namespace {

constexpr int kPercent = 100;

struct ImportFlags {
  std::string format, input, output;
  std::string report = "text";
  bool skip_bad_rows = false;
  double start_s = 0.0, rate_scale = 1.0;
  std::optional<double> duration_s;
  std::optional<std::int64_t> limit;
};

absl::StatusOr<ImportOptions> OptionsOf(const ImportFlags& flags) {
  if (!(flags.start_s >= 0.0)) {
    return InputError({"--start"}, absl::StrCat("is ", flags.start_s), "seconds, 0 or more");
  }
  if (flags.duration_s && !(*flags.duration_s > 0.0)) {
    return InputError({"--duration"}, absl::StrCat("is ", *flags.duration_s), "seconds above 0");
  }
  if (!(flags.rate_scale > 0.0) || flags.rate_scale > 1e9) {
    return InputError({"--rate-scale"}, absl::StrCat("is ", flags.rate_scale),
                      "a factor above 0; 2 is twice the rate");
  }
  if (flags.limit && *flags.limit < 1) {
    return InputError({"--limit"}, absl::StrCat("is ", *flags.limit), "requests, 1 or more");
  }
  ImportOptions options{.skip_bad_rows = flags.skip_bad_rows,
                        .start = Seconds(flags.start_s),
                        .rate_scale = flags.rate_scale,
                        .limit = flags.limit};
  if (flags.duration_s) options.duration = Seconds(*flags.duration_s);
  return options;
}

absl::Status ImportTrace(const ImportFlags& flags) {
  ASSIGN_OR_RETURN(const TableFormat report, ParseTableFormat(flags.report));
  ASSIGN_OR_RETURN(const TraceFormat format, FindTraceFormat(flags.format));
  ASSIGN_OR_RETURN(const ImportOptions options, OptionsOf(flags));
  ImportResult result;
  {
    Progress progress("per cent read", kPercent);
    ASSIGN_OR_RETURN(result,
                     ImportRequests(format, flags.input, flags.output, options, [&](double share) {
                       progress.Report(static_cast<int>(kPercent * share));
                     }));
  }
  if (result.bad > 0) {
    std::fprintf(stderr, "fleetsim: skipped %lld bad rows; the first: %s\n",
                 static_cast<long long>(result.bad),
                 std::string(result.first_bad.message()).c_str());
  }
  const std::string title =
      absl::StrCat(flags.format, " ", flags.input,
                   flags.output.empty() ? "" : absl::StrCat(" -> ", flags.output));
  return Deliver(RenderImport(result, title, report), "");
}

std::string FormatList() {
  std::string list = "Formats:\n";
  for (const TraceFormat& format : TraceFormats()) {
    absl::StrAppend(&list, "  ", format.name,
                    std::string(14 - std::string(format.name).size(), ' '), format.description,
                    "\n");
  }
  return list;
}

}  // namespace

void AddImportCommand(CLI::App& app, const CommonFlags&, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("import", "Makes a request trace of a published one, and sums it up");
  const auto flags = std::make_shared<ImportFlags>();
  command->add_option("FORMAT", flags->format, "Its form, see below")->required();
  command->add_option("IN", flags->input, "The published file, may be gzip or xz")->required();
  command->add_option("--output,-o", flags->output,
                      "The trace to write; without: the summary alone");
  command->add_option("--format", flags->report, "Of the summary: text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_flag("--skip-bad-rows", flags->skip_bad_rows,
                    "Leave out rows that are wrong, and count them");
  command->add_option("--start", flags->start_s, "Leave out what comes before, s")
      ->capture_default_str();
  command->add_option("--duration", flags->duration_s, "Length of the part that is taken, s");
  command
      ->add_option("--rate-scale", flags->rate_scale, "Let requests arrive so many times as fast")
      ->capture_default_str();
  command->add_option("--limit", flags->limit, "Take so many requests at most");
  command->footer(
      FormatList() +
      "\nExample:\n  fleetsim import mooncake workloads/traces/mooncake.jsonl -o mooncake.trace");
  command->callback([flags, &exit_code] {
    const absl::Status status = ImportTrace(*flags);
    exit_code = status.ok() ? 0 : Complain(status);
  });
}

}  // namespace fleetsim
