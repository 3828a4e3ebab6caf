#include "sim/parallel/memory.h"

#include <algorithm>
#include <vector>

#include "sim/model/operators.h"
#include "sim/parallel/dual_pipe.h"
#include "sim/parallel/schedule.h"
#include "sim/parallel/shard.h"
#include "sim/parallel/stage_parameters.h"

namespace fleetsim {
namespace {

constexpr double kActivationBytes = 2.0;

LayerShard ShardOf(const MemoryQuestion& question) {
  return ShardOf(question.strategy, question.sequence_length);
}

double SequenceShare(const Strategy& strategy) {
  return strategy.sequence_parallel ? 1.0 / strategy.tensor : 1.0;
}

// The input of a layer, all that full recomputation keeps of it.
double LayerInput(const MemoryQuestion& question, const LayerOperators& operators) {
  return operators.hidden_elements * question.model->residual_streams * kActivationBytes *
         SequenceShare(question.strategy);
}

// Inputs of the activation function and its output, which some stacks compute again. `ffn_elements`
// counts a gated block, which has two inputs, 1.5 times.
double ActivationFunctionElements(const MemoryQuestion& question, const LayerOperators& operators) {
  const double output = operators.ffn_elements / (question.model->gated_ffn ? 1.5 : 1.0);
  const double kept = 2.0 * operators.ffn_elements;
  return question.stack->recomputes_activation_function ? kept - output : kept;
}

// What narrow products save of it: the outputs of the two norms and of the activation function are
// kept as the products read them; that of the attention core is kept in both widths, since its own
// backward pass needs it.
double NarrowSaving(const MemoryQuestion& question, const LayerOperators& operators) {
  if (!IsNarrow(question.precision) || question.stack->narrow.keeps_wide_activations) return 0.0;
  const double narrow = StoredBytes({question.precision, question.recipe.scaling});
  const double norms =
      operators.blocks * operators.hidden_elements * SequenceShare(question.strategy);
  const double function = operators.ffn_elements / (question.model->gated_ffn ? 1.5 : 1.0);
  const double kept = question.stack->recomputes_activation_function ? 0.0 : function;
  const double attention =
      operators.tokens * operators.attention.heads * operators.attention.value_dim;
  return (norms + kept) * (kActivationBytes - narrow) - attention * narrow;
}

// What a layer keeps but its scores: without recomputation all, under selective recomputation the
// shares that are not computed again.
double LayerWithoutScores(const MemoryQuestion& question, const LayerOperators& operators,
                          const SelectiveShares& again = {}) {
  const AttentionShape& attention = operators.attention;
  const double query = attention.heads * attention.head_dim;
  const double key_value = attention.kv_heads * (attention.head_dim + attention.value_dim);
  const double context = attention.heads * attention.value_dim;
  // Operands of the products: q, k, v and the attention's output; input and output of the
  // activation function (Korthikanti et al. 2022, section 4.1).
  const double sharded = operators.tokens * (query + key_value + context) +
                         operators.recurrence.kept_elements +
                         ActivationFunctionElements(question, operators);
  // The stack's number is of a layer with two blocks; further streams are each block's operands.
  const double blocks = operators.blocks / 2.0;
  const double streams = (question.model->residual_streams - 1) * kActivationBytes;
  // Of experts the copies that they compute on, too, as they came.
  const double copies = operators.received_elements * question.stack->dispatch_element_bytes;
  return (sharded * kActivationBytes + copies) * (1.0 - again.matrix) +
         operators.hidden_elements *
             (question.stack->activation_replicated * blocks + streams * operators.blocks) *
             (1.0 - again.elementwise) * SequenceShare(question.strategy) -
         NarrowSaving(question, operators) * (1.0 - again.matrix);
}

// Inputs of frozen products that have no adapter: their input gradients do without.
double NotKept(const MemoryQuestion& question, int layer, const LayerOperators& operators) {
  const InputsKept kept = InputsForGradients(question.trainable, *question.model, layer);
  const double inputs = (kept.attention ? 0.0 : 1.0) + (kept.feed_forward ? 0.0 : 1.0);
  double elements = operators.hidden_elements * inputs * SequenceShare(question.strategy);
  if (!kept.activation && !question.stack->recomputes_activation_function) {
    elements += operators.ffn_elements / (question.model->gated_ffn ? 1.5 : 1.0);
  }
  const bool narrow =
      IsNarrow(question.precision) && !question.stack->narrow.keeps_wide_activations;
  return elements *
         (narrow ? StoredBytes({question.precision, question.recipe.scaling}) : kActivationBytes);
}

double Scores(const MemoryQuestion& question, const LayerOperators& operators) {
  if (IsFlash(question.stack->attention)) return 0.0;
  return ScoreElements(operators.attention) * question.stack->score_activation;
}

// Of a layer what the parts that recomputation names need not keep.
double ModulesNotKept(const MemoryQuestion& question, int layer, const LayerOperators& operators) {
  const RecomputeModules& modules = question.modules;
  const bool experts = HasExperts(*question.model, layer);
  const AttentionShape& attention = operators.attention;
  const double activation = operators.ffn_elements / (question.model->gated_ffn ? 1.5 : 1.0);
  const double block = ActivationFunctionElements(question, operators);
  double elements = 0.0;
  if (modules.latent_up && question.model->latent) {
    elements +=
        operators.tokens * (attention.heads * attention.head_dim +
                            attention.kv_heads * (attention.head_dim + attention.value_dim));
  }
  if (modules.norms) {
    elements += operators.blocks * operators.hidden_elements * SequenceShare(question.strategy);
  }
  if (experts && modules.experts) {
    elements +=
        operators.received_elements * question.stack->dispatch_element_bytes / kActivationBytes +
        block;
  } else if (experts && modules.expert_activation) {
    elements += activation;
  }
  if (!experts && modules.feed_forward) elements += block;
  return elements * kActivationBytes + (modules.attention_core ? Scores(question, operators) : 0.0);
}

// Of one micro-batch. Layers of one kind keep the same where all of them are trained.
double ChunkActivations(const MemoryQuestion& question, int chunk) {
  double bytes = 0.0, same = 0.0;
  int last = -1;
  for (int layer : LayersOfChunk(*question.model, question.strategy, chunk)) {
    const bool alike = last >= 0 && question.trainable.Everything() &&
                       KindOf(*question.model, layer) == KindOf(*question.model, last) &&
                       (layer < question.model->layers) == (last < question.model->layers);
    if (!alike) same = LayerActivations(question, layer).value();
    bytes += same;
    last = layer;
  }
  return bytes;
}

// Largest sum of a chunk's activations over the schedule: every forward pass adds its chunk's,
// every backward pass takes them back.
double PeakActivations(const MemoryQuestion& question, int stage) {
  const Strategy& strategy = question.strategy;
  std::vector<double> chunk_bytes;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    chunk_bytes.push_back(ChunkActivations(question, strategy.ChunkOf(stage, i)));
  }
  double now = 0.0;
  double peak = 0.0;
  for (const Pass& pass : PipelineOrder(strategy, stage)) {
    if (pass.backward && !pass.Releases()) continue;
    now += pass.backward ? -chunk_bytes[pass.virtual_stage] : chunk_bytes[pass.virtual_stage];
    peak = std::max(peak, now);
  }
  return peak;
}

// Bytes of the weights a parameter of the layers: narrow products keep one narrow copy for each
// direction, beside the 16-bit weights unless parameters are narrow themselves.
double LayerWeightBytes(const MemoryQuestion& question) {
  const SoftwareStack& stack = *question.stack;
  if (!IsNarrow(question.precision) || stack.narrow.casts_weights_every_pass) {
    return stack.weight_bytes;
  }
  const double copies = 2.0 * StoredBytes({question.precision, question.recipe.scaling});
  return question.recipe.narrow_parameters.value_or(false) ? copies : stack.weight_bytes + copies;
}

// Weights that are whole for a moment: of ZeRO 3 the layer that runs and those gathered ahead, of
// FSDP's ZeRO 2 all, and the gradients of one layer on their way to the shards.
double GatheredWeights(const MemoryQuestion& question, double all) {
  const Strategy& strategy = question.strategy;
  const SoftwareStack& stack = *question.stack;
  if (!strategy.ShardsWeights(stack) || strategy.optimizer_shards == 1) return 0.0;
  const int layer = question.model->layers - 1;
  // Experts that no other rank of the shard group holds stay whole.
  const auto gathered = [&](const HeldParameters& held) {
    return held.shared + (strategy.ExpertOptimizerShards() > 1 ? held.experts : 0.0);
  };
  const double trained =
      gathered(TrainedByLayer(*question.model, question.trainable, strategy, layer));
  const double gradients = strategy.accumulates_whole ? 0.0 : trained * stack.weight_bytes;
  if (strategy.zero_stage < 3) return gradients;
  const double one = gathered(WeightBytesByLayer(*question.model, question.trainable, strategy,
                                                 layer, LayerWeightBytes(question)));
  return std::min(one * (1 + strategy.prefetched_layers), all) + gradients;
}

// What is alive only for a moment: a layer computed again, or the logits on the last stage.
double Working(const MemoryQuestion& question, int stage) {
  // The model's last layer is one with experts where there are any.
  const LayerOperators operators =
      ForwardOperators(*question.model, question.model->layers - 1, ShardOf(question));
  double working = 0.0;
  if (question.recompute == Recompute::kFull) {
    working = LayerWithoutScores(question, operators) + Scores(question, operators);
  } else if (question.recompute == Recompute::kSelective) {
    working = Scores(question, operators);
  }
  if (stage == question.strategy.HeadStage()) {
    const HeadOperators head = LossHead(*question.model, ShardOf(question));
    working = std::max(working, head.logits * question.stack->logit_activation);
  }
  return working;
}

// Largest sum over DualPipe's order of both chunks' activations.
double PeakDualActivations(const MemoryQuestion& question, int stage) {
  const Strategy& strategy = question.strategy;
  const int chunks[] = {stage, strategy.pipeline - 1 - stage};
  double bytes[2] = {};
  for (int direction : {0, 1}) {
    bytes[direction] = ChunkActivations(question, chunks[direction]);
  }
  double now = 0.0;
  double peak = 0.0;
  for (const DualPass& pass : DualPipeOrder(stage, strategy.pipeline, strategy.micro_batches)) {
    if (pass.work == DualWork::kForward) now += bytes[pass.direction];
    peak = std::max(peak, now);
    const bool releases =
        pass.work == DualWork::kBackward || pass.work == DualWork::kWeightGradient;
    if (releases) now -= bytes[pass.direction];
  }
  return peak;
}

// Two model copies: of the rank's own chunk and of its mirror's. Optimizer states are shared out
// over the ranks of both.
MemoryUse DualStageMemory(MemoryQuestion question, int stage) {
  const double activations = PeakDualActivations(question, stage);
  question.strategy.dual_pipe = false;
  const MemoryUse own = StageMemory(question, stage);
  const MemoryUse mirror = StageMemory(question, question.strategy.pipeline - 1 - stage);
  MemoryUse use = own;
  use.weights += mirror.weights;
  use.gradients += mirror.gradients;
  use.optimizer = (own.optimizer + mirror.optimizer) * 0.5;
  use.activations = Bytes(activations);
  use.working = Max(own.working, mirror.working);
  use.slack = (use.activations + use.working) * question.stack->memory_slack;
  return use;
}

}  // namespace

