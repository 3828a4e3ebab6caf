#include "sim/model/trainable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models_for_tests.h"
#include "sim/model/flops.h"

namespace fleetsim {
namespace {

Trainable Lora(int rank, std::vector<std::string> modules) {
  return {.adapter_rank = rank, .adapter_modules = std::move(modules)};
}

// Counts that the frameworks print: alpaca-lora (q and v, rank 8), QLoRA (all linear layers,
// rank 64), MLPerf's Llama 2 70B (joint qkv and output, rank 16).
TEST(Trainable, CountsAsFrameworksPrintThem) {
  EXPECT_EQ(TrainableParameters(Llama2Of7B(), Lora(8, {"q_proj", "v_proj"})), 4194304);
  EXPECT_EQ(TrainableParameters(Llama2Of7B(), Lora(64, {"q_proj", "k_proj", "v_proj", "o_proj",
                                                        "gate_proj", "up_proj", "down_proj"})),
            159907840);
  EXPECT_EQ(TrainableParameters(Llama2Of70B(), Lora(16, {"linear_qkv", "linear_proj"})), 44564480);
}

// r (in + out) for every named matrix.
TEST(Trainable, JointMatricesHaveOneAdapter) {
  const Architecture model = Llama2Of70B();
  const double up = 16.0 * (8192 + 28672);
  EXPECT_EQ(TrainableParameters(model, Lora(16, {"gate_proj", "up_proj"})), 80 * 2 * up);
  EXPECT_EQ(TrainableParameters(model, Lora(16, {"linear_fc1"})), 80 * 16.0 * (8192 + 2 * 28672));
}

TEST(Trainable, TensorRanksShareTheAdapters) {
  const Architecture model = Llama2Of70B();
  const Trainable lora = Lora(16, {"linear_qkv", "linear_proj", "linear_fc1", "linear_fc2"});
  const double whole = LayerTrainableOnRank(model, lora, 0, 1);
  for (int tensor : {2, 4, 8}) {
    EXPECT_DOUBLE_EQ(LayerTrainableOnRank(model, lora, 0, tensor), whole / tensor);
  }
}

TEST(Trainable, EveryExpertHasAnAdapter) {
  const double one = 4.0 * (4096 + 14336);
  EXPECT_EQ(TrainableParameters(Mixtral8x7B(), Lora(4, {"down_proj"})), 32 * 8 * one);
}

TEST(Trainable, FrozenLayersAndEmbeddingAreNotTrained) {
  const Architecture model = Llama2Of7B();
  const double all = TrainableParameters(model, {});
  EXPECT_EQ(all, CountParameters(model).Total());
  const double layer = CountLayerParameters(model, 0).Total();
  EXPECT_EQ(all - TrainableParameters(model, {.frozen_layers = 8}),
            8 * layer + CountParameters(model).embedding);
}

TEST(Trainable, ModulesOfAModel) {
  EXPECT_TRUE(HasModule(Llama2Of7B(), "gate_proj"));
  EXPECT_FALSE(HasModule(MegatronGpt(24, 2304, 24), "gate_proj"));
  EXPECT_FALSE(HasModule(Llama2Of7B(), "kv_b_proj"));
  EXPECT_TRUE(HasModule(DeepSeekV3(), "kv_b_proj"));
  EXPECT_FALSE(HasModule(DeepSeekV3(), "k_proj"));
  EXPECT_FALSE(HasModule(Llama2Of7B(), "w1"));
}

TEST(Trainable, BytesOfStoredFormats) {
  EXPECT_EQ(StoredBytes(FrozenStorage::kSixteenBit), 2.0);
  // 4 bits and 0.127 for doubly quantised scales (Dettmers et al. 2023).
  EXPECT_DOUBLE_EQ(StoredBytes(FrozenStorage::kNf4) * 8, 4.127);
  EXPECT_DOUBLE_EQ(StoredBytes(FrozenStorage::kNvfp4) * 16, 9.0) << "16 elements and a scale";
}

// Forward and input gradients, but no weight gradients: two thirds of the products; the attention
// core's backward pass stays whole.
TEST(Trainable, AdaptersSaveTheWeightGradients) {
  const Architecture model = Llama2Of7B();
  const Trainable lora = Lora(8, {"q_proj"});
  const TokenFlops forward = ForwardFlopsPerToken(model, 4096, AttentionCount::kCausal);
  const double adapters = 3.0 * 32 * 2 * 8 * (4096 + 4096);
  EXPECT_DOUBLE_EQ(
      ModelFlopsPerToken(model, 4096, AttentionCount::kCausal, lora).value(),
      (2 * (forward.products + forward.head) + 3 * forward.attention_core).value() + adapters);
}

TEST(Trainable, NoGradientsBelowTheLowestTrainedLayer) {
  const Architecture model = Llama2Of7B();
  const TokenFlops forward = ForwardFlopsPerToken(model, 4096, AttentionCount::kCausal);
  EXPECT_DOUBLE_EQ(
      ModelFlopsPerToken(model, 4096, AttentionCount::kCausal, {.frozen_layers = 16}).value(),
      (2 * (forward.products + forward.attention_core) + 3 * forward.head).value());
}

TEST(Trainable, InputsOfFrozenProductsAreNotKept) {
  const InputsKept kept = InputsForGradients(Lora(8, {"q_proj", "down_proj"}), Llama2Of7B(), 0);
  EXPECT_TRUE(kept.attention);
  EXPECT_FALSE(kept.feed_forward);
  EXPECT_TRUE(kept.activation);
}

}  // namespace
}  // namespace fleetsim
