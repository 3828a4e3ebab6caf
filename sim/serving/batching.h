// What a rank's next step consists of: one policy a file, one row each in batching.cc.
#ifndef SIM_SERVING_BATCHING_H_
#define SIM_SERVING_BATCHING_H_

#include "sim/serving/engine_options.h"
#include "sim/serving/rank.h"

namespace fleetsim {

struct BatchPolicyRow {
  BatchPolicy policy;
  const char* name;
  // Fills the cleared step; an empty load: nothing can be done now.
  void (*fill)(Rank& rank, RankStep& step);
};
const BatchPolicyRow& BatchPolicyOf(BatchPolicy policy);

void FillDecodeFirst(Rank& rank, RankStep& step);
void FillPrefillFirst(Rank& rank, RankStep& step);
void FillStatic(Rank& rank, RankStep& step);

}  // namespace fleetsim

#endif  // SIM_SERVING_BATCHING_H_
