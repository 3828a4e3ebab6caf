#include "sim/parallel/dual_pipe.h"

#include <algorithm>
#include <array>
#include <deque>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

// The order in terms of phases: phase 0 enters at the pipeline's end that is nearer to the rank.
class DualPipeRank {
 public:
  DualPipeRank(int rank, int pipeline) : second_half_(rank >= pipeline / 2) {}

  void Forward(int phase, bool paired = false) {
    order_.push_back({DualWork::kForward, Direction(phase), forward_[phase]++, paired});
  }

  void Backward(int phase, bool splits = false) {
    const int micro_batch = backward_[phase]++;
    order_.push_back({splits ? DualWork::kInputGradient : DualWork::kBackward, Direction(phase),
                      micro_batch, false});
    if (splits) weights_.push_back({DualWork::kWeightGradient, Direction(phase), micro_batch});
  }

  void Pair(int forward, int backward) {
    Forward(forward, true);
    Backward(backward);
  }

  void WeightGradient() {
    FLEETSIM_CHECK(!weights_.empty());
    order_.push_back(weights_.front());
    weights_.pop_front();
  }

  const std::vector<DualPass>& order() const { return order_; }

 private:
  int Direction(int phase) const { return second_half_ ? 1 - phase : phase; }

  const bool second_half_;
  std::array<int, 2> forward_{}, backward_{};
  std::deque<DualPass> weights_;
  std::vector<DualPass> order_;
};

}  // namespace

std::vector<DualPass> DualPipeOrder(int rank, int pipeline, int micro_batches) {
  FLEETSIM_CHECK(rank >= 0 && rank < pipeline && DualPipeServes(pipeline, micro_batches));
  const int from_end = std::min(rank, pipeline - 1 - rank);
  const int from_middle = pipeline / 2 - from_end - 1;
  DualPipeRank passes(rank, pipeline);
  for (int i = 0; i < 2 * from_middle; ++i) passes.Forward(0);
  for (int i = 0; i < from_end + 1; ++i) {
    passes.Forward(0);
    passes.Forward(1);
  }
  for (int i = 0; i < from_middle; ++i) {
    passes.Backward(1, /*splits=*/true);
    passes.WeightGradient();
    passes.Forward(1);
  }
  for (int i = 0; i < micro_batches / 2 - pipeline + from_end + 1; ++i) {
    passes.Pair(0, 1);
    passes.Pair(1, 0);
  }
  for (int i = 0; i < from_middle; ++i) {
    passes.Backward(1);
    passes.Pair(1, 0);
  }
  // The last backward passes leave the weights' gradients to fill the gaps.
  bool splits = false;
  for (int i = 0; i < from_end + 1; ++i) {
    if (i == (from_end + 1) / 2 && from_end % 2 == 1) splits = true;
    passes.Backward(1, splits);
    if (i == (from_end + 1) / 2 && from_end % 2 == 0) splits = true;
    passes.Backward(0, splits);
  }
  for (int i = 0; i < from_middle; ++i) {
    passes.WeightGradient();
    passes.Backward(0, /*splits=*/true);
  }
  for (int i = 0; i < from_end + 1; ++i) passes.WeightGradient();
  return passes.order();
}

}  // namespace fleetsim
