#include "sim/training/resolve.h"

#include <algorithm>
#include <cmath>

#include "sim/parallel/dual_pipe.h"
#include "sim/parallel/placement.h"
#include "sim/parallel/schedule.h"

namespace fleetsim {
namespace {

Location Field(const Job& job, absl::string_view name) {
  Location where = job.places.parallelism;
  absl::StrAppend(&where.field, where.field.empty() ? "" : ".", name);
  return where;
}

absl::Status SetData(const Job& job, const ParallelismRequest& request, const Fleet& fleet,
                     Strategy& strategy) {
  const int domain = LargestDomain(fleet);
  if (!TensorFits(strategy.tensor, fleet)) {
    return InputError(Field(job, "tensor"),
                      absl::StrCat(strategy.tensor, " accelerators over hosts of ", domain),
                      absl::StrCat("at most ", domain, ", or a multiple of it"));
  }
  const int model_parallel = strategy.tensor * strategy.pipeline * strategy.context;
  const int usable = UsableAccelerators(fleet, strategy.tensor);
  strategy.data = request.data.value_or(usable / model_parallel);
  if (strategy.data >= 1 && strategy.data <= usable / model_parallel) return absl::OkStatus();
  return InputError(
      Field(job, "data"),
      absl::StrCat("tensor ", strategy.tensor, " x pipeline ", strategy.pipeline, " x context ",
                   strategy.context, " x data ", request.data.value_or(1), " accelerators"),
      absl::StrCat("at most the ", usable, " that ", fleet.file, " has for them"));
}

absl::Status SetMicroBatches(const Job& job, Strategy& strategy) {
  const int wave = strategy.micro_batch * strategy.data;
  if (job.pretrain.global_batch % wave != 0) {
    return InputError(Field(job, "data"),
                      absl::StrCat("global_batch_sequences ", job.pretrain.global_batch,
                                   " is not a multiple of micro_batch_sequences ",
                                   strategy.micro_batch, " x data ", strategy.data),
                      "whole micro-batches for every replica");
  }
  strategy.micro_batches = job.pretrain.global_batch / wave;
  if (strategy.micro_batches > kMaxMicroBatches) {
    return InputError(Field(job, "data"),
                      absl::StrCat(strategy.micro_batches, " micro-batches a replica and step"),
                      absl::StrCat("at most ", kMaxMicroBatches,
                                   ": more replicas, larger micro-batches or a smaller batch"));
  }
  return absl::OkStatus();
}

absl::Status SetSharding(const Job& job, const ParallelismRequest& request,
                         const SoftwareStack& stack, Strategy& strategy) {
  strategy.sequence_parallel =
      strategy.tensor > 1 && request.sequence_parallel.value_or(stack.sequence_parallel);
  if (strategy.sequence_parallel && !stack.sequence_parallel) {
    return InputError(Field(job, "sequence_parallel"),
                      absl::StrCat("stack ", stack.name, " has no sequence parallelism"), "false");
  }
  if (strategy.context > 1 && !IsFlash(stack.attention)) {
    return InputError(Field(job, "context"),
                      absl::StrCat(strategy.context, " on stack ", stack.name),
                      "1, or a stack with flash attention");
  }
  strategy.zero_stage = request.zero_stage.value_or(stack.default_zero_stage);
  const int replicas = strategy.data * strategy.context;
  strategy.optimizer_shards =
      strategy.zero_stage >= 1
          ? request.optimizer_shards.value_or(DefaultOptimizerShards(stack, replicas))
          : 1;
  if (replicas % strategy.optimizer_shards != 0) {
    return InputError(Field(job, "optimizer_shards"), absl::StrCat(strategy.optimizer_shards),
                      absl::StrCat("a divisor of the ", replicas, " data-parallel ranks"));
  }
  return absl::OkStatus();
}

// Rows of a fine-tuning job as its micro-batches hold them.
void SetRows(const PretrainJob& job, TrainingSpec& spec) {
  if (!job.tuning || !job.tuning->lengths) return;
  const FineTuning& tuning = *job.tuning;
  spec.rows = tuning.packed ? PackedRows(*tuning.lengths, job.sequence_length)
                            : PaddedRows(*tuning.lengths, job.sequence_length,
                                         spec.strategy.micro_batch, tuning.pad_multiple);
  spec.sequence_length = std::max(1, static_cast<int>(std::lround(spec.rows.tokens)));
  spec.longest = job.sequence_length;
}

absl::Status SetDualPipe(const Job& job, const ParallelismRequest& request, Strategy& strategy) {
  strategy.dual_pipe = request.dual_pipe;
  if (!strategy.dual_pipe) return absl::OkStatus();
  if (strategy.virtual_stages > 1 || !DualPipeServes(strategy.pipeline, strategy.micro_batches)) {
    return InputError(
        Field(job, "dual_pipe"),
        absl::StrCat("true with pipeline ", strategy.pipeline, ", virtual_stages ",
                     strategy.virtual_stages, " and ", strategy.micro_batches, " micro-batches"),
        "an even pipeline, virtual_stages 1, and an even number of micro-batches, at least twice "
        "the pipeline");
  }
  if (strategy.zero_stage <= 1) return absl::OkStatus();
  return InputError(Field(job, "zero_stage"),
                    absl::StrCat(strategy.zero_stage, " together with dual_pipe"), "0 or 1");
}

// Expert ranks come out of a stage's tensor x data x context ranks, whole workers at a time.
absl::Status SetExperts(const Job& job, const ParallelismRequest& request,
                        const SoftwareStack& stack, Strategy& strategy) {
  if (!job.pretrain.model.experts) return absl::OkStatus();
  strategy.expert = request.expert;
  strategy.expert_load = request.expert_load;
  const int ranks = strategy.tensor * strategy.data * strategy.context;
  const bool cuts = stack.expert_tensor_parallel && ranks % (request.expert * strategy.tensor) == 0;
  strategy.expert_tensor = request.expert_tensor.value_or(cuts ? strategy.tensor : 1);
  const int span = strategy.expert * strategy.expert_tensor;
  if (ranks % span != 0 || (span % strategy.tensor != 0 && strategy.tensor % span != 0)) {
    return InputError(Field(job, "expert"),
                      absl::StrCat(strategy.expert, " x expert_tensor ", strategy.expert_tensor),
                      absl::StrCat("a product that divides the ", ranks,
                                   " tensor, data and context ranks of a pipeline stage, and is a "
                                   "multiple or a divisor of tensor"));
  }
  if (strategy.zero_stage < 3) return absl::OkStatus();
  return InputError(Field(job, "zero_stage"), "3 on a mixture of experts",
                    "0 or 1; sharded weights of experts are not modelled");
}

}  // namespace

int UsableAccelerators(const Fleet& fleet, int tensor) {
  return RoomForWorkers(tensor, fleet) * tensor;
}

int DefaultOptimizerShards(const SoftwareStack& stack, int replicas) {
  const int ranks = stack.default_shard_ranks;
  return ranks >= 1 && replicas % ranks == 0 ? ranks : replicas;
}

namespace {

// What is kept in host memory needs a server whose links to it are known.
absl::Status SetOffload(const Job& job, const ParallelismRequest& request, const Fleet& fleet,
                        Strategy& strategy) {
  strategy.optimizer_offload = request.optimizer_offload;
  strategy.activation_offload = request.activation_offload;
  if (strategy.optimizer_offload <= 0.0 && strategy.activation_offload <= 0.0) {
    return absl::OkStatus();
  }
  for (const Leaf& leaf : fleet.leaves) {
    const Server* server = leaf.server;
    if (server != nullptr && server->host_link_bandwidth.value() > 0.0 &&
        server->host_memory_bandwidth.value() > 0.0) {
      continue;
    }
    return InputError(Field(job, strategy.optimizer_offload > 0.0 ? "optimizer_offload_ratio"
                                                                  : "activation_offload_ratio"),
                      absl::StrCat("offload on ", server == nullptr ? leaf.id : server->name,
                                   ", whose link to host memory the catalog does not know"),
                      "0, or a server with host_link_bandwidth_bytes_per_s and "
                      "host_memory_bandwidth_bytes_per_s");
  }
  return absl::OkStatus();
}

// Schedule, and when gradients are reduced.
void SetMethods(const ParallelismRequest& request, Strategy& strategy) {
  strategy.schedule = request.schedule;
  strategy.context_method = request.context_method;
  strategy.prefetched_layers = request.prefetched_layers;
  strategy.accumulates_whole =
      strategy.zero_stage >= 2 && request.reduces_once_a_step.value_or(strategy.pipeline > 1);
}

}  // namespace

absl::StatusOr<TrainingSpec> SpecWithoutStrategy(const Job& job, const Catalog& catalog) {
  const PretrainJob& pretrain = job.pretrain;
  TrainingSpec spec{.model = &pretrain.model,
                    .sequence_length = pretrain.sequence_length,
                    .precision = pretrain.precision,
                    .recompute = pretrain.recompute,
                    .modules = pretrain.recompute_modules,
                    .recipe = pretrain.recipe};
  const absl::StatusOr<const SoftwareStack*> stack = FindStack(catalog, pretrain.stack);
  if (!stack.ok()) {
    return InputError(job.places.stack, std::string(stack.status().message()), "");
  }
  spec.stack = *stack;
  if (pretrain.tuning) spec.trainable = pretrain.tuning->trainable;
  if (ElementBytes(spec.precision) > 2) {
    return InputError(job.places.precision, DataTypeName(spec.precision),
                      "BF16, FP16, FP8, FP4 or INT8; 32-bit training is not modelled");
  }
  CompleteRecipe(spec);
  return spec;
}

absl::StatusOr<TrainingSpec> Resolve(const Job& job, const ParallelismRequest& request,
                                     const Fleet& fleet, const Catalog& catalog) {
  ASSIGN_OR_RETURN(TrainingSpec spec, SpecWithoutStrategy(job, catalog));
  Strategy& strategy = spec.strategy;
  strategy.tensor = request.tensor;
  strategy.pipeline = request.pipeline;
  strategy.context = request.context;
  strategy.virtual_stages = request.virtual_stages;
  strategy.micro_batch = request.micro_batch;
  RETURN_IF_ERROR(SetData(job, request, fleet, strategy));
  RETURN_IF_ERROR(SetMicroBatches(job, strategy));
  RETURN_IF_ERROR(SetSharding(job, request, *spec.stack, strategy));
  RETURN_IF_ERROR(SetOffload(job, request, fleet, strategy));
  SetMethods(request, strategy);
  RETURN_IF_ERROR(SetExperts(job, request, *spec.stack, strategy));
  RETURN_IF_ERROR(SetDualPipe(job, request, strategy));
  strategy.chunk_layers =
      request.chunk_layers.empty()
          ? EvenChunks(spec.model->layers, strategy.pipeline * strategy.virtual_stages)
          : request.chunk_layers;
  SetRows(job.pretrain, spec);
  return spec;
}

}  // namespace fleetsim
