#include "sim/parallel/dual_pipe.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "gtest/gtest.h"

namespace fleetsim {
namespace {

// Times of a chunk's passes; a pair takes `pair`.
struct Times {
  double forward, backward, weights, pair;
};

double TimeOf(const DualPass& pass, const Times& times) {
  switch (pass.work) {
    case DualWork::kForward:
      return times.forward;
    case DualWork::kBackward:
      return times.backward;
    case DualWork::kInputGradient:
      return times.backward - times.weights;
    case DualWork::kWeightGradient:
      break;
  }
  return times.weights;
}

// When the last rank is done, if each pass starts as soon as its rank is free and its input is
// there. Negative: some pass never gets its input.
double Makespan(int pipeline, int micro_batches, const Times& times) {
  std::vector<std::vector<DualPass>> orders;
  for (int rank = 0; rank < pipeline; ++rank) {
    orders.push_back(DualPipeOrder(rank, pipeline, micro_batches));
  }
  std::map<std::tuple<bool, int, int, int>, double> done;  // forward?, direction, chunk, batch
  std::vector<size_t> next(pipeline, 0);
  std::vector<double> free(pipeline, 0.0);
  const auto chunk_of = [&](int rank, const DualPass& pass) {
    return pass.direction == 0 ? rank : pipeline - 1 - rank;
  };
  // Date of a pass's input, negative where it is not there yet.
  const auto input = [&](int rank, const DualPass& pass) {
    const int chunk = chunk_of(rank, pass);
    if (pass.work == DualWork::kWeightGradient) return 0.0;
    const bool forward = pass.work == DualWork::kForward;
    if (forward && chunk == 0) return 0.0;
    if (!forward && chunk == pipeline - 1) {
      const auto own = done.find({true, pass.direction, chunk, pass.micro_batch});
      return own == done.end() ? -1.0 : own->second;
    }
    const auto found =
        done.find({forward, pass.direction, chunk + (forward ? -1 : 1), pass.micro_batch});
    return found == done.end() ? -1.0 : found->second;
  };
  for (bool moved = true; moved;) {
    moved = false;
    for (int rank = 0; rank < pipeline; ++rank) {
      while (next[rank] < orders[rank].size()) {
        const DualPass& pass = orders[rank][next[rank]];
        const int count = pass.paired ? 2 : 1;
        double start = free[rank];
        bool ready = true;
        for (int i = 0; i < count; ++i) {
          const double date = input(rank, orders[rank][next[rank] + i]);
          ready = ready && date >= 0.0;
          start = std::max(start, date);
        }
        if (!ready) break;
        free[rank] = start + (pass.paired ? times.pair : TimeOf(pass, times));
        for (int i = 0; i < count; ++i) {
          const DualPass& each = orders[rank][next[rank] + i];
          if (each.work == DualWork::kWeightGradient) continue;
          done[{each.work == DualWork::kForward, each.direction, chunk_of(rank, each),
                each.micro_batch}] = free[rank];
        }
        next[rank] += count;
        moved = true;
      }
    }
  }
  for (int rank = 0; rank < pipeline; ++rank) {
    if (next[rank] < orders[rank].size()) return -1.0;
  }
  return *std::max_element(free.begin(), free.end());
}

TEST(DualPipe, EveryPassOnceOnEveryRank) {
  for (int pipeline : {2, 4, 8, 16}) {
    const int half = 2 * pipeline;
    for (int rank = 0; rank < pipeline; ++rank) {
      std::map<std::tuple<int, int>, int> forward, input, weights;
      for (const DualPass& pass : DualPipeOrder(rank, pipeline, 2 * half)) {
        const std::tuple key(pass.direction, pass.micro_batch);
        if (pass.work == DualWork::kForward) ++forward[key];
        if (pass.work == DualWork::kBackward || pass.work == DualWork::kInputGradient) {
          EXPECT_EQ(forward[key], 1) << "backward after forward";
          ++input[key];
        }
        if (pass.work == DualWork::kBackward || pass.work == DualWork::kWeightGradient) {
          EXPECT_EQ(input[key], 1);
          ++weights[key];
        }
      }
      for (const auto* counts : {&forward, &input, &weights}) {
        EXPECT_EQ(counts->size(), 2u * half);
        for (const auto& [key, count] : *counts) EXPECT_EQ(count, 1);
      }
    }
  }
}

TEST(DualPipe, BubbleIsThePublishedOne) {
  // DeepSeek-V3, table 2: (PP / 2 - 1) (F&B + B - 3 W), F&B the time of an overlapped pair. It
  // counts a forward pass as long as either gradient.
  for (const Times& times : {Times{1.0, 2.0, 1.0, 3.0}, Times{1.2, 2.4, 1.2, 3.0}}) {
    for (int pipeline : {2, 4, 8, 16}) {
      const int micro_batches = 6 * pipeline;
      const double work = micro_batches * (times.forward + times.backward);
      // Pairs may be shorter than their two passes one after the other; the middle rank has most.
      int pairs = 0;
      for (const DualPass& pass : DualPipeOrder(pipeline / 2, pipeline, micro_batches)) {
        pairs += pass.paired;
      }
      const double busy = work - pairs * (times.forward + times.backward - times.pair);
      const double bubble = (pipeline / 2 - 1) * (times.pair + times.backward - 3 * times.weights);
      EXPECT_NEAR(Makespan(pipeline, micro_batches, times), busy + bubble, 1e-9) << pipeline;
    }
  }
}

TEST(DualPipe, HoldsOneMicroBatchMoreThanThePipelineIsLong) {
  // DeepSeek-V3, table 2: activations of PP + 1 micro-batches.
  for (int pipeline : {2, 4, 8, 16}) {
    int most = 0;
    for (int rank = 0; rank < pipeline; ++rank) {
      int held = 0;
      for (const DualPass& pass : DualPipeOrder(rank, pipeline, 4 * pipeline)) {
        held += pass.work == DualWork::kForward;
        most = std::max(most, held);
        held -= pass.work == DualWork::kBackward || pass.work == DualWork::kWeightGradient;
      }
    }
    EXPECT_EQ(most, pipeline + 1) << pipeline;
  }
}

}  // namespace
}  // namespace fleetsim
