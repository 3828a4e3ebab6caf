#include "sim/inputs/stack_reader.h"

#include "proto/stack.pb.h"
#include "sim/inputs/data_type.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"

namespace fleetsim {
namespace {

const std::vector<Bounds>& StackBounds() {
  static const std::vector<Bounds> kBounds = {
      {"year", 2012, 2035, "(a year)"},
      {"hidden_bytes_forward", 0, 1000, "bytes per token x hidden"},
      {"hidden_bytes_backward", 0, 1000, "bytes per token x hidden"},
      {"attention_bytes_forward", 0, 1000, "bytes per token x query width"},
      {"attention_bytes_backward", 0, 1000, "bytes per token x query width"},
      {"ffn_bytes_forward", 0, 1000, "bytes per token x inner width"},
      {"ffn_bytes_backward", 0, 1000, "bytes per token x inner width"},
      {"score_bytes_forward", 0, 1000, "bytes per score"},
      {"score_bytes_backward", 0, 1000, "bytes per score"},
      {"logit_bytes", 0, 1000, "bytes per logit"},
      {"gradient_accumulation_bytes", 0, 100, "bytes per parameter"},
      {"elementwise_kernels", 0, 1000, "kernels"},
      {"launches_forward", 0, 10000, "launches a layer"},
      {"launches_backward", 0, 10000, "launches a layer"},
      {"host_s_per_launch", 0, 1e-3, "s; 5 us is 5e-6"},
      {"host_s_per_micro_batch", 0, 1, "s"},
      {"host_s_per_step", 0, 60, "s"},
      {"tensor_overlap_ratio_forward", 0, 1, "(a share)"},
      {"tensor_overlap_ratio_backward", 0, 1, "(a share)"},
      {"overlap_slowdown_ratio", 0, 1, "(a share)"},
      {"default_zero_stage", 0, 3, "(a ZeRO stage)"},
      {"default_shard_ranks", 1, 1e6, "ranks"},
      {"sharded_network_ratio", 0.01, 1, "(a share)"},
      {"host_optimizer_ratio", 0.01, 1, "(a share)"},
      {"selective_matrix_ratio", 0, 1, "(a share)"},
      {"selective_attention_ratio", 0, 1, "(a share)"},
      {"selective_elementwise_ratio", 0, 1, "(a share)"},
      {"weight_bytes", 0.5, 8, "bytes per parameter"},
      {"gradient_bytes", 0, 8, "bytes per parameter"},
      {"optimizer_bytes", 0, 32, "bytes per parameter"},
      {"optimizer_traffic_bytes", 0, 200, "bytes per parameter"},
      {"gradient_traffic_bytes", 0, 200, "bytes per parameter"},
      {"optimizer_efficiency_ratio", 0.01, 1, "(a share)"},
      {"activation_replicated_bytes", 0, 200, "bytes per token x hidden"},
      {"score_activation_bytes", 0, 20, "bytes per score"},
      {"logit_activation_bytes", 0, 50, "bytes per logit"},
      {"reserved_memory_bytes", 0, 64e9, "bytes; 3 GB is 3e9"},
      {"memory_slack_ratio", 0, 1, "(a share)"},
      {"utilisation.peak_flops_per_s", 1e12, 1e17, "flop/s; 354 TFLOP/s is 354e12"},
      {"dispatch_element_bytes", 0.5, 4, "bytes"},
      {"permute_bytes_forward", 0, 1000, "bytes per dispatched element"},
      {"permute_bytes_backward", 0, 1000, "bytes per dispatched element"},
      {"expert_launches_forward", 0, 10000, "launches a layer"},
      {"expert_launches_backward", 0, 10000, "launches a layer"},
      {"checkpoint_launches", 0, 10000, "launches"},
      {"expert_overlap_ratio", 0, 0.99, "(a share)"},
      {"narrow_launches_per_product", 0, 100, "kernels"},
  };
  return kBounds;
}

absl::StatusOr<AttentionKernel> ReadAttention(const proto::SoftwareStack& entry,
                                              const Location& where) {
  switch (entry.attention()) {
    case proto::SoftwareStack::UNFUSED:
      return AttentionKernel::kUnfused;
    case proto::SoftwareStack::FUSED_SOFTMAX:
      return AttentionKernel::kFusedSoftmax;
    case proto::SoftwareStack::FLASH1:
      return AttentionKernel::kFlash1;
    case proto::SoftwareStack::FLASH2:
      return AttentionKernel::kFlash2;
    case proto::SoftwareStack::FLASH3:
      return AttentionKernel::kFlash3;
    default:
      return InputError(where, "is missing",
                        "one of UNFUSED, FUSED_SOFTMAX, FLASH1, FLASH2, FLASH3");
  }
}

void ReadTraffic(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  stack.forward_traffic = {entry.hidden_bytes_forward(), entry.attention_bytes_forward(),
                           entry.ffn_bytes_forward(), entry.score_bytes_forward()};
  stack.backward_traffic = {entry.hidden_bytes_backward(), entry.attention_bytes_backward(),
                            entry.ffn_bytes_backward(), entry.score_bytes_backward()};
  stack.logit_traffic = entry.logit_bytes();
  stack.gradient_accumulation_traffic = entry.gradient_accumulation_bytes();
  stack.elementwise_kernels = entry.elementwise_kernels();
  stack.launches_forward = entry.launches_forward();
  stack.launches_backward = entry.launches_backward();
  stack.host_per_launch = Seconds(entry.host_s_per_launch());
  stack.host_per_micro_batch = Seconds(entry.host_s_per_micro_batch());
  stack.host_per_step = Seconds(entry.host_s_per_step());
}

void ReadOverlap(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  stack.sequence_parallel = entry.sequence_parallel();
  stack.overlaps_gradient_reduction = entry.overlaps_gradient_reduction();
  stack.overlaps_parameter_gather = entry.overlaps_parameter_gather();
  stack.broadcasts_parameters = entry.broadcasts_parameters();
  stack.host_waits_for_device = entry.host_waits_for_device();
  stack.overlaps_pipeline_transfers = entry.overlaps_pipeline_transfers();
  stack.scatter_gather_pipeline = entry.scatter_gather_pipeline();
  stack.tensor_overlap_forward = entry.tensor_overlap_ratio_forward();
  stack.tensor_overlap_backward = entry.tensor_overlap_ratio_backward();
  stack.overlap_slowdown = entry.overlap_slowdown_ratio();
  stack.default_zero_stage = entry.default_zero_stage();
  stack.default_shard_ranks = entry.default_shard_ranks();
  stack.regathers_weights = entry.regathers_weights();
  if (entry.has_host_optimizer_ratio()) stack.host_optimizer_share = entry.host_optimizer_ratio();
  if (entry.has_sharded_network_ratio()) {
    stack.sharded_network_share = entry.sharded_network_ratio();
  }
}

absl::Status ReadNarrow(const proto::SoftwareStack& entry, const std::string& file,
                        const FieldLines& lines, SoftwareStack& stack) {
  // The two enumerations have the same order.
  if (entry.fp8_scaling() != proto::SCALING_UNSPECIFIED) {
    stack.narrow.fp8_scaling = static_cast<Scaling>(entry.fp8_scaling());
  }
  stack.narrow.fp8_parameters = entry.fp8_parameters();
  stack.narrow.fuses_norm_cast = entry.fuses_norm_cast();
  stack.narrow.casts_weights_every_pass = entry.casts_weights_every_pass();
  stack.narrow.keeps_wide_activations = entry.keeps_wide_activations();
  stack.narrow.launches_per_product = entry.narrow_launches_per_product();
  if (entry.narrow_gradient_reduction_dtype() != proto::DATA_TYPE_UNSPECIFIED) {
    const char* field = "narrow_gradient_reduction_dtype";
    ASSIGN_OR_RETURN(
        stack.narrow.gradient_reduction_dtype,
        ReadDataType(entry.narrow_gradient_reduction_dtype(), {file, lines.LineOf(field), field}));
  }
  return absl::OkStatus();
}

void ReadRecompute(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  stack.recompute_stops_early = entry.recompute_stops_early();
  stack.selective_by_layer = entry.selective_by_layer();
  stack.selective.matrix = entry.selective_matrix_ratio();
  stack.selective.elementwise = entry.selective_elementwise_ratio();
  if (entry.has_selective_attention_ratio()) {
    stack.selective.attention = entry.selective_attention_ratio();
  }
}

void ReadMemory(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  stack.weight_bytes = entry.weight_bytes();
  stack.gradient_bytes = entry.gradient_bytes();
  stack.optimizer_bytes = entry.optimizer_bytes();
  stack.optimizer_traffic = entry.optimizer_traffic_bytes();
  stack.gradient_traffic = entry.gradient_traffic_bytes();
  if (entry.has_optimizer_efficiency_ratio()) {
    stack.optimizer_efficiency = entry.optimizer_efficiency_ratio();
  }
  stack.recomputes_activation_function = entry.recomputes_activation_function();
  stack.activation_replicated = entry.activation_replicated_bytes();
  stack.score_activation = entry.score_activation_bytes();
  stack.logit_activation = entry.logit_activation_bytes();
  stack.reserved_memory = Bytes(entry.reserved_memory_bytes());
  stack.memory_slack = entry.memory_slack_ratio();
}

void ReadUtilisation(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  stack.recomputes_with_sharded_weights = entry.recomputes_with_sharded_weights();
  for (const proto::SoftwareStack::Utilisation& count : entry.utilisation()) {
    stack.utilisation_counts.push_back(
        {count.family(), FlopsPerSecond(count.peak_flops_per_s()), count.of_nominal_size()});
  }
}

void ReadExperts(const proto::SoftwareStack& entry, SoftwareStack& stack) {
  if (entry.has_dispatch_element_bytes()) {
    stack.dispatch_element_bytes = entry.dispatch_element_bytes();
  }
  stack.permute_traffic_forward = entry.permute_bytes_forward();
  stack.permute_traffic_backward = entry.permute_bytes_backward();
  stack.expert_launches_forward = entry.expert_launches_forward();
  stack.expert_launches_backward = entry.expert_launches_backward();
  stack.checkpoint_launches = entry.checkpoint_launches();
  stack.expert_overlap = entry.expert_overlap_ratio();
  stack.dual_pipe = entry.dual_pipe();
  stack.expert_tensor_parallel = entry.expert_tensor_parallel();
  for (const int library : entry.expert_library()) {
    stack.expert_libraries.push_back(
        library == proto::SoftwareStack::NORMAL      ? ExpertLibrary::kNormal
        : library == proto::SoftwareStack::ONE_SIDED ? ExpertLibrary::kOneSided
                                                     : ExpertLibrary::kCollective);
  }
}

absl::Status CheckStated(const proto::SoftwareStack& entry, const std::string& file,
                         const FieldLines& lines) {
  RETURN_IF_ERROR(CheckPresent(entry,
                               {"year",
                                "hidden_bytes_forward",
                                "hidden_bytes_backward",
                                "attention_bytes_forward",
                                "attention_bytes_backward",
                                "ffn_bytes_forward",
                                "ffn_bytes_backward",
                                "logit_bytes",
                                "elementwise_kernels",
                                "launches_forward",
                                "launches_backward",
                                "host_s_per_launch",
                                "host_s_per_step",
                                "weight_bytes",
                                "gradient_bytes",
                                "optimizer_bytes",
                                "gradient_reduction_dtype",
                                "optimizer_traffic_bytes",
                                "activation_replicated_bytes",
                                "reserved_memory_bytes",
                                "memory_slack_ratio"},
                               file, lines));
  const bool stores_scores = entry.attention() == proto::SoftwareStack::UNFUSED ||
                             entry.attention() == proto::SoftwareStack::FUSED_SOFTMAX;
  if (!stores_scores) return absl::OkStatus();
  return CheckPresent(entry,
                      {"score_bytes_forward", "score_bytes_backward", "score_activation_bytes"},
                      file, lines);
}

}  // namespace

absl::StatusOr<SoftwareStack> ReadSoftwareStack(const proto::SoftwareStack& entry,
                                                const std::string& file, const FieldLines& lines) {
  RETURN_IF_ERROR(CheckStated(entry, file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, StackBounds(), file, lines));
  SoftwareStack stack;
  stack.name = entry.name();
  stack.aliases.assign(entry.alias().begin(), entry.alias().end());
  stack.year = entry.year();
  ASSIGN_OR_RETURN(stack.attention,
                   ReadAttention(entry, {file, lines.LineOf("attention"), "attention"}));
  ASSIGN_OR_RETURN(
      stack.gradient_reduction_dtype,
      ReadDataType(entry.gradient_reduction_dtype(),
                   {file, lines.LineOf("gradient_reduction_dtype"), "gradient_reduction_dtype"}));
  ReadTraffic(entry, stack);
  ReadOverlap(entry, stack);
  ReadRecompute(entry, stack);
  ReadMemory(entry, stack);
  RETURN_IF_ERROR(ReadNarrow(entry, file, lines, stack));
  ReadExperts(entry, stack);
  for (const proto::SoftwareStack::Origin& origin : entry.measured_by()) {
    stack.measured_origins.push_back({origin.family(), origin.contains()});
  }
  ReadUtilisation(entry, stack);
  stack.notes = entry.notes();
  ASSIGN_OR_RETURN(stack.evidence, ReadEvidence(entry, file, lines));
  return stack;
}

}  // namespace fleetsim
