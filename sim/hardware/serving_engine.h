// An inference engine generation as a plain struct; meaning and units as in
// proto/serving_engine.proto.
#ifndef SIM_HARDWARE_SERVING_ENGINE_H_
#define SIM_HARDWARE_SERVING_ENGINE_H_

#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/expert_kernel.h"
#include "sim/hardware/kernel_class.h"

namespace fleetsim {

// What the host does around a step. Step and sequence: BLIS's fit to 36 measured vLLM runs
// (docs/serving.md); a request: tokens to text, streams opened and closed; launches as eager
// PyTorch; of experts: router, its top k, two that sort copies, two that quantise, their sum.
struct EngineHost {
  Seconds per_step = Seconds(126e-6), per_sequence = Seconds(4e-6), per_request = Seconds(1e-4);
  Seconds frontend;  // latency of a request outside the engine
  bool overlaps = false;
  double launches_per_layer = 14, expert_launches_per_layer = 7, recorded_launches_per_layer = 0;
  Seconds per_launch = Seconds(5e-6);
  int graph_sequences = 0, graph_tokens = 0;
};

// Elementwise kernels. Norm and residual twice a layer: two operands in, two out, 16 bits; rotation
// and cache write: in, out; activation function: in, out, and the gate in where there is one.
struct EngineTraffic {
  double hidden = 16, attention = 4, ffn = 4;  // bytes per element
  double kernels = 4;                          // a layer
  bool fuses_quantise = false;
};

struct EngineMemory {
  Bytes reserved = Bytes(1.5e9);
  double ratio = 0.9;
  bool of_free = false;
};

// Prompts in steps of their own, before decodes, or beside every running sequence.
enum class PromptSteps { kByChunking, kBeside, kApart };

// What EngineOptions override; of one attention rank.
struct EngineDefaults {
  int token_budget = 8192, max_sequences = 256, block_tokens = 16;
  bool chunked_prefill = false, prefix_cache = false, static_batching = false;
  bool reserves_output = false;
  PromptSteps prompts = PromptSteps::kByChunking;  // beside decodes where they are cut
};

struct ServingEngine {
  std::string name;
  std::vector<std::string> aliases;
  int year = 0;
  EngineHost host;
  EngineTraffic traffic;
  EngineMemory memory;
  EngineDefaults defaults;
  AttentionKernel attention = AttentionKernel::kFlash2;
  bool narrow_prefill = false, ungrouped_decode = false, own_all_reduce = false;
  int grouped_query_heads = 0, grouped_head_dim = 0;  // of decode kernels; zeros: any
  KernelLibrary kernels = KernelLibrary::kAny;
  std::vector<ExpertLibrary> expert_libraries;
  bool low_latency_experts = false, two_batch_overlap = false;
  std::vector<std::string> measured_engines;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_SERVING_ENGINE_H_