Bytes LayerActivations(const MemoryQuestion& question, int layer) {
  if (!question.trainable.Reaches(layer)) return Bytes(0.0);
  const LayerOperators operators = ForwardOperators(*question.model, layer, ShardOf(question));
  const double all = LayerWithoutScores(question, operators) - NotKept(question, layer, operators) +
                     Scores(question, operators);
  double kept = all;
  if (question.recompute == Recompute::kFull) {
    kept = LayerInput(question, operators);
  } else if (question.recompute == Recompute::kSelective && question.modules.Count() > 0) {
    kept =
        std::max(LayerInput(question, operators), all - ModulesNotKept(question, layer, operators));
  } else if (question.recompute == Recompute::kSelective) {
    kept = std::max(LayerInput(question, operators),
                    LayerWithoutScores(question, operators, question.stack->selective));
  }
  return Bytes(question.recomputed_layers * kept + (1.0 - question.recomputed_layers) * all);
}

StageStates StatesOfStage(const MemoryQuestion& question, int stage) {
  const Strategy& strategy = question.strategy;
  const Trainable& trainable = question.trainable;
  HeldParameters weights =
      WeightBytesByStage(*question.model, trainable, strategy, stage,
                         {LayerWeightBytes(question), question.stack->weight_bytes});
  // Adapters are switched off for the reference pass; a base that changes needs a copy.
  if (trainable.reference_pass && !trainable.HasAdapters()) {
    weights +=
        HeldByStage(*question.model, strategy, stage) * StoredBytes(FrozenStorage::kSixteenBit);
  }
  return {TrainedByStage(*question.model, trainable, strategy, stage), weights};
}

