// What a layer's passes exchange between the ranks that share out its experts.
#ifndef SIM_TRAINING_EXPERT_EXCHANGES_H_
#define SIM_TRAINING_EXPERT_EXCHANGES_H_

#include "sim/base/units.h"
#include "sim/training/spec.h"

namespace fleetsim {

// All-to-alls of a pass, one after another. `bytes` of all of them, as in CollectiveSpec.
struct ExpertExchanges {
  int count = 0;
  Bytes bytes;
  ExpertExchanges& operator+=(const ExpertExchanges& other) {
    count += other.count;
    bytes += other.bytes;
    return *this;
  }
};

// Dispatch and combine of the forward pass; none without experts or where each rank has them all.
ExpertExchanges ForwardExchanges(const TrainingSpec& spec, int layer);
// Gradients take the same ways back; what is computed again exchanges again.
ExpertExchanges BackwardExchanges(const TrainingSpec& spec, int layer);

}  // namespace fleetsim

#endif  // SIM_TRAINING_EXPERT_EXCHANGES_H_
