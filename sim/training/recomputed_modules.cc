#include "sim/training/recomputed_modules.h"

#include <vector>

#include "absl/strings/match.h"
#include "sim/training/attention_cost.h"
#include "sim/training/expert_cost.h"
#include "sim/training/products.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// A norm reads its input and writes its output, in 16 bits.
constexpr double kNormBytes = 4.0;

// The layer's products whose names begin so.
std::vector<GemmOp> Named(const LayerOperators& operators,
                          const std::vector<const char*>& prefixes) {
  std::vector<GemmOp> named;
  for (const GemmOp& gemm : operators.gemms) {
    for (const char* prefix : prefixes) {
      if (absl::StartsWith(gemm.name, prefix)) named.push_back(gemm);
    }
  }
  return named;
}

void AddProducts(const TrainingSpec& spec, const WorkerHardware& hardware,
                 const std::vector<GemmOp>& gemms, Work& work) {
  const ProductTime time = ForwardProducts(spec, hardware, gemms, gemms.size());
  Add(work, Part::kRecompute, Activity::kMatrix, time.matrix);
  Add(work, Part::kRecompute, Activity::kMemory, time.memory);
}

void AddStream(const WorkerHardware& hardware, double bytes, double kernels, Work& work) {
  Add(work, Part::kRecompute, Activity::kMemory, Stream(hardware, bytes, kernels));
}

// A part that the layer has: a dense feed-forward block or experts, latent attention or plain.
int PartsOf(const TrainingSpec& spec, int layer) {
  const RecomputeModules& modules = spec.modules;
  const bool experts = HasExperts(*spec.model, layer);
  int parts = modules.attention_core + 2 * modules.norms;
  if (spec.model->latent) parts += modules.latent_up;
  if (!experts) return parts + modules.feed_forward;
  if (modules.experts) return parts + 1;
  const bool shared = spec.model->experts->shared > 0;
  return parts + modules.expert_activation + (shared && modules.shared_experts);
}

}  // namespace

Work RecomputedModules(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  const RecomputeModules& modules = spec.modules;
  const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
  const bool experts = HasExperts(*spec.model, layer);
  Work work;
  if (modules.attention_core) {
    const PassKernels core = AttentionForward(spec, hardware, operators.attention);
    Add(work, Part::kRecompute, Activity::kMatrix, core.matrix);
    Add(work, Part::kRecompute, Activity::kAttention, core.attention);
    Add(work, Part::kRecompute, Activity::kMemory, core.memory);
    AddExposed(work, {core.exposed, core.nic_bytes});
  }
  if (modules.latent_up && spec.model->latent) {
    AddProducts(spec, hardware, Named(operators, {"q_up", "kv_up"}), work);
  }
  if (modules.norms) {
    const double share = spec.strategy.sequence_parallel ? 1.0 / spec.strategy.tensor : 1.0;
    AddStream(hardware, 2 * kNormBytes * operators.hidden_elements * share, 2, work);
  }
  const double activation = operators.ffn_elements * spec.stack->forward_traffic.ffn;
  if (!experts && modules.feed_forward) {
    AddProducts(spec, hardware, Named(operators, {"ffn_"}), work);
    AddStream(hardware, activation, 1, work);
  }
  if (experts && modules.experts) {
    AddProducts(spec, hardware, Named(operators, {"router", "expert_", "shared_expert_"}), work);
    AddStream(hardware, activation, 1, work);
    Add(work, Part::kRecompute, Activity::kMemory,
        PermutationTime(spec, hardware, operators, false));
    AddExposed(work, ExpertTensorTime(spec, hardware, operators));
  } else if (experts) {
    if (modules.expert_activation) AddStream(hardware, activation, 1, work);
    if (modules.shared_experts) {
      AddProducts(spec, hardware, Named(operators, {"shared_expert_"}), work);
    }
  }
  return work;
}

double CheckpointLaunches(const TrainingSpec& spec, int layer) {
  if (spec.recompute != Recompute::kSelective) return 0.0;
  return spec.stack->checkpoint_launches * PartsOf(spec, layer);
}

}  // namespace fleetsim
