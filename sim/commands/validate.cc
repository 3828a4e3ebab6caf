// fleetsim validate: measured runs in, errors of the simulator out.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "sim/base/isolated.h"
#include "sim/commands/command.h"
#include "sim/commands/gnuplot.h"
#include "sim/inputs/cases_reader.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/file.h"
#include "sim/inputs/model_reader.h"
#include "sim/inputs/ratios_reader.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/report/accuracy_report.h"
#include "sim/report/ratio_report.h"
#include "sim/validation/simulate_cases.h"
#include "sim/validation/simulate_serving.h"

namespace fleetsim {
namespace {

struct ValidateFlags {
  std::string cases;
  std::string families, grades, metric;
  std::string format = "text";
  std::string output, plot, ratios;
  std::optional<double> max_mean_error;  // %
  bool summary = false;
};

std::set<std::string> Words(const std::string& list) {
  return absl::StrSplit(list, ',', absl::SkipEmpty());
}

bool Wanted(const std::set<std::string>& words, const std::string& word) {
  return words.empty() || words.count(word) > 0;
}

// `metric` is a kind ("speed", "power") or a metric's own name, which may be that of a kind too.
bool WantedMetric(const std::string& metric, const Measurement& measurement) {
  return metric.empty() || metric == measurement.metric ||
         metric == MetricClassName(ClassOf(measurement.metric));
}

absl::Status NothingSelected(const ValidateFlags& flags) {
  return InputError({flags.cases, 0, ""}, "no case is of this family, grade and metric",
                    "values that stand in the columns of these names");
}

bool WantedOrigin(const ValidateFlags& flags, const MeasuredCase& measured) {
  return Wanted(Words(flags.families), measured.family) &&
         Wanted(Words(flags.grades), measured.grade);
}

absl::StatusOr<std::vector<MeasuredCase>> SelectCases(const ValidateFlags& flags) {
  ASSIGN_OR_RETURN(const std::vector<MeasuredCase> all, ReadCases(flags.cases));
  std::vector<MeasuredCase> selected;
  for (const MeasuredCase& measured : all) {
    if (!WantedOrigin(flags, measured)) continue;
    MeasuredCase kept = measured;
    bool any = false;
    for (Measurement& measurement : kept.measurements) {
      RETURN_IF_ERROR(CheckUnit(flags.cases, measurement));
      measurement.wanted = WantedMetric(flags.metric, measurement);
      any = any || measurement.wanted;
    }
    if (any) selected.push_back(kept);
  }
  if (selected.empty()) return NothingSelected(flags);
  return selected;
}

// By metric where it is a metric's own name; a kind is selected from the results (KeepKind).
absl::StatusOr<std::vector<ServingCase>> SelectServing(const ValidateFlags& flags) {
  ASSIGN_OR_RETURN(const std::vector<ServingCase> all, ReadServingCases(flags.cases));
  std::vector<ServingCase> selected;
  for (const ServingCase& point : all) {
    if (WantedOrigin(flags, point.measured)) selected.push_back(point);
  }
  if (selected.empty()) return NothingSelected(flags);
  return selected;
}

void KeepKind(const std::string& metric, std::vector<CaseResult>& results) {
  if (metric.empty()) return;
  for (CaseResult& result : results) {
    std::erase_if(result.comparisons, [&](const Comparison& comparison) {
      return metric != comparison.metric && metric != MetricClassName(comparison.kind);
    });
  }
  std::erase_if(results, [](const CaseResult& result) {
    return result.comparisons.empty() && result.reason.empty();
  });
}

absl::Status CheckLimit(const ValidateFlags& flags) {
  if (!flags.max_mean_error || *flags.max_mean_error >= 0.0) return absl::OkStatus();
  return InputError({.file = "--max-mean-error"}, absl::StrCat("is ", *flags.max_mean_error),
                    "per cent, 0 or more");
}

// Exit code of results held against the limit.
int Judge(const std::vector<CaseResult>& results, std::optional<double> limit) {
  if (!limit) return 0;
  const ErrorSummary all = Overall(results);
  if (all.count == 0) {
    std::fputs("fleetsim: no case could be simulated, so no limit is held\n", stderr);
    return 1;
  }
  if (100.0 * all.mean <= *limit) return 0;
  absl::FPrintF(stderr, "fleetsim: mean error %.2f %% is above the limit of %.2f %%\n",
                100.0 * all.mean, *limit);
  return 1;
}

// The ratios of the file that --ratios names; none without it.
absl::StatusOr<std::vector<MeasuredRatio>> RatiosOf(const ValidateFlags& flags,
                                                    const std::vector<MeasuredCase>& cases) {
  if (flags.ratios.empty()) return std::vector<MeasuredRatio>();
  return ReadRatios(flags.ratios, cases);
}

// What is shown and judged, of results that point into cases which the caller holds.
absl::StatusOr<int> Show(const ValidateFlags& flags, TableFormat format,
                         const std::vector<MeasuredRatio>& wanted,
                         const std::vector<CaseResult>& results) {
  if (!flags.plot.empty()) {
    ASSIGN_OR_RETURN(const std::string plot,
                     DrawPlot([&](const std::string& path) { return ParityPlot(results, path); }));
    RETURN_IF_ERROR(Deliver(plot, flags.plot));
  }
  const std::vector<RatioResult> ratios = CompareRatios(wanted, results);
  const bool short_text = flags.summary && format == TableFormat::kText;
  const std::string summary =
      FamilyTable(results).Text() + (ratios.empty() ? "" : "\n" + RatioTable(ratios).Text());
  RETURN_IF_ERROR(
      Deliver(short_text ? summary : RenderAccuracy(results, format, ratios), flags.output));
  return Judge(results, flags.max_mean_error);
}

absl::StatusOr<int> ValidateServing(const ValidateFlags& flags, TableFormat format,
                                    const Catalog& catalog, const Models& models) {
  ASSIGN_OR_RETURN(const std::vector<ServingCase> points, SelectServing(flags));
  std::vector<MeasuredCase> cases;
  for (const ServingCase& point : points) cases.push_back(point.measured);
  ASSIGN_OR_RETURN(const std::vector<MeasuredRatio> wanted, RatiosOf(flags, cases));
  std::vector<CaseResult> results;
  {
    Progress progress("points simulated", static_cast<int>(points.size()));
    results = SimulateServingCases(points, catalog, models, AvailableProcessors(),
                                   [&](int done) { progress.Report(done); });
  }
  KeepKind(flags.metric, results);
  return Show(flags, format, wanted, results);
}

absl::StatusOr<int> ValidateTraining(const ValidateFlags& flags, TableFormat format,
                                     const Catalog& catalog, const Models& models) {
  ASSIGN_OR_RETURN(const std::vector<MeasuredCase> cases, SelectCases(flags));
  std::vector<MeasuredCase> all;
  if (!flags.ratios.empty()) {
    ASSIGN_OR_RETURN(all, ReadCases(flags.cases));
  }
  ASSIGN_OR_RETURN(const std::vector<MeasuredRatio> wanted, RatiosOf(flags, all));
  std::vector<CaseResult> results;
  {
    Progress progress("cases simulated", static_cast<int>(cases.size()));
    results = SimulateCases(cases, catalog, models, AvailableProcessors(),
                            [&](int done) { progress.Report(done); });
  }
  return Show(flags, format, wanted, results);
}

absl::StatusOr<int> Validate(const ValidateFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  RETURN_IF_ERROR(CheckLimit(flags));
  ASSIGN_OR_RETURN(const bool serving, IsServingTable(flags.cases));
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(const Catalog catalog, ReadCatalog(root));
  ASSIGN_OR_RETURN(const Models models, ReadModels(ModelsBeside(root)));
  return serving ? ValidateServing(flags, format, catalog, models)
                 : ValidateTraining(flags, format, catalog, models);
}

}  // namespace

void AddValidateCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "validate", "Compares simulated with measured training runs or serving points");
  const auto flags = std::make_shared<ValidateFlags>();
  command->add_option("CASES", flags->cases, "CSV of measured runs; columns in docs/validate.md")
      ->required();
  command->add_option("--family", flags->families, "Families to take, separated by commas");
  command->add_option("--grade", flags->grades, "Grades to take: A,B,C");
  command->add_option(
      "--metric", flags->metric,
      "A kind (speed, memory, power, energy, run, nameplate; of serving: fixed batch, throughput, "
      "ttft, tpot, latency, power, kernel) or a metric of the table");
  command->add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "File instead of standard output");
  command->add_option("--plot", flags->plot, "Parity plot to write, SVG; takes gnuplot");
  command->add_option("--max-mean-error", flags->max_mean_error,
                      "Exit with 1 if the mean error over all comparisons is above so many %");
  command->add_option("--ratios", flags->ratios,
                      "CSV of pairs of cases whose ratio is compared; columns in docs/validate.md");
  command->add_flag("--summary", flags->summary, "Text: the table by family alone");
  command->footer(
      "Examples:\n  fleetsim validate tests/validation/training.csv --grade A --metric speed\n"
      "  fleetsim validate tests/validation/training.csv --ratios tests/validation/ratios.csv "
      "--summary");
  command->callback([flags, &common, &exit_code] {
    const absl::StatusOr<int> code = Validate(*flags, common);
    exit_code = code.ok() ? *code : Complain(code.status());
  });
}

}  // namespace fleetsim
