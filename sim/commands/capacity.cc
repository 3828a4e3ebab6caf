// fleetsim capacity: the highest rate that a deployment takes within its objectives, or the fewest
// instances for a rate, over platforms and precisions.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "proto/capacity.pb.h"
#include "proto/serving.pb.h"
#include "sim/base/isolated.h"
#include "sim/commands/command.h"
#include "sim/commands/economics_flags.h"
#include "sim/commands/gnuplot.h"
#include "sim/engine/network.h"
#include "sim/inference/capacity_search.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/file.h"
#include "sim/inputs/serving_precision_reader.h"
#include "sim/inputs/workload_reader.h"
#include "sim/platform/read.h"
#include "sim/report/capacity_report.h"

namespace fleetsim {
namespace {

constexpr int kCurvePoints = 8;
constexpr double kMaxRate = 1e7, kMaxSeconds = 1e6, kMaxRequests = 1e8;

struct CapacityFlags {
  std::string workload;
  std::vector<std::string> platforms, precisions;
  std::optional<double> rate, ttft_s, tpot_s, percentile, requests;
  std::string curve, plot, format = "text", output;
  EconomicsOptions economics;
};

// A precision by the name that was given.
struct NamedPrecision {
  std::string name;
  ServingPrecision precision;
};

struct CapacityInput {
  Catalog catalog;
  Workload workload;
  std::vector<Fleet> fleets;
  std::vector<NamedPrecision> precisions;
  TableFormat format = TableFormat::kText;

  const Job& job() const { return workload.jobs.front(); }
};

// "fp8", "int4:fp8": weights as in the workload's `precision`, and the cache after a colon.
absl::StatusOr<NamedPrecision> ParsePrecision(const std::string& name, const Architecture& model) {
  const std::vector<std::string> parts = absl::StrSplit(absl::AsciiStrToUpper(name), ':');
  const std::string weights = parts[0] == "FP8" ? "FP8_TENSOR" : parts[0];
  const Location flag{.file = "--precision"};
  proto::ServingPrecision entry;
  proto::ServingPrecision::Weights format;
  if (parts.size() > 2 || !proto::ServingPrecision::Weights_Parse(weights, &format)) {
    return InputError(flag, absl::StrCat("\"", name, "\" is no precision"),
                      "give bf16, fp16, fp8, fp8_block, int8, int4, nvfp4 or mxfp4, and the "
                      "cache's after a colon: fp8:fp8");
  }
  entry.set_weights(format);
  if (parts.size() == 2) {
    proto::ServingPrecision::Cache cache;
    if (!proto::ServingPrecision::Cache_Parse(absl::StrCat("KV_", parts[1]), &cache)) {
      return InputError(flag, absl::StrCat("\"", name, "\": no cache in ", parts[1]),
                        "give 16bit, fp8 or int8 after the colon");
    }
    entry.set_cache(cache);
  }
  const FieldLines lines;
  const FieldCheck check("--precision", lines);
  ASSIGN_OR_RETURN(const ServingPrecision precision, ReadServingPrecision(check, entry, model));
  return NamedPrecision{name, precision};
}

absl::Status TakeObjectives(const CapacityFlags& flags, ServingJob& job) {
  Objectives& objectives = job.objectives;
  if (flags.ttft_s) objectives.ttft = Seconds(*flags.ttft_s);
  if (flags.tpot_s) objectives.tpot = Seconds(*flags.tpot_s);
  if (flags.percentile) objectives.percentile = *flags.percentile;
  if (flags.requests) job.traffic.requests = flags.requests;
  if (objectives.ttft || objectives.tpot) return absl::OkStatus();
  return InputError(job.traffic.place, "the job has no objectives",
                    "give it objectives {}, or the command --ttft and --tpot");
}

absl::StatusOr<CapacityInput> ReadInputs(const CapacityFlags& flags, const CommonFlags& common) {
  CapacityInput input;
  ASSIGN_OR_RETURN(input.format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(input.catalog, ReadCatalog(root));
  ASSIGN_OR_RETURN(input.workload, ReadWorkload(flags.workload, ModelsBeside(root)));
  if (input.workload.jobs.size() != 1 || !input.workload.jobs.front().serving) {
    return InputError({.file = flags.workload}, "is not one serving job",
                      "give a workload of one job, jobs { serve { ... } }");
  }
  ServingJob& job = *input.workload.jobs.front().serving;
  RETURN_IF_ERROR(TakeObjectives(flags, job));
  for (const std::string& name : flags.precisions) {
    ASSIGN_OR_RETURN(NamedPrecision precision, ParsePrecision(name, job.model));
    input.precisions.push_back(std::move(precision));
  }
  if (input.precisions.empty()) input.precisions.push_back({"the job's", job.precision});
  for (const std::string& path : flags.platforms) {
    ASSIGN_OR_RETURN(Fleet fleet, ReadFleet(path, input.catalog));
    input.fleets.push_back(std::move(fleet));
  }
  return input;
}

// One platform in one precision; a serialized answer.
absl::StatusOr<std::string> Answer(const CapacityInput& input, const CapacityFlags& flags,
                                   const Fleet& fleet, const NamedPrecision& precision) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Network> network, Network::Load(fleet));
  Job job = input.job();
  job.serving->precision = precision.precision;
  const CapacityInputs inputs{fleet, input.catalog, flags.economics, *network};
  const bool curve = !flags.curve.empty() || !flags.plot.empty();
  const absl::StatusOr<CapacityResult> result =
      flags.rate ? FindFewestInstances(*job.serving, *flags.rate, inputs)
                 : FindHighestRate(*job.serving, inputs, curve ? kCurvePoints : 0);
  if (!result.ok() && result.status().code() == absl::StatusCode::kInvalidArgument) {
    return result.status();
  }
  return BuildCapacityAnswer(job, fleet, precision.name, result, flags.economics.rented)
      .SerializeAsString();
}

absl::StatusOr<proto::CapacityReport> AnswerAll(const CapacityInput& input,
                                                const CapacityFlags& flags) {
  std::vector<IsolatedTask> tasks;
  for (const Fleet& fleet : input.fleets) {
    for (const NamedPrecision& precision : input.precisions) {
      tasks.push_back([&] { return Answer(input, flags, fleet, precision); });
    }
  }
  proto::CapacityReport report;
  report.set_version(FLEETSIM_VERSION);
  report.set_workload(input.workload.name);
  Progress progress("platforms and precisions", static_cast<int>(tasks.size()));
  for (const auto& output :
       RunIsolated(tasks, AvailableProcessors(), [&](int done) { progress.Report(done); })) {
    if (!output.ok()) return output.status();
    if (!report.add_answers()->ParseFromString(*output)) {
      return absl::InternalError("lost a result");
    }
  }
  return report;
}

absl::StatusOr<int> Capacity(const CapacityFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const CapacityInput input, ReadInputs(flags, common));
  ASSIGN_OR_RETURN(const proto::CapacityReport report, AnswerAll(input, flags));
  ASSIGN_OR_RETURN(const std::string text, RenderCapacity(report, input.format));
  if (!flags.curve.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(flags.curve, CapacityCurveCsv(report)));
  }
  if (!flags.plot.empty()) {
    ASSIGN_OR_RETURN(const std::string plot,
                     DrawPlot([&](const std::string& path) { return CapacityPlot(report, path); }));
    RETURN_IF_ERROR(WriteFileAtomically(flags.plot, plot));
  }
  RETURN_IF_ERROR(Deliver(text, flags.output));
  for (const proto::CapacityAnswer& answer : report.answers()) {
    if (answer.has_rate_per_s()) return 0;
  }
  return 1;
}

