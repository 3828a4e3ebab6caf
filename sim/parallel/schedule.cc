#include "sim/parallel/schedule.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/parallel/zero_bubble_v.h"

namespace fleetsim {
namespace {

// Micro-batches go through the chunks in groups as large as the pipeline: a group through chunk 0,
// then the same group through chunk 1, and so on. `reverse` is the order of the backward passes.
std::vector<Pass> GroupedOrder(int pipeline, int virtual_stages, int micro_batches, bool backward) {
  std::vector<Pass> order;
  order.reserve(static_cast<size_t>(virtual_stages) * micro_batches);
  for (int first = 0; first < micro_batches; first += pipeline) {
    const int end = std::min(first + pipeline, micro_batches);
    for (int i = 0; i < virtual_stages; ++i) {
      const int chunk = backward ? virtual_stages - 1 - i : i;
      for (int micro_batch = first; micro_batch < end; ++micro_batch) {
        order.push_back({backward, chunk, micro_batch});
      }
    }
  }
  return order;
}

int WarmUpPasses(int stage, int pipeline, int virtual_stages, int total) {
  if (virtual_stages == 1) return std::min(pipeline - stage - 1, total);
  return std::min((pipeline - stage - 1) * 2 + (virtual_stages - 1) * pipeline, total);
}

}  // namespace

std::vector<Pass> PipelineOrder(int stage, int pipeline, int virtual_stages, int micro_batches) {
  FLEETSIM_CHECK(stage >= 0 && stage < pipeline && virtual_stages >= 1 && micro_batches >= 1);
  // Without interleaving a group is a single micro-batch: forward and backward orders are plain.
  const int group = virtual_stages == 1 ? 1 : pipeline;
  const std::vector<Pass> forward = GroupedOrder(group, virtual_stages, micro_batches, false);
  const std::vector<Pass> backward = GroupedOrder(group, virtual_stages, micro_batches, true);
  const int total = static_cast<int>(forward.size());
  const int warm_up = WarmUpPasses(stage, pipeline, virtual_stages, total);
  std::vector<Pass> order(forward.begin(), forward.begin() + warm_up);
  order.reserve(2 * forward.size());
  for (int i = warm_up; i < total; ++i) {
    order.push_back(forward[i]);
    order.push_back(backward[i - warm_up]);
  }
  order.insert(order.end(), backward.end() - warm_up, backward.end());
  return order;
}

namespace {

std::vector<Pass> GpipeOrder(int micro_batches) {
  std::vector<Pass> order;
  for (int i = 0; i < micro_batches; ++i) order.push_back({false, 0, i});
  for (int i = 0; i < micro_batches; ++i) order.push_back({true, 0, i});
  return order;
}

std::vector<Pass> ZeroBubbleOrder(int stage, int pipeline, int micro_batches) {
  std::vector<Pass> order;
  int weight = 0;
  for (const Pass& pass : PipelineOrder(stage, pipeline, 1, micro_batches)) {
    order.push_back(pass);
    if (!pass.backward) continue;
    order.back().gradients = Gradients::kInput;
    if (pass.micro_batch >= stage) order.push_back({true, 0, weight++, Gradients::kWeight});
  }
  while (weight < micro_batches) order.push_back({true, 0, weight++, Gradients::kWeight});
  return order;
}

}  // namespace

std::vector<Pass> PipelineOrder(const Strategy& strategy, int stage) {
  switch (strategy.schedule) {
    case Schedule::kGpipe:
      return GpipeOrder(strategy.micro_batches);
    case Schedule::kZeroBubbleH1:
      return ZeroBubbleOrder(stage, strategy.pipeline, strategy.micro_batches);
    case Schedule::kZeroBubbleV:
      return ZeroBubbleVOrder(stage, strategy.pipeline, strategy.micro_batches);
    case Schedule::kOneForwardOneBackward:
      break;
  }
  return PipelineOrder(stage, strategy.pipeline, strategy.virtual_stages, strategy.micro_batches);
}

int PeakInFlight(const std::vector<Pass>& order) {
  int now = 0;
  int peak = 0;
  for (const Pass& pass : order) {
    if (pass.backward && !pass.Releases()) continue;
    now += pass.backward ? -1 : 1;
    peak = std::max(peak, now);
  }
  return peak;
}

std::vector<int> EvenChunks(int layers, int chunks) {
  FLEETSIM_CHECK(layers >= 0 && chunks >= 1);
  // Rounded up everywhere, then the excess taken back from the ends inwards.
  std::vector<int> sizes(chunks, (layers + chunks - 1) / chunks);
  int excess = sizes[0] * chunks - layers;
  for (int i = 0; excess > 0; ++i, --excess) {
    const int from_end = i / 2;
    --sizes[i % 2 == 0 ? chunks - 1 - from_end : from_end];
  }
  return sizes;
}

}  // namespace fleetsim
