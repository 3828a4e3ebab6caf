// What the backward pass computes again instead of having kept it.
#ifndef SIM_MODEL_RECOMPUTE_H_
#define SIM_MODEL_RECOMPUTE_H_

#include <string>

namespace fleetsim {

enum class Recompute {
  kNone,
  kSelective,  // the attention core only (Korthikanti et al. 2022, arXiv 2205.05198, section 5)
  kFull,       // whole layers; only their inputs are kept
};

// Parts of a layer that selective recomputation may name (Megatron-Core, recompute_modules); none:
// what the software stack means by selective.
struct RecomputeModules {
  bool attention_core = false;
  bool latent_up = false;          // projections from the latents of MLA up to q, k and v
  bool norms = false;              // outputs of the two norms
  bool feed_forward = false;       // of dense layers
  bool expert_activation = false;  // activation function of the experts
  bool experts = false;            // router, exchange, experts and shared experts
  bool shared_experts = false;

  int Count() const {
    return attention_core + latent_up + norms + feed_forward + expert_activation + experts +
           shared_experts;
  }
};

inline constexpr char kRecomputeModuleNames[] =
    "core_attn, mla_up_proj, layernorm, mlp, moe_act, moe, shared_experts";

// Adds one by Megatron-Core's name for it; false where there is none of that name.
bool AddRecomputeModule(const std::string& name, RecomputeModules& modules);

}  // namespace fleetsim

#endif  // SIM_MODEL_RECOMPUTE_H_
