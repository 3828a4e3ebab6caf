// What a fleet is asked to do, checked and with its models looked up; meaning of the fields as in
// proto/workload.proto. Whether a job fits a platform is not known here.
#ifndef SIM_MODEL_JOB_H_
#define SIM_MODEL_JOB_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/model/architecture.h"
#include "sim/model/lengths.h"
#include "sim/model/parallel_method.h"
#include "sim/model/precision_recipe.h"
#include "sim/model/recompute.h"
#include "sim/model/reliability.h"
#include "sim/model/serving_job.h"
#include "sim/model/trainable.h"

namespace fleetsim {

// What the user fixed of the parallel strategy; what is left open depends on platform and stack.
struct ParallelismRequest {
  int tensor = 1, pipeline = 1, context = 1;
  int virtual_stages = 1;                 // model chunks a pipeline rank
  int micro_batch = 1;                    // sequences
  std::optional<int> data;                // absent: all accelerators left after the others
  std::optional<bool> sequence_parallel;  // absent: where tensor > 1 and the stack can
  std::vector<int> chunk_layers;          // pipeline x virtual_stages numbers; empty: even
  std::optional<int> zero_stage;          // absent: the stack's
  std::optional<int> optimizer_shards;    // absent: the stack's, else all data ranks
  int expert = 1;                         // ranks that share out the experts
  std::optional<int> expert_tensor;       // ranks each expert is cut over; absent: the stack's way
  double expert_load = 1.0;               // tokens of the busiest expert rank over the mean
  bool dual_pipe = false;                 // micro-batches enter from both ends
  Schedule schedule = Schedule::kOneForwardOneBackward;
  std::optional<bool> reduces_once_a_step;  // absent: where pipeline > 1
  int prefetched_layers = 1;
  ContextMethod context_method = ContextMethod::kRing;
  double optimizer_offload = 0, activation_offload = 0;  // shares
};

// What a fine-tuning job states beyond how its steps run.
struct FineTuning {
  Trainable trainable;
  std::optional<LengthDistribution> lengths;  // of examples; absent: every one fills its sequence
  bool packed = false;
  int pad_multiple = 1;            // tokens that padded lengths are a multiple of
  bool preference = false;         // examples are pairs of a chosen and a rejected sequence
  std::optional<double> examples;  // of the data set; absent: `tokens` or one step
  double epochs = 1;
};

// A training job of either kind.
struct PretrainJob {
  Architecture model;
  std::optional<double> tokens;  // of the whole run; absent: one step, no run totals
  int sequence_length = 0;       // tokens
  int global_batch = 0;          // sequences
  DataType precision = DataType::kBf16;
  Recompute recompute = Recompute::kNone;
  std::string stack;                              // as written; the catalog knows which there are
  std::optional<ParallelismRequest> parallelism;  // absent: to be searched
  PrecisionRecipe recipe;
  std::optional<FineTuning> tuning;    // absent: pre-training
  RecomputeModules recompute_modules;  // with kSelective; none: as the stack means it
};

// Places in the workload file, for errors that only platform and catalog can bring to light.
struct JobPlaces {
  Location job, precision, stack, parallelism, recipe;
};

struct Job {
  std::string id;
  Seconds submit_time;
  PretrainJob pretrain;               // of no meaning where `serving` is set
  std::optional<ServingJob> serving;  // absent: a training job
  JobPlaces places;
  std::optional<ReliabilityRequest> reliability;  // absent: nothing interrupts the run
};

struct Workload {
  std::string name;
  std::string file;
  std::vector<Job> jobs;  // ids are unique
};

}  // namespace fleetsim

#endif  // SIM_MODEL_JOB_H_
