#include "sim/parallel/zero_bubble_v.h"

#include <algorithm>
#include <array>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

class ZeroBubbleVRank {
 public:
  explicit ZeroBubbleVRank(int micro_batches) : micro_batches_(micro_batches) {}

  void Forward(int chunk) { Add({false, chunk, forward_[chunk]++}); }
  void InputGradient(int chunk) { Add({true, chunk, input_[chunk]++, Gradients::kInput}); }
  void WeightGradient(int chunk) { Add({true, chunk, weight_[chunk]++, Gradients::kWeight}); }
  void Backward(int chunk) {
    InputGradient(chunk);
    WeightGradient(chunk);
  }

  // Passes of the chunk so far.
  int Forwards(int chunk) const { return forward_[chunk]; }
  bool OwesWeights(int chunk) const { return weight_[chunk] < input_[chunk]; }
  const std::vector<Pass>& order() const { return order_; }

 private:
  void Add(const Pass& pass) {
    if (pass.micro_batch < micro_batches_) order_.push_back(pass);
  }

  const int micro_batches_;
  std::array<int, 2> forward_{}, input_{}, weight_{};
  std::vector<Pass> order_;
};

void WarmUp(int rank, int pipeline, ZeroBubbleVRank& passes) {
  for (int i = 0; i < 2 * (pipeline - rank) - 1; ++i) passes.Forward(0);
  for (int i = 0; i < rank; ++i) {
    passes.Forward(1);
    passes.Forward(0);
  }
  for (int i = 0; i < pipeline - rank; ++i) {
    passes.Forward(1);
    passes.Backward(1);
  }
}

void CoolDown(int rank, int pipeline, ZeroBubbleVRank& passes) {
  for (int i = 0; i < rank; ++i) {
    passes.InputGradient(0);
    passes.InputGradient(1);
  }
  for (int i = 0; i < pipeline - rank; ++i) passes.Backward(0);
  while (passes.OwesWeights(1)) passes.WeightGradient(1);
  while (passes.OwesWeights(0)) passes.WeightGradient(0);
}

}  // namespace

std::vector<Pass> ZeroBubbleVOrder(int rank, int pipeline, int micro_batches) {
  FLEETSIM_CHECK(rank >= 0 && rank < pipeline && micro_batches >= 1);
  const int padded = std::max(2 * pipeline - 1, micro_batches);
  ZeroBubbleVRank passes(micro_batches);
  WarmUp(rank, pipeline, passes);
  while (passes.Forwards(1) < passes.Forwards(0) || passes.Forwards(0) < padded) {
    if (passes.Forwards(0) < padded) passes.Forward(0);
    passes.Backward(0);
    passes.Forward(1);
    passes.Backward(1);
  }
  CoolDown(rank, pipeline, passes);
  return passes.order();
}

}  // namespace fleetsim
