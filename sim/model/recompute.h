// What the backward pass computes again instead of having kept it.
#ifndef SIM_MODEL_RECOMPUTE_H_
#define SIM_MODEL_RECOMPUTE_H_

namespace fleetsim {

enum class Recompute {
  kNone,
  kSelective,  // the attention core only (Korthikanti et al. 2022, arXiv 2205.05198, section 5)
  kFull,       // whole layers; only their inputs are kept
};

}  // namespace fleetsim

#endif  // SIM_MODEL_RECOMPUTE_H_