MemoryUse StateMemory(const MemoryQuestion& question, const StageStates& states) {
  const SoftwareStack& stack = *question.stack;
  const Strategy& strategy = question.strategy;
  // What counts where a ZeRO stage from `divided_from` on spreads it over the replicas.
  const auto kept = [&](const HeldParameters& held, int divided_from) {
    if (strategy.zero_stage < divided_from) return held.Total();
    return held.shared / strategy.optimizer_shards +
           held.experts / strategy.ExpertOptimizerShards();
  };
  MemoryUse use;
  use.weights = Bytes(kept(states.weight_bytes, 3));
  const double gradients =
      strategy.accumulates_whole ? states.trained.Total() : kept(states.trained, 2);
  use.gradients = Bytes(gradients * stack.GradientBytes(question.precision));
  use.optimizer =
      Bytes(kept(states.trained, 1) * stack.optimizer_bytes * (1.0 - strategy.optimizer_offload));
  use.reserved = stack.reserved_memory;
  return use;
}

MemoryUse StageMemory(const MemoryQuestion& question, int stage) {
  if (question.strategy.dual_pipe) return DualStageMemory(question, stage);
  const Strategy& strategy = question.strategy;
  const StageStates states = StatesOfStage(question, stage);
  MemoryUse use = StateMemory(question, states);
  use.stage = stage;
  use.activations = Bytes(PeakActivations(question, stage) * (1.0 - strategy.activation_offload));
  use.working =
      Bytes(Working(question, stage) + GatheredWeights(question, states.weight_bytes.Total()));
  use.slack = (use.activations + use.working) * question.stack->memory_slack;
  return use;
}

MemoryUse PeakMemory(const MemoryQuestion& question) {
  MemoryUse peak = StageMemory(question, 0);
  for (int stage = 1; stage < question.strategy.pipeline; ++stage) {
    const MemoryUse use = StageMemory(question, stage);
    if (use.Total() > peak.Total()) peak = use;
  }
  return peak;
}

}  // namespace fleetsim
