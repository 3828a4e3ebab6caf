// What a step of a serving instance costs: kernels of its layers, collectives between its
// accelerators, and the host. Formulas: docs/serving.md.
#ifndef SIM_SERVING_STEP_MODEL_H_
#define SIM_SERVING_STEP_MODEL_H_

#include <vector>

#include "sim/serving/attention_times.h"
#include "sim/serving/instance_spec.h"
#include "sim/serving/kernel_times.h"
#include "sim/serving/layer_times.h"
#include "sim/serving/step.h"

namespace fleetsim {

// Everything that depends on counts of tokens alone is tabulated when the model is made; a step
// looks it up and asks the kernel model for the attention cores. CheckInstance must have passed,
// and what spec and hardware point to must outlive the model.
class InstanceModel : public StepModel {
 public:
  InstanceModel(const InstanceSpec& spec, const InstanceHardware& hardware);

  // Attention replicas wait for the slowest at every layer with experts. With a pipeline a step is
  // one micro-batch on its way through all stages, an equal part of the duration in each; as many
  // of them can be under way as there are stages. Its energy is that of the accelerators it
  // occupies, while it does.
  StepCost Cost(const std::vector<StepLoad>& ranks) const override;
  double TokensPerDecode() const override;

 private:
  // One attention rank's part of a step, or of an equal piece of one.
  struct RankPart {
    double prompt_tokens = 0, chunks = 0, past = 0;  // `past`: of one chunk
    double decodes = 0, context = 0;                 // `context`: of one sequence
    double query_tokens = 1;                         // of a decode

    double Tokens() const { return prompt_tokens + decodes * query_tokens; }
  };

  // All layers, for one piece of every rank's load.
  struct Pass {
    KernelTimes kernels;  // of the busiest rank, without `exchange`
    Seconds exchange;     // with experts on other ranks
    RankPart busiest;
    double all_tokens = 0;
    bool decode = true;  // no prompts anywhere
  };

  Pass PassOf(const std::vector<StepLoad>& ranks, double pieces) const;
  Pass BestPass(const std::vector<StepLoad>& ranks) const;
  StepCost CostOf(const Pass& pass, Seconds host) const;
  RankPart PartOf(const StepLoad& load, double pieces) const;
  KernelTimes AttentionTimes(const LayerCounts& layers, const RankPart& part, double pieces) const;
  KernelTimes RankTimes(const RankPart& part, double pieces) const;
  KernelTimes ExpertLayers(const RankPart& busiest, double all_tokens, bool decode) const;
  Seconds TransferTime(double tokens) const;
  Seconds HostTime(const std::vector<StepLoad>& ranks) const;
  Seconds LaunchTime(const RankPart& busiest, bool decode) const;
  Joules Energy(const KernelTimes& kernels, Seconds duration) const;

  const InstanceSpec spec_;
  const InstanceHardware hardware_;  // with the engine's own kernels
  const LayerCounts layers_;
  const double launches_;  // of a step that is not recorded
  const double recorded_launches_;
  // Of all layers, over tokens of one attention rank; experts of one layer, over those of all.
  TokenTable shared_, further_, head_, expansion_, absorption_, experts_;
  TokenTable prompt_exchange_, decode_exchange_;
  TokenTable prompt_recurrence_, decode_recurrence_;  // all layers, over tokens and sequences
};

}  // namespace fleetsim

#endif  // SIM_SERVING_STEP_MODEL_H_
