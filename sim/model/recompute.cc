#include "sim/model/recompute.h"

namespace fleetsim {

bool AddRecomputeModule(const std::string& name, RecomputeModules& modules) {
  const struct {
    const char* name;
    bool RecomputeModules::*member;
  } kModules[] = {{"core_attn", &RecomputeModules::attention_core},
                  {"mla_up_proj", &RecomputeModules::latent_up},
                  {"layernorm", &RecomputeModules::norms},
                  {"mlp", &RecomputeModules::feed_forward},
                  {"moe_act", &RecomputeModules::expert_activation},
                  {"moe", &RecomputeModules::experts},
                  {"shared_experts", &RecomputeModules::shared_experts}};
  for (const auto& module : kModules) {
    if (name != module.name) continue;
    modules.*module.member = true;
    return true;
  }
  return false;
}

}  // namespace fleetsim
