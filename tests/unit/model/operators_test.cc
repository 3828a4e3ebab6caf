#include "sim/model/operators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/model/flops.h"
#include "tests/unit/model/models_for_tests.h"

namespace fleetsim {
namespace {

double GemmFlops(const GemmShape& shape) { return 2 * shape.batch * shape.m * shape.n * shape.k; }

const GemmOp& Find(const LayerOperators& layer, const std::string& name) {
  for (const GemmOp& op : layer.gemms) {
    if (op.name == name) return op;
  }
  ADD_FAILURE() << "no operator " << name;
  return layer.gemms.front();
}

double ProductFlops(const Architecture& model, int layer, const LayerShard& shard) {
  double flops = 0;
  for (const GemmOp& op : ForwardOperators(model, layer, shard).gemms) flops += GemmFlops(op.shape);
  return flops;
}

TEST(ForwardOperators, ShapesOfLlama405BOnEightRanks) {
  const LayerShard shard{.sequences = 1, .sequence_length = 8192, .tensor = 8};
  const LayerOperators layer = ForwardOperators(Llama3Of405B(), 0, shard);
  const GemmOp& qkv = Find(layer, "qkv_projection");
  EXPECT_EQ(qkv.shape.m, 8192);
  EXPECT_EQ(qkv.shape.n, (16 + 2) * 128);
  EXPECT_EQ(qkv.shape.k, 16384);
  EXPECT_EQ(qkv.split, Split::kColumn);
  const GemmOp& output = Find(layer, "attention_output");
  EXPECT_EQ(output.shape.k, 16 * 128);
  EXPECT_EQ(output.split, Split::kRow);
  EXPECT_EQ(Find(layer, "ffn_up").shape.n, 2 * 53248 / 8);
  EXPECT_EQ(Find(layer, "ffn_down").shape.k, 53248 / 8);
  EXPECT_EQ(layer.attention.heads, 16);
  EXPECT_EQ(layer.attention.kv_heads, 1);
  EXPECT_EQ(layer.hidden_elements, 8192.0 * 16384);
  EXPECT_EQ(layer.ffn_elements, 1.5 * 8192 * 53248 / 8);
}

// Two ways to the same work: shapes of every operator, and the closed formulas of flops.cc.
TEST(ForwardOperators, ProductsAddUpToTheModelsFlops) {
  const double s = 4096;
  Architecture windowed = Llama2Of7B();
  windowed.sliding_window = 1024;
  for (const Architecture& model : {Llama2Of7B(), Llama3Of405B(), MegatronGpt(96, 12288, 96),
                                    Mixtral8x7B(), DeepSeekV3(), windowed}) {
    const LayerShard shard{.sequences = 2, .sequence_length = s};
    double products = 0;
    double core = 0;
    for (int i = 0; i < model.layers + model.multi_token_prediction_layers; ++i) {
      products += ProductFlops(model, i, shard);
      const AttentionShape attention = ForwardOperators(model, i, shard).attention;
      core += (GemmFlops(ScoresGemm(attention)) + GemmFlops(ValuesGemm(attention))) *
              (attention.causal ? 0.5 : 1);
    }
    const TokenFlops expected = ForwardFlopsPerToken(model, s, AttentionCount::kCausal);
    EXPECT_NEAR(products, expected.products.value() * 2 * s, 1e-9 * products);
    EXPECT_NEAR(core, expected.attention_core.value() * 2 * s, 1e-9 * core);
  }
}

TEST(ForwardOperators, TensorRanksShareTheWork) {
  const Architecture model = Llama2Of70B();
  const double whole = ProductFlops(model, 0, {.sequence_length = 4096});
  EXPECT_NEAR(8 * ProductFlops(model, 0, {.sequence_length = 4096, .tensor = 8}), whole,
              1e-9 * whole);
  // 16 ranks, 8 kv heads: the projections of k and v are done twice.
  const double twice = GemmFlops({4096, 2 * 8 * 128, 8192, 1});
  EXPECT_NEAR(16 * ProductFlops(model, 0, {.sequence_length = 4096, .tensor = 16}), whole + twice,
              1e-9 * whole);
}

TEST(ForwardOperators, ContextRanksShareTheWork) {
  const Architecture model = Llama3Of405B();
  const LayerShard whole{.sequence_length = 131072};
  const LayerShard slice{.sequence_length = 131072, .context = 16};
  EXPECT_DOUBLE_EQ(16 * ProductFlops(model, 0, slice), ProductFlops(model, 0, whole));
  const AttentionShape a = ForwardOperators(model, 0, whole).attention;
  const AttentionShape b = ForwardOperators(model, 0, slice).attention;
  EXPECT_TRUE(a.causal);
  EXPECT_FALSE(b.causal);
  EXPECT_DOUBLE_EQ(16 * ScoreElements(b), ScoreElements(a) / 2);
}

TEST(ForwardOperators, ExpertRanksKeepTheirLoad) {
  const Architecture model = DeepSeekV3();
  const LayerOperators alone = ForwardOperators(model, 10, {.sequence_length = 4096});
  const LayerOperators spread =
      ForwardOperators(model, 10, {.sequence_length = 4096, .expert = 64});
  EXPECT_EQ(Find(alone, "expert_up").shape.batch, 256);
  EXPECT_EQ(Find(alone, "expert_up").shape.m, 4096 * 8 / 256);
  EXPECT_EQ(Find(spread, "expert_up").shape.batch, 4);
  EXPECT_EQ(Find(spread, "expert_up").shape.m, 64 * 4096 * 8 / 256);
  EXPECT_EQ(Find(spread, "router").shape.n, 256);
  EXPECT_EQ(Find(spread, "shared_expert_up").shape.n, 2 * 2048);
  EXPECT_EQ(spread.dispatched_elements, 4096.0 * 8 * 7168);
  EXPECT_EQ(ForwardOperators(model, 0, {.sequence_length = 4096}).dispatched_elements, 0);
}

TEST(ForwardOperators, ElementwiseUnitsByArchitecture) {
  Architecture pangu = LlamaLike(94, 12288, 96, 8, 28672, 153376);
  EXPECT_EQ(ForwardOperators(pangu, 0, {.sequence_length = 4096}).extra_hidden_passes, 0);
  pangu.sandwich_norm = true;
  EXPECT_EQ(ForwardOperators(pangu, 0, {.sequence_length = 4096}).extra_hidden_passes, 4);
  EXPECT_EQ(ForwardOperators(pangu, 0, {.sequence_length = 4096}).extra_gradient_passes, 6);
  pangu.sandwich_norm = false;
  pangu.residual_streams = 4;
  // Two blocks: 3 n + 2 against 3 forward, 6 n + 3 against 5 backward.
  EXPECT_EQ(ForwardOperators(pangu, 0, {.sequence_length = 4096}).extra_hidden_passes, 22);
  EXPECT_EQ(ForwardOperators(pangu, 0, {.sequence_length = 4096}).extra_gradient_passes, 44);
  const LayerOperators gpt =
      ForwardOperators(MegatronGpt(24, 2304, 24), 0, {.sequence_length = 2048});
  EXPECT_EQ(gpt.query_key_passes, 0) << "learned positions need no rotation";
  EXPECT_EQ(gpt.ffn_elements, 2048.0 * 4 * 2304);
  Architecture qwen = Llama2Of7B();
  qwen.qk_norm = true;
  const LayerOperators normed = ForwardOperators(qwen, 0, {.sequence_length = 2048, .tensor = 4});
  EXPECT_EQ(normed.query_key_passes, 4);
  EXPECT_EQ(normed.query_key_elements, 2048.0 * (8 + 8) * 128);
}

TEST(Gradients, TwiceTheForwardWork) {
  const GemmShape forward{4096, 11008, 5120, 3};
  EXPECT_EQ(GemmFlops(InputGradient(forward)), GemmFlops(forward));
  EXPECT_EQ(GemmFlops(WeightGradient(forward)), GemmFlops(forward));
  EXPECT_EQ(InputGradient(forward).n, 5120);
  EXPECT_EQ(WeightGradient(forward).k, 4096);
}

TEST(LossHead, PaddedShareOfTheVocabulary) {
  Architecture model = Llama2Of7B();
  model.vocab = 50257;
  const HeadOperators head = LossHead(model, {.sequence_length = 2048, .tensor = 8});
  EXPECT_EQ(head.product.shape.n, 51200 / 8);
  EXPECT_EQ(head.logits, 2048.0 * 6400);
  EXPECT_EQ(head.forward_traffic.value(), 38 * head.logits);
  EXPECT_EQ(head.backward_traffic.value(), 14 * head.logits);
}

TEST(EmbeddingTraffic, PositionsAddThreePasses) {
  const LayerShard shard{.sequences = 4, .sequence_length = 2048};
  const double elements = 4 * 2048.0 * 2304;
  EXPECT_EQ(EmbeddingTraffic(MegatronGpt(24, 2304, 24), shard, 2).value(), 10 * elements);
  EXPECT_EQ(EmbeddingTraffic(LlamaLike(1, 2304, 24, 24, 1, 1), shard, 2).value(), 4 * elements);
}

}  // namespace
}  // namespace fleetsim
