// Memory that a strategy needs on the accelerators of its fullest pipeline stage.
// Sources: Korthikanti et al. 2022 (arXiv 2205.05198) for activations, Rajbhandari et al. 2019
// (arXiv 1910.02054) for what ZeRO divides.
#ifndef SIM_PARALLEL_MEMORY_H_
#define SIM_PARALLEL_MEMORY_H_

#include "sim/base/units.h"
#include "sim/hardware/stack.h"
#include "sim/model/architecture.h"
#include "sim/model/precision_recipe.h"
#include "sim/model/recompute.h"
#include "sim/model/trainable.h"
#include "sim/parallel/memory_use.h"
#include "sim/parallel/stage_parameters.h"
#include "sim/parallel/strategy.h"

namespace fleetsim {

// What a training step keeps in memory, as far as it does not depend on the accelerator.
struct MemoryQuestion {
  const Architecture* model = nullptr;
  const SoftwareStack* stack = nullptr;
  Strategy strategy;
  Recompute recompute = Recompute::kNone;
  double recomputed_layers = 1.0;  // share of the layers that recompute, where any do
  int sequence_length = 0;         // tokens
  RecomputeModules modules;        // what is selective; none: as the stack means it
  Trainable trainable;
  DataType precision = DataType::kBf16;
  PrecisionRecipe recipe;  // complete, see CompleteRecipe()
};

// Kept of one layer for one micro-batch until its backward pass, on one rank.
Bytes LayerActivations(const MemoryQuestion& question, int layer);

// Parameters that one rank of a stage trains, and bytes of all its weights, before ZeRO divides
// them.
struct StageStates {
  HeldParameters trained, weight_bytes;
};
StageStates StatesOfStage(const MemoryQuestion& question, int stage);

// Weights, gradients, optimizer and what is reserved, without what a pass needs.
MemoryUse StateMemory(const MemoryQuestion& question, const StageStates& states);

// Of one rank of pipeline stage `stage`.
MemoryUse StageMemory(const MemoryQuestion& question, int stage);

// Of the stage that needs the most.
MemoryUse PeakMemory(const MemoryQuestion& question);

}  // namespace fleetsim

#endif  // SIM_PARALLEL_MEMORY_H_
