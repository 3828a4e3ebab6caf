#include "sim/training/layer_cost.h"

#include <algorithm>

#include "sim/parallel/stage_parameters.h"
#include "sim/training/adapter_cost.h"
#include "sim/training/attention_cost.h"
#include "sim/training/expert_cost.h"
#include "sim/training/mixer_cost.h"
#include "sim/training/products.h"
#include "sim/training/recomputed_modules.h"
#include "sim/training/work.h"

namespace fleetsim {
namespace {

// Activations travel and are stored in 16 bits.
constexpr double kActivationBytes = 2.0;

// Norms, dropout and residuals are sharded over the tensor ranks under sequence parallelism.
double HiddenShare(const TrainingSpec& spec) {
  return spec.strategy.sequence_parallel ? 1.0 / spec.strategy.tensor : 1.0;
}

Seconds ElementwiseTime(const TrainingSpec& spec, const WorkerHardware& hardware,
                        const LayerOperators& operators, const ElementwiseTraffic& traffic,
                        double extra_passes, double kernels) {
  const double query_width = operators.attention.heads * operators.attention.head_dim;
  const double extra_bytes = extra_passes * kActivationBytes;
  // The stack's numbers are of a layer with two blocks.
  const double blocks = operators.blocks / 2.0;
  const double bytes =
      operators.hidden_elements * (traffic.hidden * blocks + extra_bytes) * HiddenShare(spec) +
      operators.tokens * query_width * traffic.attention +
      operators.query_key_elements * operators.query_key_passes * kActivationBytes +
      operators.ffn_elements * traffic.ffn;
  return Stream(hardware, bytes, kernels * blocks);
}

Seconds ForwardElementwise(const TrainingSpec& spec, const WorkerHardware& hardware,
                           const LayerOperators& operators) {
  return ElementwiseTime(spec, hardware, operators, spec.stack->forward_traffic,
                         operators.extra_hidden_passes, spec.stack->elementwise_kernels);
}

void AddKernels(Work& work, Part part, const PassKernels& kernels) {
  Add(work, part, Activity::kMatrix, kernels.matrix);
  Add(work, part, Activity::kAttention, kernels.attention);
  Add(work, part, Activity::kMemory, kernels.memory);
}

void AddAttention(Work& work, const TrainingSpec& spec, Part part, const PassKernels& kernels) {
  AddKernels(work, part, kernels);
  AddExposed(work, {kernels.exposed, kernels.nic_bytes});
  Add(work, part, Activity::kAttention, kernels.hidden * spec.stack->overlap_slowdown);
}

// Tensor-parallel communication of `tokens` x hidden activations: what `overlap` hides costs only
// the slowdown of the kernels beside it.
void AddTensorCommunication(Work& work, const TrainingSpec& spec, Part part,
                            const Communication& communication, double overlap) {
  const Seconds hidden = communication.time * overlap;
  AddExposed(work, {communication.time - hidden, communication.nic_bytes});
  Add(work, part, Activity::kMatrix, hidden * spec.stack->overlap_slowdown);
}

// Of `tokens` x hidden activations over the tensor ranks.
Communication TensorCollective(const TrainingSpec& spec, const WorkerHardware& hardware,
                               CollectiveKind kind, double tokens) {
  return TimeOf(spec, hardware,
                {RankGroup::kTensor, kind, Bytes(tokens * spec.model->hidden * kActivationBytes)});
}

// One all-reduce, or the all-gather and reduce-scatter that replace it under sequence parallelism
// (Korthikanti et al. 2022, section 4.2.2).
Communication TensorReduction(const TrainingSpec& spec, const WorkerHardware& hardware,
                              double tokens) {
  if (!spec.strategy.sequence_parallel) {
    return TensorCollective(spec, hardware, CollectiveKind::kAllReduce, tokens);
  }
  return TensorCollective(spec, hardware, CollectiveKind::kAllGather, tokens) +
         TensorCollective(spec, hardware, CollectiveKind::kReduceScatter, tokens);
}

// Under sequence parallelism the inputs of the blocks' column-parallel products are kept sharded
// and gathered again for weight gradients (Korthikanti et al. 2022, section 4.2.2), of the products
// or of their adapters; `inputs` of them.
Communication InputGathers(const TrainingSpec& spec, const WorkerHardware& hardware, double tokens,
                           double inputs) {
  if (!spec.strategy.sequence_parallel) return {};
  return TensorCollective(spec, hardware, CollectiveKind::kAllGather, tokens) * inputs;
}

// The host issues kernels one by one; where that takes longer than they run, or where it waits for
// each, the device waits.
void AddHostFloor(Work& work, const SoftwareStack& stack, double launches) {
  const Seconds host = stack.host_per_launch * launches;
  const Seconds beside = stack.host_waits_for_device ? Seconds(0.0) : work.duration;
  Add(work, Part::kHost, Activity::kIdle, Max(Seconds(0.0), host - beside));
}

// `stops_early`: without the last product and the reduction that follows it.
Work ForwardKernels(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Part part,
                    bool stops_early = false) {
  const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
  const ProductTime products = ForwardProducts(spec, hardware, operators.gemms,
                                               operators.gemms.size() - (stops_early ? 1 : 0));
  Work work;
  AddKernels(work, part,
             {.matrix = products.matrix,
              .memory = products.memory + ForwardElementwise(spec, hardware, operators) +
                        PermutationTime(spec, hardware, operators, false)});
  AddAttention(work, spec, part, MixerForward(spec, hardware, operators));
  if (!spec.trainable.Everything()) Append(work, FrozenForward(spec, hardware, layer, part));
  AddExposed(work, ExpertTensorTime(spec, hardware, operators));
  if (spec.strategy.tensor > 1) {
    const double blocks = TensorReducedBlocks(spec, layer) - (stops_early ? 1.0 : 0.0);
    const Communication reductions = TensorReduction(spec, hardware, operators.tokens) * blocks;
    AddTensorCommunication(work, spec, part, reductions, spec.stack->tensor_overlap_forward);
  }
  return work;
}

// What the backward pass of one layer computes again.
Work RecomputedKernels(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  Work work;
  if (spec.recompute == Recompute::kFull) {
    work =
        ForwardKernels(spec, hardware, layer, Part::kRecompute, spec.stack->recompute_stops_early);
  } else if (spec.recompute == Recompute::kSelective && spec.modules.Count() > 0) {
    work = RecomputedModules(spec, hardware, layer);
  } else if (spec.recompute == Recompute::kSelective) {
    const SelectiveShares& share = spec.stack->selective;
    const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
    const ProductTime products =
        ForwardProducts(spec, hardware, operators.gemms, operators.gemms.size());
    const Seconds elementwise = ForwardElementwise(spec, hardware, operators) * share.elementwise;
    Work core;
    AddAttention(core, spec, Part::kRecompute, MixerForward(spec, hardware, operators));
    work = Scaled(core, share.attention);
    AddKernels(work, Part::kRecompute,
               {.matrix = products.matrix * share.matrix,
                .memory = products.memory * share.matrix + elementwise});
  }
  return work;
}

// Gradients on the way to the layer before: all but those of the weights.
Work InputGradientKernels(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
  const ProductTime products = InputGradients(spec, hardware, operators.gemms);
  // Each elementwise kernel has a counterpart for the gradient of its input and, in norms and
  // biases, one for that of its parameters.
  const double kernels = 2.0 * spec.stack->elementwise_kernels;
  Work work;
  AddKernels(work, Part::kBackward,
             {.matrix = products.matrix,
              .memory = products.memory +
                        ElementwiseTime(spec, hardware, operators, spec.stack->backward_traffic,
                                        operators.extra_gradient_passes, kernels) +
                        PermutationTime(spec, hardware, operators, true)});
  AddAttention(work, spec, Part::kBackward, MixerBackward(spec, hardware, operators));
  if (!spec.trainable.Everything()) Append(work, FrozenBackward(spec, hardware, layer));
  AddExposed(work, ExpertTensorTime(spec, hardware, operators));
  if (spec.strategy.tensor > 1) {
    const double blocks = TensorReducedBlocks(spec, layer);
    const double inputs = std::min(blocks, static_cast<double>(KeptColumnInputs(spec, layer)));
    const Communication communication = TensorReduction(spec, hardware, operators.tokens) * blocks +
                                        InputGathers(spec, hardware, operators.tokens, inputs);
    AddTensorCommunication(work, spec, Part::kBackward, communication,
                           spec.stack->tensor_overlap_backward);
  }
  return work;
}

// Gradients of the weights, added to those of earlier micro-batches.
Work WeightGradientKernels(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  const LayerOperators operators = ForwardOperators(*spec.model, layer, spec.Shard());
  const ProductTime products = WeightGradients(spec, hardware, operators.gemms);
  const double accumulated = HeldByLayer(*spec.model, spec.strategy, layer).Total() *
                             spec.stack->AccumulationTraffic(spec.precision);
  Work work;
  AddKernels(work, Part::kBackward,
             {.matrix = products.matrix,
              .memory = products.memory + Stream(hardware, accumulated,
                                                 static_cast<double>(operators.gemms.size()))});
  return work;
}

// Kernels that casting adds, forward or backward: for each product of the layer.
double NarrowLaunches(const TrainingSpec& spec, int layer) {
  if (!IsNarrow(spec.precision)) return 0.0;
  const size_t products = ForwardOperators(*spec.model, layer, spec.Shard()).gemms.size();
  return spec.stack->narrow.launches_per_product * static_cast<double>(products);
}

struct Launches {
  double forward, backward;
};

Launches LaunchesOf(const TrainingSpec& spec, int layer) {
  const SoftwareStack& stack = *spec.stack;
  const double casts = NarrowLaunches(spec, layer);
  const LayerKind kind = KindOf(*spec.model, layer);
  const double blocks = kind.Blocks() / 2.0;
  Launches launches{stack.launches_forward * blocks + casts,
                    stack.launches_backward * blocks + casts};
  if (kind.block == Block::kExperts) {
    launches.forward += stack.expert_launches_forward;
    launches.backward += stack.expert_launches_backward;
  }
  launches.backward += CheckpointLaunches(spec, layer);
  return launches;
}

}  // namespace

Work LayerForward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer, Part part) {
  Work work = ForwardKernels(spec, hardware, layer, part);
  double launches = LaunchesOf(spec, layer).forward + AdapterLaunches(spec, layer);
  if (spec.trainable.reference_pass) {
    // The model as it was before: the same without adapters.
    TrainingSpec reference = spec;
    reference.trainable.adapter_rank = 0;
    Append(work, ForwardKernels(reference, hardware, layer, part));
    launches += LaunchesOf(spec, layer).forward;
  }
  AddHostFloor(work, *spec.stack, launches);
  return work;
}

