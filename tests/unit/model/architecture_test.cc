#include "sim/model/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/model/models_for_tests.h"

namespace fleetsim {
namespace {

// Parameter counts as the publishers' repositories state them.
TEST(CountParameters, PublishedExactCounts) {
  EXPECT_EQ(CountParameters(Llama2Of7B()).Total(), 6738415616);
  EXPECT_EQ(CountParameters(Llama2Of70B()).Total(), 68976648192);
  EXPECT_EQ(CountParameters(LlamaLike(32, 4096, 32, 8, 14336, 128256)).Total(), 8030261248);
  EXPECT_EQ(CountParameters(LlamaLike(80, 8192, 64, 8, 28672, 128256)).Total(), 70553706496);
  EXPECT_EQ(CountParameters(Llama3Of405B()).Total(), 405853388800);
  EXPECT_EQ(CountParameters(Mixtral8x7B()).Total(), 46702792704);
  EXPECT_EQ(CountParameters(DeepSeekV3()).Total(), 671026419200);
}

// Narayanan et al. 2021, equation 2: P = 12 l h^2 (1 + 13/(12h) + (V + s)/(12 l h)); it leaves out
// the final norm's 2h.
TEST(CountParameters, MegatronFormula) {
  const struct {
    int layers, hidden, heads;
  } kTable1[] = {{24, 2304, 24},    {30, 3072, 32},   {36, 4096, 32},  {40, 6144, 48},
                 {48, 8192, 64},    {60, 10240, 80},  {80, 12288, 96}, {96, 16384, 128},
                 {105, 20480, 128}, {128, 25600, 160}};
  for (const auto& row : kTable1) {
    const double l = row.layers;
    const double h = row.hidden;
    const double expected =
        12 * l * h * h * (1 + 13 / (12 * h) + (51200.0 + 2048.0) / (12 * l * h)) + 2 * h;
    const ModelParameters count = CountParameters(MegatronGpt(row.layers, row.hidden, row.heads));
    EXPECT_NEAR(count.Total(), expected, 1e-12 * expected) << row.hidden;
    EXPECT_EQ(count.head, 0) << "tied";
  }
}

TEST(CountParameters, PartsOfLlama2Of7B) {
  const LayerParameters layer = CountLayerParameters(Llama2Of7B(), 0);
  EXPECT_EQ(layer.attention, 2 * 4096.0 * 4096);
  EXPECT_EQ(layer.key_value, 2 * 4096.0 * 4096);
  EXPECT_EQ(layer.feed_forward, 3 * 4096.0 * 11008);
  EXPECT_EQ(layer.norms, 2 * 4096);
  EXPECT_EQ(layer.routed_experts + layer.router + layer.other_replicated, 0);
  const ModelParameters whole = CountParameters(Llama2Of7B());
  EXPECT_EQ(whole.embedding, 32000.0 * 4096);
  EXPECT_EQ(whole.head, 32000.0 * 4096);
  EXPECT_EQ(whole.final_norm, 4096);
  EXPECT_EQ(whole.layers, 32 * layer.Total());
}

TEST(CountParameters, BiasesNormsAndPositionsOfOneSmallModel) {
  // Two heads of width 3 on hidden 4; every option that adds parameters, counted by hand.
  Architecture model = LlamaLike(1, 4, 2, 1, 10, 8);
  model.head_dim = 3;
  model.gated_ffn = false;
  model.attention_bias = true;
  model.ffn_bias = true;
  model.norm = NormKind::kLayerNorm;
  model.qk_norm = true;
  model.sandwich_norm = true;
  model.embedding_norm = true;
  model.positions = Positions::kLearned;
  model.max_positions = 16;
  const LayerParameters layer = CountLayerParameters(model, 0);
  EXPECT_EQ(layer.attention, 2 * 4 * 6 + 6);
  EXPECT_EQ(layer.key_value, 2 * 4 * 3 + 2 * 3);
  EXPECT_EQ(layer.feed_forward, 2 * 4 * 10 + 10);
  EXPECT_EQ(layer.norms, 4 * 8 + 2 * 6);
  EXPECT_EQ(layer.other_replicated, 4 + 4);
  const ModelParameters whole = CountParameters(model);
  EXPECT_EQ(whole.positions, 64);
  EXPECT_EQ(whole.embedding_norm, 8);
  EXPECT_EQ(whole.final_norm, 8);
}

// The further-token module's own tensors; 671B + 11.6B + a second copy of embedding and head is
// what the published checkpoint of 685B holds.
TEST(CountParameters, PredictionModuleIsCountedApart) {
  const ModelParameters count = CountParameters(DeepSeekV3());
  const double layer = CountLayerParameters(DeepSeekV3(), 61).Total();
  EXPECT_EQ(count.multi_token_prediction, layer + 2.0 * 7168 * 7168 + 3 * 7168);
  EXPECT_NEAR(count.Total() + count.multi_token_prediction + count.embedding + count.head, 685e9,
              1e9);
}

TEST(ActiveParameters, DenseIsAllAndExpertsAreTheChosenOnes) {
  EXPECT_EQ(ActiveParameters(Llama2Of7B()), CountParameters(Llama2Of7B()).Total());
  // 12.9B (Mixtral of Experts, section 2.1) and 37B (DeepSeek-V3, abstract).
  EXPECT_NEAR(ActiveParameters(Mixtral8x7B()), 12.9e9, 0.05e9);
  EXPECT_NEAR(ActiveParameters(DeepSeekV3()), 37e9, 0.6e9);
}

TEST(LayerParametersOnRank, RanksTogetherHoldTheLayerAndTheReplicas) {
  const Architecture model = Llama2Of70B();
  const LayerParameters layer = CountLayerParameters(model, 0);
  for (int tensor : {1, 2, 4, 8}) {
    EXPECT_DOUBLE_EQ(tensor * LayerParametersOnRank(model, 0, tensor),
                     layer.Total() + (tensor - 1) * layer.Replicated());
  }
  // 8 kv heads on 16 ranks: each is held twice.
  EXPECT_DOUBLE_EQ(16 * LayerParametersOnRank(model, 0, 16),
                   layer.Total() + layer.key_value + 15 * layer.Replicated());
}

TEST(LayerParametersOnRank, ExpertParallelismDividesRoutedExpertsOnly) {
  const Architecture model = DeepSeekV3();
  const LayerParameters layer = CountLayerParameters(model, 10);
  EXPECT_DOUBLE_EQ(LayerParametersOnRank(model, 10, 1) - LayerParametersOnRank(model, 10, 1, 64),
                   layer.routed_experts * 63 / 64);
  EXPECT_DOUBLE_EQ(LayerParametersOnRank(model, 0, 1), LayerParametersOnRank(model, 0, 1, 64));
}

TEST(HasExperts, LeadingLayersAreDense) {
  const Architecture model = DeepSeekV3();
  EXPECT_FALSE(HasExperts(model, 2));
  EXPECT_TRUE(HasExperts(model, 3));
  EXPECT_TRUE(HasExperts(model, 61)) << "the prediction module";
  EXPECT_FALSE(HasExperts(Llama2Of7B(), 5));
}

TEST(PaddedVocab, MultipleOf128TimesTensor) {
  // Megatron-LM pads GPT-2's 50,257 to 50,304 on one rank and to 51,200 on eight.
  Architecture model = MegatronGpt(24, 1024, 16);
  model.vocab = 50257;
  EXPECT_EQ(PaddedVocab(model, 1), 50304);
  EXPECT_EQ(PaddedVocab(model, 8), 51200);
  EXPECT_EQ(PaddedVocab(Llama3Of405B(), 1), 128256);
}

}  // namespace
}  // namespace fleetsim
