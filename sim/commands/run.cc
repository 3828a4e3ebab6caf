// fleetsim run: workload and platforms in, report out.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "proto/report.pb.h"
#include "sim/base/digest.h"
#include "sim/base/isolated.h"
#include "sim/commands/command.h"
#include "sim/commands/economics_flags.h"
#include "sim/commands/interrupted_run.h"
#include "sim/commands/serving_platform.h"
#include "sim/economics/economics.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/file.h"
#include "sim/inputs/workload_reader.h"
#include "sim/plan/search.h"
#include "sim/platform/read.h"
#include "sim/report/report.h"
#include "sim/training/resolve.h"
#include "sim/training/sensitivity.h"
#include "sim/training/step.h"

namespace fleetsim {
namespace {

// Candidates of the closed-form search that the simulator judges.
constexpr int kMaxSeeds = 1000000, kMaxSeed = 1000000000;

struct RunFlags {
  std::string workload;
  std::vector<std::string> platforms;
  std::string detail = "folded";
  std::string format = "text";
  std::string output;
  EconomicsOptions economics;
  SeedFlags seeds;
};

// Everything that is read; nothing is read after this but the platform XML by SimGrid.
struct RunInputs {
  Catalog catalog;
  Workload workload;
  std::vector<Fleet> fleets;
  StepOptions step;
  TableFormat format = TableFormat::kText;
};

absl::StatusOr<RunInputs> ReadInputs(const RunFlags& flags, const CommonFlags& common) {
  RunInputs inputs;
  ASSIGN_OR_RETURN(inputs.format, ParseTableFormat(flags.format));
  RETURN_IF_ERROR(CheckOptions(flags.economics));
  inputs.step.detail = flags.detail == "full" ? Detail::kFull : Detail::kFolded;
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(inputs.catalog, ReadCatalog(root));
  ASSIGN_OR_RETURN(inputs.workload, ReadWorkload(flags.workload, ModelsBeside(root)));
  if (const auto prices = FindPrices(inputs.catalog, flags.economics.prices); !prices.ok()) {
    return InputError({.file = "--prices"}, prices.status().message(), "");
  }
  for (const std::string& path : flags.platforms) {
    ASSIGN_OR_RETURN(Fleet fleet, ReadFleet(path, inputs.catalog));
    inputs.fleets.push_back(std::move(fleet));
  }
  return inputs;
}

const char* NameOf(Recompute recompute) {
  switch (recompute) {
    case Recompute::kNone:
      return "none";
    case Recompute::kSelective:
      return "selective";
    case Recompute::kFull:
      break;
  }
  return "full";
}

// What a fine-tuning job trains, in words; empty for pre-training.
std::string DescribeTuning(const PretrainJob& job) {
  if (!job.tuning) return "";
  const Trainable& trainable = job.tuning->trainable;
  std::string text = trainable.HasAdapters()
                         ? absl::StrCat("LoRA of rank ", trainable.adapter_rank, " on ",
                                        absl::StrJoin(trainable.adapter_modules, ", "))
                         : "full fine-tuning";
  if (trainable.frozen_layers > 0) {
    absl::StrAppend(&text, ", first ", trainable.frozen_layers, " layers frozen");
  }
  if (!trainable.Everything()) {
    absl::StrAppend(&text, ", frozen weights in ", FrozenStorageName(trainable.storage));
  }
  if (job.tuning->preference) {
    absl::StrAppend(&text, ", preference pairs with ",
                    trainable.reference_pass ? "a reference pass" : "reference precomputed");
  }
  if (job.tuning->lengths) absl::StrAppend(&text, job.tuning->packed ? ", packed" : ", padded");
  return text;
}

JobDescription Describe(const Job& job, const Fleet& fleet) {
  const PretrainJob& pretrain = job.pretrain;
  JobDescription description{.job = job.id,
                             .platform = fleet.name,
                             .platform_file = fleet.file,
                             .model = pretrain.model.name,
                             .parameters = CountParameters(pretrain.model).Total(),
                             .stack = pretrain.stack,
                             .precision = DataTypeName(pretrain.precision),
                             .recompute = NameOf(pretrain.recompute),
                             .sequence_length = pretrain.sequence_length,
                             .global_batch_sequences = pretrain.global_batch,
                             .tuning = DescribeTuning(pretrain)};
  if (pretrain.tuning) {
    description.trainable_parameters =
        TrainableParameters(pretrain.model, pretrain.tuning->trainable);
  }
  return description;
}

// Tokens of the whole run as steps count them, padding included. Fine-tuning states its size in
// examples, or in tokens without padding.
std::optional<double> RunTokens(const PretrainJob& job, const TrainingSpec& spec,
                                const StepResult& step) {
  if (!job.tuning) return job.tokens;
  if (job.tokens) return *job.tokens / step.real_tokens * step.tokens;
  if (!job.tuning->examples) return std::nullopt;
  const double sequences = *job.tuning->examples * job.tuning->epochs *
                           (job.tuning->preference ? 2.0 : 1.0) / spec.rows.examples;
  return sequences / spec.GlobalBatch() * step.tokens;
}

struct Simulated {
  TrainingSpec spec;
  StepResult step;
};

// The job's own strategy, or the best of a short list.
absl::StatusOr<Simulated> SimulateJob(const Job& job, const RunInputs& inputs, const Fleet& fleet,
                                      Simulation& simulation) {
  if (job.pretrain.parallelism) {
    ASSIGN_OR_RETURN(const TrainingSpec spec,
                     Resolve(job, *job.pretrain.parallelism, fleet, inputs.catalog));
    ASSIGN_OR_RETURN(StepResult step,
                     SimulateStep(spec, fleet, inputs.catalog, inputs.step, simulation));
    return Simulated{spec, std::move(step)};
  }
  ASSIGN_OR_RETURN(const std::vector<Candidate> candidates,
                   SearchStrategies(job, fleet, inputs.catalog, kShortList));
  std::optional<Simulated> best;
  for (const Candidate& candidate : candidates) {
    ASSIGN_OR_RETURN(StepResult step,
                     SimulateStep(candidate.spec, fleet, inputs.catalog, inputs.step, simulation));
    if (!best || step.duration < best->step.duration) best = Simulated{candidate.spec, step};
  }
  best->step.assumptions.push_back(
      {absl::StrCat(
           "strategy searched: closed form over everything that fits, simulation of the "
           "best few",
           best->spec.strategy.optimizer_offload > 0.0 ? "; the optimizer in host memory" : ""),
       "estimated", "docs/step.md"});
  return *std::move(best);
}

absl::StatusOr<proto::JobResult> RunJob(const Job& job, const RunInputs& inputs,
                                        const RunFlags& flags, Fleet& fleet,
                                        Simulation& simulation) {
  ASSIGN_OR_RETURN(const Simulated simulated, SimulateJob(job, inputs, fleet, simulation));
  ASSIGN_OR_RETURN(
      const std::vector<ResourceWorth> worths,
      MeasureSensitivities(simulated.spec, simulated.step, fleet, inputs.catalog, simulation));
  std::vector<Sensitivity> sensitivities;
  for (const ResourceWorth& worth : worths) sensitivities.push_back({worth.resource, worth.gain});
  EconomicsInput charged{.step = &simulated.step,
                         .fleet = &fleet,
                         .catalog = &inputs.catalog,
                         .tokens = RunTokens(job.pretrain, simulated.spec, simulated.step)};
  StepResult mean_step;
  ASSIGN_OR_RETURN(
      const std::optional<InterruptedRun> run,
      SimulateInterruptions(job, simulated.spec, flags.seeds, flags.economics, charged, mean_step));
  ASSIGN_OR_RETURN(EconomicsResult economics, ComputeEconomics(charged, flags.economics));
  if (run) {
    economics.assumptions.insert(economics.assumptions.begin(), run->resolved.assumptions.begin(),
                                 run->resolved.assumptions.end());
  }
  proto::JobResult result =
      BuildJobResult(Describe(job, fleet), fleet, simulated.step, economics, sensitivities);
  if (run) *result.mutable_run() = BuildRunStatistics(*run);
  return result;
}

// All training jobs on one platform; a serialized report of their results.
absl::StatusOr<std::string> RunPlatform(const RunInputs& inputs, const RunFlags& flags,
                                        Fleet fleet) {
  proto::Report report;
  ASSIGN_OR_RETURN(const std::unique_ptr<Simulation> simulation, Simulation::Load(fleet));
  for (const Job& job : inputs.workload.jobs) {
    if (job.serving) continue;
    const absl::StatusOr<proto::JobResult> result = RunJob(job, inputs, flags, fleet, *simulation);
    *report.add_results() =
        result.ok() ? *result : BuildFailure(Describe(job, fleet), result.status());
  }
  return report.SerializeAsString();
}

// A process for each platform, and one more for its serving jobs where there are both kinds.
struct Tasks {
  std::vector<IsolatedTask> tasks;
  std::vector<std::string> platforms;  // file of each
};

Tasks TasksOf(const RunInputs& inputs, const RunFlags& flags) {
  const auto& jobs = inputs.workload.jobs;
  const auto serves = [](const Job& job) { return job.serving.has_value(); };
  Tasks result;
  for (const Fleet& fleet : inputs.fleets) {
    if (!std::all_of(jobs.begin(), jobs.end(), serves)) {
      result.tasks.push_back([&] { return RunPlatform(inputs, flags, fleet); });
      result.platforms.push_back(fleet.file);
    }
    if (std::any_of(jobs.begin(), jobs.end(), serves)) {
      result.tasks.push_back(
          [&] { return RunServingJobs(inputs.workload, inputs.catalog, flags.economics, fleet); });
      result.platforms.push_back(fleet.file);
    }
  }
  return result;
}

// In the workload's order of jobs; of a job, in that of the platforms.
absl::StatusOr<std::vector<proto::JobResult>> Collect(
    const std::vector<absl::StatusOr<std::string>>& outputs,
    const std::vector<std::string>& platforms, const Workload& workload) {
  std::vector<proto::JobResult> results;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].ok()) {
      return absl::Status(
          outputs[i].status().code(),
          absl::StrCat(platforms[i], ": ", std::string(outputs[i].status().message())));
    }
    proto::Report report;
    if (!report.ParseFromString(*outputs[i])) return absl::InternalError("lost a result");
    results.insert(results.end(), report.results().begin(), report.results().end());
  }
  const auto place = [&workload](const proto::JobResult& result) {
    const auto named = [&result](const Job& job) { return job.id == result.job(); };
    return std::find_if(workload.jobs.begin(), workload.jobs.end(), named);
  };
  std::stable_sort(results.begin(), results.end(),
                   [&place](const auto& a, const auto& b) { return place(a) < place(b); });
  return results;
}