namespace {

// Launches of a backward pass, what it computes again included.
double BackwardLaunches(const TrainingSpec& spec, int layer) {
  const Launches launches = LaunchesOf(spec, layer);
  double backward = launches.backward;
  if (!spec.trainable.TrainsBase(layer)) {
    backward +=
        AdapterLaunches(spec, layer) -
        static_cast<double>(ForwardOperators(*spec.model, layer, spec.Shard()).gemms.size());
  }
  const bool whole = spec.recompute == Recompute::kFull;
  return backward + (whole ? launches.forward * spec.recomputed_layers : 0.0);
}

// Of a layer's launches for the backward pass those for the gradients of its weights: one of its
// two products in each pair, and of little else.
constexpr double kWeightGradientLaunches = 1.0 / 3.0;

// The vocabulary-parallel cross-entropy adds up three FP32 numbers a token over the ranks: largest
// logit, the target's, sum of exponentials (Megatron-LM, core/tensor_parallel/cross_entropy.py).
Communication CrossEntropySums(const TrainingSpec& spec, const WorkerHardware& hardware) {
  constexpr double kSumBytes = 4.0;
  const Bytes bytes(spec.Shard().Tokens() * kSumBytes);
  return TimeOf(spec, hardware, {RankGroup::kTensor, CollectiveKind::kAllReduce, bytes}) * 3.0;
}

}  // namespace

