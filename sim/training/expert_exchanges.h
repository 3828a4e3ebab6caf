// What a layer's passes exchange between the ranks that share out its experts.
#ifndef SIM_TRAINING_EXPERT_EXCHANGES_H_
#define SIM_TRAINING_EXPERT_EXCHANGES_H_

#include <vector>

#include "sim/program/program.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Exchanges of a pass: tokens to their experts and back, so many layers one after another.
struct ExpertExchanges {
  double layers = 0;
  double dispatch_bytes = 0;  // of an element on its way to an expert, summed over the layers
  ExpertExchanges& operator+=(const ExpertExchanges& other) {
    layers += other.layers;
    dispatch_bytes += other.dispatch_bytes;
    return *this;
  }
};

// Dispatch and combine of the forward pass; none without experts or where each rank has them all.
ExpertExchanges ForwardExchanges(const TrainingSpec& spec, int layer);
// Gradients take the same ways back; what is computed again exchanges again.
ExpertExchanges BackwardExchanges(const TrainingSpec& spec, int layer);

// All dispatches and all combines of a pass as collectives, with the first of the stack's libraries
// that the links serve; `share` of all of it. Empty where there is nothing to exchange.
std::vector<CollectiveSpec> ExchangeSpecs(const TrainingSpec& spec, const DomainLinks& links,
                                          const ExpertExchanges& exchanges, double share);

// How much longer computation takes beside them: the exchange's kernels take processors from it.
double SlowdownBeside(const TrainingSpec& spec, const WorkerHardware& hardware,
                      const ExpertExchanges& exchanges);

// Libraries of expert kernels tell the host how many tokens have come before it can go on (DeepEP's
// readme); the collective library's all-to-all is told before it starts.
bool HostWaitsForExchange(const TrainingSpec& spec, const DomainLinks& links);

}  // namespace fleetsim

#endif  // SIM_TRAINING_EXPERT_EXCHANGES_H_
