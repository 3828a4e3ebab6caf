#include "sim/inputs/parallelism_check.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "sim/inputs/method_reader.h"

namespace fleetsim {
namespace {

constexpr double kMaxDegree = 1'000'000;
constexpr double kMaxAccelerators = 100'000'000;
constexpr double kMaxExpertLoad = 100;

// Message of a degree that must divide something of the model or the job.
absl::Status CheckDivides(const FieldCheck& check, const char* field, int degree,
                          absl::string_view whole_name, int whole) {
  if (whole % degree == 0) return absl::OkStatus();
  return check.Wrong(field, absl::StrCat("is ", degree),
                     absl::StrCat("give a divisor of ", whole_name, ", which is ", whole));
}

absl::Status CheckDegrees(const FieldCheck& check, const ParallelismRequest& request) {
  const struct {
    const char* field;
    int degree;
  } kDegrees[] = {{"tensor", request.tensor},
                  {"pipeline", request.pipeline},
                  {"context", request.context},
                  {"data", request.data.value_or(1)},
                  {"virtual_stages", request.virtual_stages},
                  {"micro_batch_sequences", request.micro_batch}};
  double accelerators = 1;
  for (int i = 0; i < static_cast<int>(std::size(kDegrees)); ++i) {
    RETURN_IF_ERROR(check.InRange(kDegrees[i].field, kDegrees[i].degree, 1, kMaxDegree));
    if (i < 4) accelerators *= kDegrees[i].degree;
  }
  if (accelerators <= kMaxAccelerators) return absl::OkStatus();
  return check.Wrong("", absl::StrCat("needs ", accelerators, " accelerators"),
                     absl::StrCat("give degrees whose product is at most ", kMaxAccelerators));
}

absl::Status CheckTensor(const FieldCheck& check, const Architecture& model, int tensor) {
  RETURN_IF_ERROR(CheckDivides(check, "tensor", tensor, "the model's heads", model.heads));
  if (model.recurrence) {
    RETURN_IF_ERROR(CheckDivides(check, "tensor", tensor, "the heads of the model's recurrence",
                                 model.recurrence->heads));
  }
  if (model.compressed) {
    RETURN_IF_ERROR(CheckDivides(check, "tensor", tensor, "the model's output groups",
                                 model.compressed->output_groups));
  }
  const bool even_kv =
      tensor <= model.kv_heads ? model.kv_heads % tensor == 0 : tensor % model.kv_heads == 0;
  if (!even_kv && !model.latent) {
    return check.Wrong(
        "tensor", absl::StrCat("is ", tensor),
        absl::StrCat("give a divisor or a multiple of the model's kv_heads, which is ",
                     model.kv_heads));
  }
  return CheckDivides(check, "tensor", tensor, "the model's ffn", model.ffn);
}

absl::Status CheckExperts(const FieldCheck& check, const Architecture& model,
                          const ParallelismRequest& request) {
  const int expert_tensor = request.expert_tensor.value_or(1);
  RETURN_IF_ERROR(check.InRange("expert", request.expert, 1, kMaxDegree));
  RETURN_IF_ERROR(check.InRange("expert_tensor", expert_tensor, 1, kMaxDegree));
  RETURN_IF_ERROR(check.InRange("expert_load_ratio", request.expert_load, 1, kMaxExpertLoad));
  if (!model.experts) {
    if (request.expert == 1 && expert_tensor == 1) return absl::OkStatus();
    return check.Wrong(request.expert > 1 ? "expert" : "expert_tensor",
                       absl::StrCat("is ", std::max(request.expert, expert_tensor)),
                       absl::StrCat(model.name, " has no experts: leave it out"));
  }
  RETURN_IF_ERROR(
      CheckDivides(check, "expert", request.expert, "the model's experts", model.experts->experts));
  RETURN_IF_ERROR(CheckDivides(check, "expert_tensor", expert_tensor, "tensor", request.tensor));
  return CheckDivides(check, "expert_tensor", expert_tensor, "the model's expert_ffn",
                      model.experts->ffn);
}

absl::Status CheckChunks(const FieldCheck& check, const Architecture& model,
                         const ParallelismRequest& request) {
  if (request.virtual_stages > 1 && request.pipeline == 1) {
    return check.Wrong("virtual_stages", absl::StrCat("is ", request.virtual_stages),
                       "give 1 where pipeline is 1");
  }
  const double chunks = 1.0 * request.pipeline * request.virtual_stages;
  // The first and the last chunk may hold nothing but the embedding and the loss head.
  if (chunks > model.layers + 2) {
    const char* field = request.pipeline > model.layers ? "pipeline" : "virtual_stages";
    return check.Wrong(field, absl::StrCat("makes ", chunks, " model chunks"),
                       absl::StrCat("the model has ", model.layers,
                                    " layers, embedding and loss head: give fewer"));
  }
  if (request.chunk_layers.empty()) return absl::OkStatus();
  const size_t given = request.chunk_layers.size();
  if (given != static_cast<size_t>(chunks)) {
    return check.Wrong("chunk_layers", absl::StrCat("has ", given, " numbers"),
                       absl::StrCat("give pipeline x virtual_stages = ", chunks));
  }
  double sum = 0;
  for (size_t i = 0; i < given; ++i) {
    RETURN_IF_ERROR(check.InRange(absl::StrCat("chunk_layers[", i, "]"), request.chunk_layers[i], 0,
                                  model.layers));
    sum += request.chunk_layers[i];
  }
  if (sum == model.layers) return absl::OkStatus();
  return check.Wrong("chunk_layers", absl::StrCat("adds up to ", sum),
                     absl::StrCat("give the model's ", model.layers, " layers in all"));
}

absl::Status CheckBatch(const FieldCheck& check, const PretrainJob& job,
                        const ParallelismRequest& request) {
  const double replicas = request.data.value_or(1);
  const double together = replicas * request.micro_batch;
  if (std::fmod(job.global_batch, together) == 0) return absl::OkStatus();
  const std::string found = absl::StrCat("is ", request.micro_batch);
  const std::string batch = absl::StrCat("the global batch of ", job.global_batch, " sequences");
  if (!request.data) {
    return check.Wrong("micro_batch_sequences", found, absl::StrCat("give a divisor of ", batch));
  }
  return check.Wrong("data",
                     absl::StrCat("is ", *request.data, " with micro-batches of ",
                                  request.micro_batch, " sequences"),
                     absl::StrCat("give numbers whose product divides ", batch));
}

absl::Status CheckSharding(const FieldCheck& check, const ParallelismRequest& request) {
  if (request.zero_stage) RETURN_IF_ERROR(check.InRange("zero_stage", *request.zero_stage, 0, 3));
  if (!request.optimizer_shards) return absl::OkStatus();
  const int shards = *request.optimizer_shards;
  const double ranks = request.data ? 1.0 * *request.data * request.context : kMaxDegree;
  RETURN_IF_ERROR(check.InRange("optimizer_shards", shards, 1, ranks));
  if (!request.data || std::fmod(ranks, shards) == 0) return absl::OkStatus();
  return check.Wrong("optimizer_shards", absl::StrCat("is ", shards),
                     absl::StrCat("give a divisor of the ", ranks, " data and context ranks"));
}

}  // namespace

absl::Status CheckParallelism(const FieldCheck& check, const PretrainJob& job,
                              const ParallelismRequest& request) {
  RETURN_IF_ERROR(CheckDegrees(check, request));
  RETURN_IF_ERROR(CheckTensor(check, job.model, request.tensor));
  RETURN_IF_ERROR(CheckExperts(check, job.model, request));
  RETURN_IF_ERROR(CheckChunks(check, job.model, request));
  RETURN_IF_ERROR(
      CheckDivides(check, "context", request.context, "sequence_length", job.sequence_length));
  RETURN_IF_ERROR(CheckBatch(check, job, request));
  RETURN_IF_ERROR(CheckMethods(check, job, request));
  return CheckSharding(check, request);
}

}  // namespace fleetsim