Work LayerBackward(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  if (!spec.trainable.Reaches(layer)) return {};
  Work work = InputGradientKernels(spec, hardware, layer);
  if (spec.trainable.TrainsBase(layer)) {
    Append(work, WeightGradientKernels(spec, hardware, layer));
  }
  Append(work, Scaled(RecomputedKernels(spec, hardware, layer), spec.recomputed_layers));
  AddHostFloor(work, *spec.stack, BackwardLaunches(spec, layer));
  return work;
}

Work LayerInputGradient(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  if (!spec.trainable.Reaches(layer)) return {};
  Work work = InputGradientKernels(spec, hardware, layer);
  Append(work, Scaled(RecomputedKernels(spec, hardware, layer), spec.recomputed_layers));
  const double later = LaunchesOf(spec, layer).backward * kWeightGradientLaunches;
  AddHostFloor(work, *spec.stack, std::max(0.0, BackwardLaunches(spec, layer) - later));
  return work;
}

Work LayerWeightGradient(const TrainingSpec& spec, const WorkerHardware& hardware, int layer) {
  if (!spec.trainable.Reaches(layer) || !spec.trainable.TrainsBase(layer)) return {};
  Work work = WeightGradientKernels(spec, hardware, layer);
  AddHostFloor(work, *spec.stack, LaunchesOf(spec, layer).backward * kWeightGradientLaunches);
  return work;
}