void AddSearchFlags(CLI::App& command, CapacityFlags& flags) {
  command
      .add_option("--precision", flags.precisions,
                  "Weights, and the cache's after a colon, instead of the job's: "
                  "bf16,fp8:fp8,int8,int4")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--rate", flags.rate,
                  "Requests a second to find the fewest instances for; absent: the highest rate")
      ->check(CLI::Range(1e-9, kMaxRate));
  command.add_option("--ttft", flags.ttft_s, "Objective of the first token, s")
      ->check(CLI::Range(1e-6, kMaxSeconds));
  command.add_option("--tpot", flags.tpot_s, "Objective of a later token, s")
      ->check(CLI::Range(1e-6, kMaxSeconds));
  command
      .add_option("--percentile", flags.percentile, "Of the requests that have to meet them, 0.99")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--requests", flags.requests, "Requests of each simulation")
      ->check(CLI::Range(1.0, kMaxRequests));
}

}  // namespace

void AddCapacityCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "capacity", "Finds the highest rate, or the fewest instances, within the objectives");
  const auto flags = std::make_shared<CapacityFlags>();
  command->add_option("WORKLOAD", flags->workload, "Workload file with one serving job")
      ->required();
  command->add_option("--platform,-p", flags->platforms, "Platform file; several for a comparison")
      ->required()
      ->type_name("XML");
  AddSearchFlags(*command, *flags);
  command->add_option("--curve", flags->curve, "Throughput against latency to write, CSV");
  command->add_option("--plot", flags->plot, "The same as a plot, SVG; takes gnuplot");
  command->add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "File instead of standard output");
  AddEconomicsFlags(*command, flags->economics);
  command->footer(
      "Example:\n  fleetsim capacity workloads/inference/llama3-70b-fp8.textproto \\\n"
      "    --platform platforms/h20-1x8.xml --platform platforms/h200-1x8.xml --precision "
      "bf16,fp8");
  command->callback([flags, &common, &exit_code] {
    const absl::StatusOr<int> code = Capacity(*flags, common);
    exit_code = code.ok() ? *code : Complain(code.status());
  });
}

}  // namespace fleetsim
