// Layers that differ from a plain transformer's: recurrences, compressed and chosen keys.
#include "sim/model/mixers.h"

#include <gtest/gtest.h>

#include "sim/model/flops.h"
#include "sim/model/operators.h"
#include "sim/model/sequence_state.h"
#include "tests/unit/model/models_for_tests.h"

namespace fleetsim {
namespace {

// Nemotron 3 Nano, arXiv 2512.20848, table 1: Mamba-2 with 64 heads of 64, 8 groups, state 128.
Recurrence NanoMixer() {
  return {.rule = RecurrenceRule::kStateSpace,
          .heads = 64,
          .value_dim = 64,
          .key_heads = 8,
          .key_dim = 128,
          .convolution = 4,
          .chunk = 128};
}

Architecture SmallHybrid() {
  Architecture model = LlamaLike(4, 2688, 32, 2, 0, 1000);
  model.head_dim = 128;
  model.gated_ffn = false;
  model.layer_pattern = "ME*E";
  model.recurrence = NanoMixer();
  model.experts = {.experts = 8, .per_token = 2, .ffn = 256, .shared = 1, .shared_ffn = 512};
  return model;
}

TEST(KindOf, PatternSaysWhatALayerIs) {
  const Architecture model = SmallHybrid();
  EXPECT_EQ(KindOf(model, 0).mixer, Mixer::kRecurrence);
  EXPECT_EQ(KindOf(model, 0).block, Block::kNone);
  EXPECT_EQ(KindOf(model, 1).mixer, Mixer::kNone);
  EXPECT_EQ(KindOf(model, 1).block, Block::kExperts);
  EXPECT_EQ(KindOf(model, 2).mixer, Mixer::kAttention);
  EXPECT_EQ(KindOf(model, 2).Blocks(), 1);
  EXPECT_EQ(KindOf(model, 1), KindOf(model, 3));
  EXPECT_EQ(AttentionLayers(model), 1);
}

TEST(KindOf, EveryFourthLayerOfQwenAttends) {
  Architecture model = LlamaLike(8, 1024, 8, 2, 2048, 1000);
  model.recurrence = NanoMixer();
  model.full_attention_interval = 4;
  for (int layer = 0; layer < 8; ++layer) {
    EXPECT_EQ(KindOf(model, layer).mixer == Mixer::kAttention, layer % 4 == 3) << layer;
    EXPECT_EQ(KindOf(model, layer).Blocks(), 2);
  }
}

// GLM-5.2's config.json lists its indexers: layers 0, 1, 2, then 6, 10, ..
TEST(KindOf, IndexersOfGlm52) {
  Architecture model = LlamaLike(78, 6144, 64, 64, 12288, 1000);
  model.latent = {.q_lora_rank = 2048,
                  .kv_lora_rank = 512,
                  .qk_nope_head_dim = 192,
                  .qk_rope_head_dim = 64,
                  .v_head_dim = 256};
  model.index = {.top_k = 2048, .heads = 32, .head_dim = 128, .leading_layers = 3, .interval = 4};
  int indexers = 0;
  for (int layer = 0; layer < 78; ++layer) {
    const bool listed = layer < 3 || layer % 4 == 2;
    EXPECT_EQ(KindOf(model, layer).indexer, listed) << layer;
    indexers += listed;
  }
  EXPECT_EQ(indexers, 21);
}

// Dao & Gu 2024, section 6, written out for one chunk of one head: Q x Q scores of keys of width N
// for each group, a state N x P from Q tokens, and outputs from half the scores and from the state.
TEST(ChunkedRecurrence, FlopsOfAStateSpaceChunk) {
  const double q = 128, n = 128, p = 64, heads = 64, groups = 8, chunks = 16;
  const RecurrenceOperators operators = ChunkedRecurrence(NanoMixer(), chunks * q, 1);
  double flops = 0;
  for (const ChunkProduct& product : operators.products) {
    flops += 2 * product.shape.m * product.shape.n * product.shape.k * product.shape.batch;
  }
  const double scores = 2 * q * q * n;
  const double state = 2 * q * n * p;
  const double output = 2 * q * (q / 2) * p + 2 * q * n * p;
  EXPECT_DOUBLE_EQ(flops, chunks * (groups * scores + heads * (state + output)));
  EXPECT_DOUBLE_EQ(operators.state_elements, chunks * heads * n * p);
}

// Tensor parallelism divides heads and groups (Megatron-Core, ssm/mamba_mixer.py).
TEST(ChunkedRecurrence, RanksShareHeadsAndGroups) {
  const RecurrenceOperators whole = ChunkedRecurrence(NanoMixer(), 8192, 1);
  const RecurrenceOperators half = ChunkedRecurrence(NanoMixer(), 8192, 2);
  for (size_t i = 0; i < whole.products.size(); ++i) {
    EXPECT_DOUBLE_EQ(half.products[i].shape.batch, whole.products[i].shape.batch / 2);
  }
  EXPECT_DOUBLE_EQ(half.kept_elements, whole.kept_elements / 2);
}

// A recurrence's work grows with the sequence, attention's with its square.
TEST(ForwardFlopsPerToken, RecurrencesDoNotGrowWithTheSequence) {
  Architecture model = SmallHybrid();
  model.layer_pattern = "MEME";
  const double one = ForwardFlopsPerToken(model, 4096, AttentionCount::kCausal).Total().value();
  const double two = ForwardFlopsPerToken(model, 8192, AttentionCount::kCausal).Total().value();
  EXPECT_DOUBLE_EQ(one, two);
}

// Nemotron 3 Super: routed experts on a projection of the input of a quarter of its width.
TEST(ForwardOperators, ExpertsInALatent) {
  Architecture model = SmallHybrid();
  model.experts->latent = 672;
  const LayerShard shard{.sequence_length = 4096};
  const LayerOperators layer = ForwardOperators(model, 1, shard);
  EXPECT_DOUBLE_EQ(layer.dispatched_elements, 4096.0 * 2 * 672);
  const LayerParameters count = CountLayerParameters(model, 1);
  EXPECT_DOUBLE_EQ(count.routed_experts, 8.0 * 2 * 672 * 256);
  EXPECT_DOUBLE_EQ(count.feed_forward, 2.0 * 2688 * 512);
  EXPECT_DOUBLE_EQ(count.other_replicated, 2.0 * 2688 * 672);
}

// DeepSeek-V4-Flash at 4,096 tokens: 512 of the entries of 4 tokens. A query meets half the entries
// before it until there are 512, then 512: 512 - 512^2 / (2 x 1,024) in the mean. And 128 tokens
// plain: 128 - 128^2 / (2 x 4,096).
TEST(MeanKeys, EntriesAndWindow) {
  const LayerKind kind{.window = 128, .selected = 512, .compression = 4, .indexer = true};
  const double entries = 512 - 512.0 * 512 / 2048;
  const double window = 128 - 128.0 * 128 / 8192;
  EXPECT_DOUBLE_EQ(MeanKeys(kind, 4096, AttentionCount::kCausal), entries + window);
  EXPECT_DOUBLE_EQ(IndexedKeys(kind, 4096, AttentionCount::kCausal), 512);
}

// Nemotron 3 Nano: a state of 64 x 128 x 64 numbers and 3 tokens of 6,144 convolved inputs.
TEST(StateOf, RecurrenceIsOfConstantSize) {
  const SequenceState state = StateOf(SmallHybrid(), 0);
  EXPECT_DOUBLE_EQ(state.recurrent, 64.0 * 128 * 64);
  EXPECT_DOUBLE_EQ(state.convolution, 3.0 * (4096 + 2 * 1024));
  EXPECT_DOUBLE_EQ(state.CachedElements(1e6), 0);
  EXPECT_DOUBLE_EQ(StateOf(SmallHybrid(), 1).CachedElements(1e6), 0);
}

TEST(StateOf, KeysOfAttention) {
  EXPECT_DOUBLE_EQ(StateOf(SmallHybrid(), 2).CachedElements(100), 100.0 * 2 * 2 * 128);
  EXPECT_DOUBLE_EQ(StateOf(SmallHybrid(), 2, 2).CachedElements(100), 100.0 * 2 * 128);
  // DeepSeek-V3: 512 + 64 a layer, whole on every rank.
  EXPECT_DOUBLE_EQ(StateOf(DeepSeekV3(), 5, 8).CachedElements(10), 10.0 * 576);
}

// DeepSeek-V4: a window of 128 keys of 512, and one entry and one index key for 4 tokens.
TEST(StateOf, CompressedEntries) {
  Architecture model = LlamaLike(2, 4096, 64, 1, 0, 1000);
  model.head_dim = 512;
  model.sliding_window = 128;
  model.experts = {.experts = 8, .per_token = 2, .ffn = 256};
  model.index = {.top_k = 512, .heads = 64, .head_dim = 128};
  model.compressed = {.q_lora_rank = 1024,
                      .output_groups = 8,
                      .output_rank = 1024,
                      .ratios = {128, 4},
                      .selected_ratio = 4};
  EXPECT_DOUBLE_EQ(StateOf(model, 0).CachedElements(4096), 128.0 * 512 + 32 * 512);
  EXPECT_DOUBLE_EQ(StateOf(model, 1).CachedElements(4096), 128.0 * 512 + 1024 * (512 + 128));
}

}  // namespace
}  // namespace fleetsim