Work HeadForward(const TrainingSpec& spec, const WorkerHardware& hardware) {
  const HeadOperators head = LossHead(*spec.model, spec.Shard());
  const double share =
      kCrossEntropyForwardBytes / (kCrossEntropyForwardBytes + kCrossEntropyBackwardBytes);
  Work work;
  AddKernels(work, Part::kForward,
             {.matrix = GemmTime(hardware.device, spec.WidePrecision(), head.product.shape),
              .memory = Stream(hardware, head.logits * spec.stack->logit_traffic * share, 1)});
  AddExposed(work, CrossEntropySums(spec, hardware) +
                       InputGathers(spec, hardware, spec.Shard().Tokens(), 1.0));
  return spec.trainable.reference_pass ? Scaled(work, 2.0) : work;
}

Work HeadBackward(const TrainingSpec& spec, const WorkerHardware& hardware) {
  const HeadOperators head = LossHead(*spec.model, spec.Shard());
  const double share =
      kCrossEntropyBackwardBytes / (kCrossEntropyForwardBytes + kCrossEntropyBackwardBytes);
  Work work;
  AddKernels(
      work, Part::kBackward,
      {.matrix = GemmTime(hardware.device, spec.WidePrecision(), InputGradient(head.product.shape)),
       .memory = Stream(hardware, head.logits * spec.stack->logit_traffic * share, 1)});
  if (spec.trainable.TrainsHead()) {
    Add(work, Part::kBackward, Activity::kMatrix,
        GemmTime(hardware.device, spec.WidePrecision(), WeightGradient(head.product.shape)));
  }
  // The input's gradient is added up; sequence-parallel inputs are gathered again.
  AddExposed(work, TensorReduction(spec, hardware, spec.Shard().Tokens()));
  return work;
}

Work HeadWeightGradient(const TrainingSpec& spec, const WorkerHardware& hardware) {
  const HeadOperators head = LossHead(*spec.model, spec.Shard());
  Work work;
  Add(work, Part::kBackward, Activity::kMatrix,
      GemmTime(hardware.device, spec.WidePrecision(), WeightGradient(head.product.shape)));
  return work;
}

Work EmbeddingPass(const TrainingSpec& spec, const WorkerHardware& hardware, Part part) {
  Work work;
  const Bytes traffic = EmbeddingTraffic(*spec.model, spec.Shard(), kActivationBytes);
  Add(work, part, Activity::kMemory, Stream(hardware, traffic.value(), 1));
  // Each rank looks up its part of the vocabulary; backward it needs all tokens' gradients.
  const bool scattered = spec.strategy.sequence_parallel;
  const double tokens = spec.Shard().Tokens();
  if (part == Part::kForward) {
    AddExposed(
        work, TensorCollective(
                  spec, hardware,
                  scattered ? CollectiveKind::kReduceScatter : CollectiveKind::kAllReduce, tokens));
  } else if (scattered) {
    AddExposed(work, TensorCollective(spec, hardware, CollectiveKind::kAllGather, tokens));
  }
  return work;
}

}  // namespace fleetsim
