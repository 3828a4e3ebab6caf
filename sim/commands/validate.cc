// fleetsim validate: measured runs in, errors of the simulator out.
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/base/isolated.h"
#include "sim/commands/command.h"
#include "sim/inputs/cases_reader.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/report/accuracy_report.h"
#include "sim/validation/simulate_cases.h"

namespace fleetsim {
namespace {

struct ValidateFlags {
  std::string cases;
  std::string families, grades, metric;
  std::string format = "text";
  std::string output, plot;
  std::optional<double> max_mean_error;  // %
  bool summary = false;
};

std::set<std::string> Words(const std::string& list) {
  return absl::StrSplit(list, ',', absl::SkipEmpty());
}

bool Wanted(const std::set<std::string>& words, const std::string& word) {
  return words.empty() || words.count(word) > 0;
}

// `metric` is "speed", "memory" or a metric's own name.
bool WantedMetric(const std::string& metric, const Measurement& measurement) {
  const MetricClass kind = ClassOf(measurement.metric);
  if (metric.empty() || metric == measurement.metric) return true;
  return (metric == "speed" && kind == MetricClass::kSpeed) ||
         (metric == "memory" && kind == MetricClass::kMemory);
}

absl::StatusOr<std::vector<MeasuredCase>> SelectCases(const ValidateFlags& flags) {
  ASSIGN_OR_RETURN(const std::vector<MeasuredCase> all, ReadCases(flags.cases));
  const std::set<std::string> families = Words(flags.families);
  const std::set<std::string> grades = Words(flags.grades);
  std::vector<MeasuredCase> selected;
  for (const MeasuredCase& measured : all) {
    if (!Wanted(families, measured.family) || !Wanted(grades, measured.grade)) continue;
    MeasuredCase kept = measured;
    kept.measurements.clear();
    for (const Measurement& measurement : measured.measurements) {
      if (WantedMetric(flags.metric, measurement)) kept.measurements.push_back(measurement);
    }
    if (!kept.measurements.empty()) selected.push_back(kept);
  }
  if (selected.empty()) {
    return InputError({flags.cases, 0, ""}, "no case is of this family, grade and metric",
                      "values that stand in the columns of these names");
  }
  return selected;
}

absl::Status Plot(const std::vector<CaseResult>& results, const std::string& path) {
  const std::string temporary = path + ".part";
  FILE* gnuplot = popen("gnuplot 2>/dev/null", "w");
  if (gnuplot == nullptr) return absl::InternalError("cannot start gnuplot");
  const std::string script = ParityPlot(results, temporary);
  std::fwrite(script.data(), 1, script.size(), gnuplot);
  if (pclose(gnuplot) != 0) {
    std::remove(temporary.c_str());
    return absl::InternalError(
        absl::StrCat("gnuplot could not write ", path, "; install Debian's gnuplot-nox"));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return absl::InternalError(absl::StrCat("cannot write ", path));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Validate(const ValidateFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(const Catalog catalog, ReadCatalog(root));
  ASSIGN_OR_RETURN(const Models models, ReadModels(ModelsBeside(root)));
  ASSIGN_OR_RETURN(const std::vector<MeasuredCase> cases, SelectCases(flags));
  std::vector<CaseResult> results;
  {
    Progress progress("cases simulated", static_cast<int>(cases.size()));
    results = SimulateCases(cases, catalog, models, AvailableProcessors(),
                            [&](int done) { progress.Report(done); });
  }
  const bool short_text = flags.summary && format == TableFormat::kText;
  RETURN_IF_ERROR(Deliver(
      short_text ? FamilyTable(results).Text() : RenderAccuracy(results, format), flags.output));
  if (!flags.plot.empty()) RETURN_IF_ERROR(Plot(results, flags.plot));
  const double mean = 100.0 * Overall(results).mean;
  if (flags.max_mean_error && !(mean <= *flags.max_mean_error)) {
    absl::FPrintF(stderr, "fleetsim: mean error %.2f %% is above the limit of %.2f %%\n", mean,
                  *flags.max_mean_error);
    return 1;
  }
  return 0;
}

}  // namespace

void AddValidateCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("validate", "Compares simulated with measured training runs");
  const auto flags = std::make_shared<ValidateFlags>();
  command->add_option("CASES", flags->cases, "CSV of measured runs; columns in docs/validate.md")
      ->required();
  command->add_option("--family", flags->families, "Families to take, separated by commas");
  command->add_option("--grade", flags->grades, "Grades to take: A,B,C");
  command->add_option("--metric", flags->metric, "speed, memory or a metric of the table");
  command->add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "File instead of standard output");
  command->add_option("--plot", flags->plot, "Parity plot to write, SVG; takes gnuplot");
  command->add_option("--max-mean-error", flags->max_mean_error,
                      "Exit with 1 if the mean error over all comparisons is above so many %");
  command->add_flag("--summary", flags->summary, "Text: the table by family alone");
  command->footer(
      "Example:\n  fleetsim validate tests/validation/training.csv --grade A --metric speed");
  command->callback([flags, &common, &exit_code] {
    const absl::StatusOr<int> code = Validate(*flags, common);
    exit_code = code.ok() ? *code : Complain(code.status());
  });
}

}  // namespace fleetsim
