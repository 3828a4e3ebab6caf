// A model chunk's pieces of work, put into a program.
#ifndef SIM_TRAINING_CHUNK_WORKS_H_
#define SIM_TRAINING_CHUNK_WORKS_H_

#include <map>
#include <vector>

#include "sim/parallel/stage_parameters.h"
#include "sim/program/program.h"
#include "sim/training/expert_exchanges.h"
#include "sim/training/spec.h"

namespace fleetsim {

// A piece of work with exchanges of experts where the host is slower than the device: the kernels
// alone, the time in which the device waits for the host's launches, and what begins when that and
// the exchange are through.
struct IssuedWork {
  int kernels, host, through;
};

struct ChunkWorks {
  // The whole chunk; indices into Program::works. Where the schedule splits the backward pass,
  // `backward` is without the gradients of the weights.
  int forward = -1, backward = -1, weights = -1;
  std::vector<int> forward_pieces, backward_pieces, weight_pieces;
  std::vector<HeldParameters> trained, weight_bytes;  // parameters, bytes of all weights; by piece
  // As the pieces; of the whole chunk.
  std::vector<ExpertExchanges> forward_exchanges, backward_exchanges;
  ExpertExchanges all_forward_exchanges, all_backward_exchanges;
  std::map<int, IssuedWork> issued;  // by work; where exchanges travel while the host issues
};

// Puts a piece of work into the program; its index there.
int IndexOfWork(Work work, Program& program);

// Chunk `chunk` of the model in at most `pieces` pieces, with the schedule's host time.
ChunkWorks WorksOfChunk(const TrainingSpec& spec, const WorkerHardware& hardware, int chunk,
                        int pieces, Program& program);

}  // namespace fleetsim

#endif  // SIM_TRAINING_CHUNK_WORKS_H_
