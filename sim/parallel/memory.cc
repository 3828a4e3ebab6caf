#include "sim/parallel/memory.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "sim/model/operators.h"
#include "sim/parallel/schedule.h"
#include "sim/parallel/stage_parameters.h"

namespace fleetsim {
namespace {

constexpr double kActivationBytes = 2.0;

LayerShard ShardOf(const MemoryQuestion& question) {
  return {.sequences = static_cast<double>(question.strategy.micro_batch),
          .sequence_length = static_cast<double>(question.sequence_length),
          .tensor = question.strategy.tensor,
          .context = question.strategy.context};
}

double SequenceShare(const Strategy& strategy) {
  return strategy.sequence_parallel ? 1.0 / strategy.tensor : 1.0;
}

// The input of a layer, all that full recomputation keeps of it.
double LayerInput(const MemoryQuestion& question, const LayerOperators& operators) {
  return operators.hidden_elements * kActivationBytes * SequenceShare(question.strategy);
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
  const double norms = 2.0 * operators.hidden_elements * SequenceShare(question.strategy);
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
                         ActivationFunctionElements(question, operators);
  return sharded * kActivationBytes * (1.0 - again.matrix) +
         operators.hidden_elements * question.stack->activation_replicated *
             (1.0 - again.elementwise) * SequenceShare(question.strategy) -
         NarrowSaving(question, operators) * (1.0 - again.matrix);
}

double Scores(const MemoryQuestion& question, const LayerOperators& operators) {
  if (IsFlash(question.stack->attention)) return 0.0;
  return ScoreElements(operators.attention) * question.stack->score_activation;
}

// Largest sum of a chunk's activations over the schedule: every forward pass adds its chunk's,
// every backward pass takes them back.
double PeakActivations(const MemoryQuestion& question, int stage) {
  const Strategy& strategy = question.strategy;
  std::vector<double> chunk_bytes;
  for (int i = 0; i < strategy.virtual_stages; ++i) {
    const int chunk = strategy.ChunkOf(stage, i);
    const auto begin = strategy.chunk_layers.begin();
    const int first = std::accumulate(begin, begin + chunk, 0);
    double bytes = 0.0;
    for (int layer = first; layer < first + strategy.chunk_layers[chunk]; ++layer) {
      bytes += LayerActivations(question, layer).value();
    }
    chunk_bytes.push_back(bytes);
  }
  double now = 0.0;
  double peak = 0.0;
  for (const Pass& pass :
       PipelineOrder(stage, strategy.pipeline, strategy.virtual_stages, strategy.micro_batches)) {
    now += pass.backward ? -chunk_bytes[pass.virtual_stage] : chunk_bytes[pass.virtual_stage];
    peak = std::max(peak, now);
  }
  return peak;
}

// What is alive only for a moment: a layer computed again, or the logits on the last stage.
double Working(const MemoryQuestion& question, int stage) {
  const LayerOperators operators = ForwardOperators(*question.model, 0, ShardOf(question));
  double working = 0.0;
  if (question.recompute == Recompute::kFull) {
    working = LayerWithoutScores(question, operators) + Scores(question, operators);
  } else if (question.recompute == Recompute::kSelective) {
    working = Scores(question, operators);
  }
  if (stage + 1 == question.strategy.pipeline) {
    const HeadOperators head = LossHead(*question.model, ShardOf(question));
    working = std::max(working, head.logits * question.stack->logit_activation);
  }
  return working;
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

// Of stage `stage`, without what ZeRO divides.
double Weights(const MemoryQuestion& question, int stage, double parameters) {
  double wide = 0.0;
  if (stage == 0) wide += EmbeddingParametersOnRank(*question.model, question.strategy);
  if (stage + 1 == question.strategy.pipeline) {
    wide += HeadParametersOnRank(*question.model, question.strategy);
  }
  return wide * question.stack->weight_bytes + (parameters - wide) * LayerWeightBytes(question);
}

}  // namespace

Bytes LayerActivations(const MemoryQuestion& question, int layer) {
  const LayerOperators operators = ForwardOperators(*question.model, layer, ShardOf(question));
  const double all = LayerWithoutScores(question, operators) + Scores(question, operators);
  double kept = all;
  if (question.recompute == Recompute::kFull) {
    kept = LayerInput(question, operators);
  } else if (question.recompute == Recompute::kSelective) {
    kept = std::max(LayerInput(question, operators),
                    LayerWithoutScores(question, operators, question.stack->selective));
  }
  return Bytes(question.recomputed_layers * kept + (1.0 - question.recomputed_layers) * all);
}

MemoryUse StageMemory(const MemoryQuestion& question, int stage) {
  const SoftwareStack& stack = *question.stack;
  const Strategy& strategy = question.strategy;
  const double parameters = StageParametersOnRank(*question.model, strategy, stage);
  const double shards = strategy.optimizer_shards;
  MemoryUse use;
  use.stage = stage;
  use.weights =
      Bytes(Weights(question, stage, parameters) / (strategy.zero_stage >= 3 ? shards : 1.0));
  use.gradients = Bytes(parameters * stack.GradientBytes(question.precision) /
                        (strategy.zero_stage >= 2 ? shards : 1.0));
  use.optimizer =
      Bytes(parameters * stack.optimizer_bytes / (strategy.zero_stage >= 1 ? shards : 1.0));
  use.activations = Bytes(PeakActivations(question, stage));
  use.working = Bytes(Working(question, stage));
  use.reserved = stack.reserved_memory;
  use.slack = (use.activations + use.working) * stack.memory_slack;
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
