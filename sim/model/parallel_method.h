// Choices among ways to run in parallel, as a workload names them.
#ifndef SIM_MODEL_PARALLEL_METHOD_H_
#define SIM_MODEL_PARALLEL_METHOD_H_

namespace fleetsim {

// In which order a pipeline rank runs its passes (sim/parallel/schedule.h). With several chunks a
// rank, kOneForwardOneBackward is the interleaved schedule; kZeroBubbleV has two, placed in a V.
enum class Schedule { kOneForwardOneBackward, kGpipe, kZeroBubbleH1, kZeroBubbleV };

// How attention sees a sequence that is divided among context ranks.
enum class ContextMethod {
  kRing,       // keys and values travel round (Liu et al. 2023, arXiv 2310.01889)
  kUlysses,    // all-to-all from sequence to heads and back (Jacobs et al. 2023, arXiv 2309.14509)
  kAllGather,  // every rank gathers keys and values (Llama 3, arXiv 2407.21783, section 3.3.2)
};

}  // namespace fleetsim

#endif  // SIM_MODEL_PARALLEL_METHOD_H_
