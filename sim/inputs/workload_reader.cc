#include "sim/inputs/workload_reader.h"

#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "proto/workload.pb.h"
#include "sim/inputs/field_check.h"
#include "sim/inputs/fine_tune_reader.h"
#include "sim/inputs/method_reader.h"
#include "sim/inputs/model_reader.h"
#include "sim/inputs/parallelism_check.h"
#include "sim/inputs/precision_reader.h"
#include "sim/inputs/reliability_reader.h"
#include "sim/inputs/serving_reader.h"

namespace fleetsim {
namespace {

// Far beyond anything planned: what exceeds them is a slip of the pen.
constexpr double kMaxTokens = 1e18;
constexpr double kMaxSequenceLength = 1e9;
constexpr double kMaxBatchSequences = 1e9;
constexpr double kMaxSubmitTime = 1e12;

absl::StatusOr<Recompute> ReadRecompute(const FieldCheck& check,
                                        proto::Pretrain::Recompute recompute) {
  switch (recompute) {
    case proto::Pretrain::NONE:
      return Recompute::kNone;
    case proto::Pretrain::SELECTIVE:
      return Recompute::kSelective;
    case proto::Pretrain::FULL:
      return Recompute::kFull;
    default:
      return check.Wrong("recompute", "is missing", "give NONE, SELECTIVE or FULL");
  }
}

template <class T>
std::optional<T> Optional(bool given, T value) {
  return given ? std::optional<T>(value) : std::nullopt;
}

ParallelismRequest ReadParallelism(const proto::Parallelism& entry) {
  const auto or_one = [](bool given, int value) { return given ? value : 1; };
  ParallelismRequest request;
  request.tensor = or_one(entry.has_tensor(), entry.tensor());
  request.pipeline = or_one(entry.has_pipeline(), entry.pipeline());
  request.context = or_one(entry.has_context(), entry.context());
  request.virtual_stages = or_one(entry.has_virtual_stages(), entry.virtual_stages());
  request.micro_batch = or_one(entry.has_micro_batch_sequences(), entry.micro_batch_sequences());
  request.data = Optional<int>(entry.has_data(), entry.data());
  request.sequence_parallel =
      Optional<bool>(entry.has_sequence_parallel(), entry.sequence_parallel());
  request.chunk_layers.assign(entry.chunk_layers().begin(), entry.chunk_layers().end());
  request.zero_stage = Optional<int>(entry.has_zero_stage(), entry.zero_stage());
  request.optimizer_shards = Optional<int>(entry.has_optimizer_shards(), entry.optimizer_shards());
  ReadMethods(entry, request);
  request.expert = or_one(entry.has_expert(), entry.expert());
  request.expert_tensor = Optional<int>(entry.has_expert_tensor(), entry.expert_tensor());
  if (entry.has_expert_load_ratio()) request.expert_load = entry.expert_load_ratio();
  request.dual_pipe = entry.dual_pipe();
  return request;
}

// A path in a workload is meant as seen from the workload's folder.
absl::StatusOr<Architecture> LookUpModel(const FieldCheck& check, const std::string& workload_path,
                                         const std::string& name, const std::string& models_root) {
  RETURN_IF_ERROR(check.Given("model", !name.empty(),
                              "give a model's name, or a path to a textproto or config.json"));
  const auto beside = std::filesystem::path(workload_path).parent_path() / name;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(beside, ignored)) return ReadModelFile(beside.string());
  absl::StatusOr<Architecture> model = FindModel(name, models_root);
  if (model.status().code() == absl::StatusCode::kNotFound) {
    return InputError(check.At("model"), model.status().message(), "");
  }
  return model;
}

absl::Status CheckSequence(const FieldCheck& check, const PretrainJob& job) {
  if (job.model.positions != Positions::kLearned ||
      job.sequence_length <= job.model.max_positions) {
    return absl::OkStatus();
  }
  return check.Wrong("sequence_length", absl::StrCat("is ", job.sequence_length),
                     absl::StrCat("the model's position table ends at ", job.model.max_positions));
}

absl::StatusOr<PretrainJob> ReadPretrain(const FieldCheck& check, const std::string& path,
                                         const proto::Pretrain& entry,
                                         const std::string& models_root) {
  PretrainJob job;
  ASSIGN_OR_RETURN(job.model, LookUpModel(check, path, entry.model(), models_root));
  if (entry.has_tokens()) {
    RETURN_IF_ERROR(check.InRange("tokens", entry.tokens(), 1, kMaxTokens));
    job.tokens = entry.tokens();
  }
  RETURN_IF_ERROR(check.InRange("sequence_length", entry.sequence_length(), 1, kMaxSequenceLength));
  job.sequence_length = entry.sequence_length();
  RETURN_IF_ERROR(CheckSequence(check, job));
  RETURN_IF_ERROR(check.InRange("global_batch_sequences", entry.global_batch_sequences(), 1,
                                kMaxBatchSequences));
  job.global_batch = entry.global_batch_sequences();
  ASSIGN_OR_RETURN(job.precision, ReadPrecision(check, entry.precision()));
  if (entry.has_precision_recipe()) {
    ASSIGN_OR_RETURN(job.recipe,
                     ReadPrecisionRecipe(check.Inside("precision_recipe"), entry.precision_recipe(),
                                         job.precision, job.model.layers));
  }
  ASSIGN_OR_RETURN(job.recompute, ReadRecompute(check, entry.recompute()));
  for (const std::string& name : entry.recompute_module()) {
    if (job.recompute != Recompute::kSelective ||
        !AddRecomputeModule(name, job.recompute_modules)) {
      return check.Wrong("recompute_module", absl::StrCat("is \"", name, "\""),
                         absl::StrCat("with recompute SELECTIVE, give ", kRecomputeModuleNames));
    }
  }
  RETURN_IF_ERROR(check.Given("stack", !entry.stack().empty(), "give a software stack's name"));
  job.stack = entry.stack();
  if (entry.has_parallelism()) {
    job.parallelism = ReadParallelism(entry.parallelism());
    RETURN_IF_ERROR(CheckParallelism(check.Inside("parallelism"), job, *job.parallelism));
  }
  return job;
}

absl::StatusOr<ServingJob> ReadServing(const FieldCheck& check, const std::string& path,
                                       const proto::Job& entry, const std::string& models_root) {
  const FieldCheck serve = check.Inside("serve");
  if (entry.has_reliability()) {
    return check.Wrong("reliability", "is given with serve",
                       "give serve.failures: instances that stop");
  }
  ASSIGN_OR_RETURN(Architecture model,
                   LookUpModel(serve, path, entry.serve().model(), models_root));
  return ReadServe(serve, path, entry.serve(), std::move(model), models_root);
}

absl::StatusOr<Job> ReadJob(const FieldCheck& check, const std::string& path,
                            const proto::Job& entry, const std::string& models_root) {
  Job job;
  RETURN_IF_ERROR(check.Given("id", !entry.id().empty(), "give each job an id of its own"));
  job.id = entry.id();
  RETURN_IF_ERROR(check.InRange("submit_time_s", entry.submit_time_s(), 0, kMaxSubmitTime));
  job.submit_time = Seconds(entry.submit_time_s());
  if (entry.has_serve()) {
    ASSIGN_OR_RETURN(job.serving, ReadServing(check, path, entry, models_root));
    job.places.job = check.At("");
    return job;
  }
  const bool tunes = entry.has_fine_tune();
  RETURN_IF_ERROR(
      check.Given("pretrain", entry.has_pretrain() || tunes, "give what the job is to do"));
  const FieldCheck pretrain =
      tunes ? check.Inside("fine_tune").Inside("training") : check.Inside("pretrain");
  ASSIGN_OR_RETURN(
      job.pretrain,
      ReadPretrain(pretrain, path, tunes ? entry.fine_tune().training() : entry.pretrain(),
                   models_root));
  if (tunes) {
    ASSIGN_OR_RETURN(job.pretrain.tuning,
                     ReadFineTuning(check.Inside("fine_tune"), path, entry.fine_tune(),
                                    job.pretrain, models_root));
  }
  job.places = {.job = check.At(""),
                .precision = pretrain.At("precision"),
                .stack = pretrain.At("stack"),
                .parallelism = pretrain.At("parallelism"),
                .recipe = pretrain.At("precision_recipe")};
  if (entry.has_reliability()) {
    ASSIGN_OR_RETURN(job.reliability,
                     ReadReliability(check.Inside("reliability"), entry.reliability()));
  }
  return job;
}

}  // namespace

absl::StatusOr<Workload> ReadWorkload(const std::string& path, const std::string& models_root) {
  proto::Workload entry;
  ASSIGN_OR_RETURN(const FieldLines lines, ParseProtoFile(path, &entry));
  const FieldCheck check(path, lines);
  Workload workload;
  workload.file = path;
  workload.name = entry.name().empty() ? std::filesystem::path(path).stem().string() : entry.name();
  RETURN_IF_ERROR(check.Given("jobs", entry.jobs_size() > 0, "give at least one job"));
  std::map<std::string, std::string> owners;
  for (int i = 0; i < entry.jobs_size(); ++i) {
    const FieldCheck here = check.Inside(absl::StrCat("jobs[", i, "]"));
    ASSIGN_OR_RETURN(Job job, ReadJob(here, path, entry.jobs(i), models_root));
    const auto [owner, added] = owners.emplace(job.id, here.At("").field);
    if (!added) {
      return here.Wrong("id", absl::StrCat("\"", job.id, "\" is already the id of ", owner->second),
                        "give each job an id of its own");
    }
    workload.jobs.push_back(std::move(job));
  }
  return workload;
}

}  // namespace fleetsim
