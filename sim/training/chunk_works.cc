#include "sim/training/chunk_works.h"

#include <utility>

#include "sim/training/stage_cost.h"
#include "sim/training/work.h"

namespace fleetsim {

int IndexOfWork(Work work, Program& program) {
  program.works.push_back(std::move(work));
  return static_cast<int>(program.works.size()) - 1;
}

namespace {

// Where the device waits for the host's launches in `work`, which has exchanges.
void AddIssued(int work, Program& program, std::map<int, IssuedWork>& issued) {
  const Seconds idle = program.works[work].parts[static_cast<int>(Part::kHost)];
  if (idle.value() <= 0.0) return;
  Work kernels = program.works[work];
  Work host;
  Add(kernels, Part::kHost, Activity::kIdle, idle * -1.0);
  Add(host, Part::kHost, Activity::kIdle, idle);
  issued[work] = {IndexOfWork(kernels, program), IndexOfWork(host, program),
                  IndexOfWork(Work(), program)};
}

void AddAllIssued(Program& program, ChunkWorks& works) {
  for (size_t i = 0; i < works.forward_pieces.size(); ++i) {
    if (works.forward_exchanges[i].layers > 0.0) {
      AddIssued(works.forward_pieces[i], program, works.issued);
    }
    if (works.backward_exchanges[i].layers > 0.0) {
      AddIssued(works.backward_pieces[i], program, works.issued);
    }
  }
  if (works.all_forward_exchanges.layers > 0.0) AddIssued(works.forward, program, works.issued);
  if (works.all_backward_exchanges.layers > 0.0) AddIssued(works.backward, program, works.issued);
}

}  // namespace

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
  if (!HostWaitsForExchange(spec, hardware.links)) AddAllIssued(program, works);
  return works;
}

}  // namespace fleetsim
