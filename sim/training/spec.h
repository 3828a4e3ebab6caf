// Everything one simulated training step is a function of, decided and checked.
#ifndef SIM_TRAINING_SPEC_H_
#define SIM_TRAINING_SPEC_H_

#include "sim/base/dtype.h"
#include "sim/collective/collective.h"
#include "sim/hardware/kernel.h"
#include "sim/hardware/stack.h"
#include "sim/model/architecture.h"
#include "sim/model/lengths.h"
#include "sim/model/operators.h"
#include "sim/model/precision_recipe.h"
#include "sim/model/recompute.h"
#include "sim/model/trainable.h"
#include "sim/parallel/shard.h"
#include "sim/parallel/strategy.h"
#include "sim/training/rank_exchange.h"

namespace fleetsim {

struct TrainingSpec {
  const Architecture* model = nullptr;
  const SoftwareStack* stack = nullptr;
  int sequence_length = 0;  // tokens
  DataType precision = DataType::kBf16;
  Recompute recompute = Recompute::kNone;
  double recomputed_layers = 1.0;  // share of the layers that recompute, where any do
  Strategy strategy;
  RecomputeModules modules;  // what is selective; none: as the stack means it
  PrecisionRecipe recipe;
  Trainable trainable;  // the whole model, or a part of it or adapters
  // Of the sequences, where they hold examples: `sequence_length` is then their mean with padding,
  // rounded to whole tokens, and `longest` what memory has to hold.
  Rows rows;
  int longest = 0;  // tokens; zero: sequence_length

  // Of the layers' matrix products, and of what stays in 16 bits beside them: loss head, router,
  // attention core unless the recipe says otherwise.
  NumberFormat LinearFormat() const { return {precision, recipe.scaling}; }
  DataType WidePrecision() const { return IsNarrow(precision) ? DataType::kBf16 : precision; }
  DataType AttentionPrecision() const {
    return recipe.narrow_attention ? precision : WidePrecision();
  }
  LayerShard Shard() const { return ShardOf(strategy, sequence_length, rows.attended); }
  // What travels in the data-parallel reduction and gather, a parameter. Formats with scales of
  // their own along each dimension are made from gathered 16-bit weights.
  DataType GradientReductionType() const { return stack->ReductionType(precision); }
  double GatheredParameterBytes() const {
    const bool narrow = recipe.narrow_parameters.value_or(false) && recipe.scaling != Scaling::kMx;
    return narrow ? ElementBytes(precision) : stack->weight_bytes;
  }
  // Sequences of one step over all replicas.
  double GlobalBatch() const {
    return static_cast<double>(strategy.micro_batch) * strategy.micro_batches * strategy.data;
  }
};

// Decides what the job leaves open of its narrow format: the scaling, and whether parameters are
// narrow too. Nothing to do where the precision has 16 bits.
void CompleteRecipe(TrainingSpec& spec);

// What a worker's kernels, tensor-parallel collectives and context-parallel exchanges run on.
struct WorkerHardware {
  Device device;
  DomainLinks links;
  // One accelerator's share of its host's NICs, one direction, as a transfer between two gets it.
  BytesPerSecond network;
  // One accelerator's: link to the host, one direction, and part of the host memory's bandwidth.
  BytesPerSecond host_link, host_memory;
  // Of what the ranks exchange across hosts; empty: closed forms.
  ExchangeTimes exchanges;
};

}  // namespace fleetsim

#endif  // SIM_TRAINING_SPEC_H_