// Wrong input on any platform ends the run, and so does a run of which nothing came: there is no
// report to write. What fails on some platforms only stands in the report beside the others.
absl::Status CheckResults(const std::vector<proto::JobResult>& results) {
  std::vector<std::string> reasons;
  bool done = false, failed = false;
  for (const proto::JobResult& result : results) {
    if (result.outcome() == proto::JobResult::BAD_INPUT) {
      return absl::InvalidArgumentError(result.reason());
    }
    done = done || result.outcome() == proto::JobResult::DONE;
    failed = failed || result.outcome() == proto::JobResult::FAILED;
    reasons.push_back(
        absl::StrCat("job ", result.job(), " on ", result.platform(), ": ", result.reason()));
  }
  if (done) return absl::OkStatus();
  const std::string all = absl::StrJoin(reasons, "; ");
  return failed ? absl::InternalError(all) : Infeasible(all);
}

absl::StatusOr<int> Run(const RunFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const RunInputs inputs, ReadInputs(flags, common));
  const Tasks tasks = TasksOf(inputs, flags);
  std::vector<absl::StatusOr<std::string>> outputs;
  {
    Progress progress("platforms simulated", static_cast<int>(tasks.tasks.size()));
    outputs =
        RunIsolated(tasks.tasks, AvailableProcessors(), [&](int done) { progress.Report(done); });
  }
  ASSIGN_OR_RETURN(const std::vector<proto::JobResult> results,
                   Collect(outputs, tasks.platforms, inputs.workload));
  RETURN_IF_ERROR(CheckResults(results));
  std::vector<InputFile> files;
  ASSIGN_OR_RETURN(const std::string content, ReadFile(flags.workload));
  files.push_back({"workload", flags.workload, Digest(content)});
  for (const Fleet& fleet : inputs.fleets) files.push_back({"platform", fleet.file, fleet.digest});
  const proto::Report report = BuildReport(inputs.workload.name, files, results);
  ASSIGN_OR_RETURN(const std::string text, RenderReport(report, inputs.format));
  RETURN_IF_ERROR(Deliver(text, flags.output));
  return ExitCode(report);
}

}  // namespace

void AddRunCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Simulates a workload on one or more platforms");
  const auto flags = std::make_shared<RunFlags>();
  command->add_option("WORKLOAD", flags->workload, "Workload file (textproto or binary)")
      ->required();
  command->add_option("--platform,-p", flags->platforms, "Platform file; several for a comparison")
      ->required()
      ->type_name("XML");
  command->add_option("--detail", flags->detail, "folded: one replica; full: every worker")
      ->check(CLI::IsMember({"folded", "full"}))
      ->capture_default_str();
  command->add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "File instead of standard output");
  command
      ->add_option("--seeds", flags->seeds.seeds,
                   "Runs with failures to simulate (the job's reliability, or the catalog's)")
      ->check(CLI::Range(1, kMaxSeeds));
  command->add_option("--seed", flags->seeds.first, "Seed of the first of them")
      ->check(CLI::Range(0, kMaxSeed))
      ->capture_default_str();
  AddEconomicsFlags(*command, flags->economics);
  command->footer(
      "Example:\n  fleetsim run workloads/pretrain/llama3.1-405b.textproto \\\n"
      "    --platform platforms/h100-16k-ndr.xml --platform platforms/h20-16k-roce.xml");
  command->callback([flags, &common, &exit_code] {
    const absl::StatusOr<int> code = Run(*flags, common);
    exit_code = code.ok() ? *code : Complain(code.status());
  });
}

}  // namespace fleetsim
