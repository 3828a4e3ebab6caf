#include "sim/training/chunk_works.h"

#include <utility>

#include "sim/training/stage_cost.h"
#include "sim/training/work.h"

namespace fleetsim {

int IndexOfWork(Work work, Program& program) {
  program.works.push_back(std::move(work));
  return static_cast<int>(program.works.size()) - 1;
}

ChunkWorks WorksOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                        int pieces, Program& program) {
  ChunkCost cost = CostOfChunk(spec, hardware, chunk, pieces);
  // Schedule bookkeeping is spread over the passes of a micro-batch.
  const Seconds host = spec.stack->host_per_micro_batch / (2.0 * spec.strategy.virtual_stages);
  Add(cost.forward.front(), Part::kHost, Activity::kIdle, host);
  Add(cost.backward.back(), Part::kHost, Activity::kIdle, host);
  ChunkWorks works{.trained = cost.trained,
                   .weight_bytes = cost.weight_bytes,
                   .forward_exchanges = cost.forward_exchanges,
                   .backward_exchanges = cost.backward_exchanges};
  Work forward, backward;
  for (size_t i = 0; i < cost.forward.size(); ++i) {
    Append(forward, cost.forward[i]);
    Append(backward, cost.backward[i]);
    works.forward_pieces.push_back(IndexOfWork(cost.forward[i], program));
    works.backward_pieces.push_back(IndexOfWork(cost.backward[i], program));
    works.all_forward_exchanges += cost.forward_exchanges[i];
    works.all_backward_exchanges += cost.backward_exchanges[i];
  }
  works.forward = IndexOfWork(forward, program);
  works.backward = IndexOfWork(backward, program);
  Work weights;
  for (const Work& piece : cost.weight_gradients) {
    Append(weights, piece);
    works.weight_pieces.push_back(IndexOfWork(piece, program));
  }
  if (!works.weight_pieces.empty()) works.weights = IndexOfWork(weights, program);
  return works;
}

}  // namespace fleetsim
