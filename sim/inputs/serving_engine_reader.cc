#include "sim/inputs/serving_engine_reader.h"

#include "proto/serving_engine.pb.h"
#include "sim/inputs/entry_checks.h"
#include "sim/inputs/evidence.h"

namespace fleetsim {
namespace {

const std::vector<Bounds>& EngineBounds() {
  static const std::vector<Bounds> kBounds = {
      {"year", 2018, 2035, "(a year)"},
      {"host_s_per_step", 0, 1, "s; 126 us is 126e-6"},
      {"host_s_per_sequence", 0, 1e-2, "s; 4 us is 4e-6"},
      {"host_s_per_request", 0, 1, "s; 1 ms is 1e-3"},
      {"frontend_s_per_request", 0, 10, "s; 5 ms is 5e-3"},
      {"launches_per_layer", 0, 10000, "launches a layer"},
      {"expert_launches_per_layer", 0, 10000, "launches a layer"},
      {"recorded_launches_per_layer", 0, 10000, "launches a layer"},
      {"host_s_per_launch", 0, 1e-3, "s; 5 us is 5e-6"},
      {"graph_sequences", 0, 1e6, "sequences"},
      {"graph_tokens", 0, 1e6, "tokens"},
      {"hidden_bytes", 0, 1000, "bytes per token x hidden"},
      {"attention_bytes", 0, 1000, "bytes per token x width of q, k and v"},
      {"ffn_bytes", 0, 1000, "bytes per token x inner width"},
      {"elementwise_kernels", 0, 1000, "kernels a layer"},
      {"grouped_query_heads", 1, 1000, "query heads of a cached one"},
      {"grouped_head_dim", 1, 4096, "elements of a head"},
      {"reserved_memory_bytes", 0, 64e9, "bytes; 1.5 GB is 1.5e9"},
      {"memory_ratio", 0.01, 1, "(a share)"},
      {"token_budget", 1, 1e7, "tokens"},
      {"max_sequences", 1, 1e6, "sequences"},
      {"block_tokens", 1, 65536, "tokens"},
  };
  return kBounds;
}

template <class Field, class T>
void Take(bool given, T value, Field& field) {
  if (given) field = Field(value);
}

void ReadHost(const proto::ServingEngine& entry, EngineHost& host) {
  Take(entry.has_host_s_per_step(), entry.host_s_per_step(), host.per_step);
  Take(entry.has_host_s_per_sequence(), entry.host_s_per_sequence(), host.per_sequence);
  Take(entry.has_host_s_per_request(), entry.host_s_per_request(), host.per_request);
  Take(entry.has_frontend_s_per_request(), entry.frontend_s_per_request(), host.frontend);
  Take(entry.has_launches_per_layer(), entry.launches_per_layer(), host.launches_per_layer);
  Take(entry.has_expert_launches_per_layer(), entry.expert_launches_per_layer(),
       host.expert_launches_per_layer);
  Take(entry.has_recorded_launches_per_layer(), entry.recorded_launches_per_layer(),
       host.recorded_launches_per_layer);
  Take(entry.has_host_s_per_launch(), entry.host_s_per_launch(), host.per_launch);
  host.overlaps = entry.overlaps_host();
  host.graph_sequences = entry.graph_sequences();
  host.graph_tokens = entry.graph_tokens();
}

void ReadTraffic(const proto::ServingEngine& entry, EngineTraffic& traffic) {
  Take(entry.has_hidden_bytes(), entry.hidden_bytes(), traffic.hidden);
  Take(entry.has_attention_bytes(), entry.attention_bytes(), traffic.attention);
  Take(entry.has_ffn_bytes(), entry.ffn_bytes(), traffic.ffn);
  Take(entry.has_elementwise_kernels(), entry.elementwise_kernels(), traffic.kernels);
  traffic.fuses_quantise = entry.fuses_quantise();
}

void ReadDefaults(const proto::ServingEngine& entry, ServingEngine& engine) {
  Take(entry.has_reserved_memory_bytes(), entry.reserved_memory_bytes(), engine.memory.reserved);
  Take(entry.has_memory_ratio(), entry.memory_ratio(), engine.memory.ratio);
  engine.memory.of_free = entry.memory_ratio_of_free();
  EngineDefaults& defaults = engine.defaults;
  Take(entry.has_token_budget(), entry.token_budget(), defaults.token_budget);
  Take(entry.has_max_sequences(), entry.max_sequences(), defaults.max_sequences);
  Take(entry.has_block_tokens(), entry.block_tokens(), defaults.block_tokens);
  defaults.chunked_prefill = entry.chunked_prefill();
  defaults.prefix_cache = entry.prefix_cache();
  defaults.static_batching = entry.static_batching();
  defaults.reserves_output = entry.reserves_output();
  if (entry.batching() == proto::ServingEngine::DECODES_AND_PROMPTS) {
    defaults.prompts = PromptSteps::kBeside;
  } else if (entry.batching() == proto::ServingEngine::PROMPTS_APART) {
    defaults.prompts = PromptSteps::kApart;
  }
}

absl::StatusOr<AttentionKernel> ReadAttention(const proto::ServingEngine& entry,
                                              const Location& where) {
  switch (entry.attention()) {
    case proto::SoftwareStack::ATTENTION_KERNEL_UNSPECIFIED:
    case proto::SoftwareStack::FLASH2:
      return AttentionKernel::kFlash2;
    case proto::SoftwareStack::FLASH1:
      return AttentionKernel::kFlash1;
    case proto::SoftwareStack::FLASH3:
      return AttentionKernel::kFlash3;
    default:
      return InputError(where, "is no kernel that keeps the scores on chip",
                        "one of FLASH1, FLASH2, FLASH3");
  }
}

void ReadExperts(const proto::ServingEngine& entry, ServingEngine& engine) {
  for (const int library : entry.expert_library()) {
    engine.expert_libraries.push_back(
        library == proto::SoftwareStack::NORMAL      ? ExpertLibrary::kNormal
        : library == proto::SoftwareStack::ONE_SIDED ? ExpertLibrary::kOneSided
                                                     : ExpertLibrary::kCollective);
  }
  engine.low_latency_experts = entry.low_latency_experts();
  engine.two_batch_overlap = entry.two_batch_overlap();
}

}  // namespace

absl::StatusOr<ServingEngine> ReadServingEngine(const proto::ServingEngine& entry,
                                                const std::string& file, const FieldLines& lines) {
  RETURN_IF_ERROR(CheckPresent(entry, {"year"}, file, lines));
  RETURN_IF_ERROR(CheckBounds(entry, EngineBounds(), file, lines));
  ServingEngine engine;
  engine.name = entry.name();
  engine.aliases.assign(entry.alias().begin(), entry.alias().end());
  engine.year = entry.year();
  ReadHost(entry, engine.host);
  ReadTraffic(entry, engine.traffic);
  ReadDefaults(entry, engine);
  ASSIGN_OR_RETURN(engine.attention,
                   ReadAttention(entry, {file, lines.LineOf("attention"), "attention"}));
  engine.narrow_prefill = entry.narrow_prefill();
  engine.ungrouped_decode = entry.ungrouped_decode();
  engine.grouped_query_heads = entry.grouped_query_heads();
  engine.grouped_head_dim = entry.grouped_head_dim();
  engine.kernels = static_cast<KernelLibrary>(entry.kernel_library());
  engine.own_all_reduce = entry.own_all_reduce();
  ReadExperts(entry, engine);
  engine.measured_engines.assign(entry.measured_engine().begin(), entry.measured_engine().end());
  engine.notes = entry.notes();
  ASSIGN_OR_RETURN(engine.evidence, ReadEvidence(entry, file, lines));
  return engine;
}

}  // namespace fleetsim
