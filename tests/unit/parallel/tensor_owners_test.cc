#include "sim/parallel/tensor_owners.h"

#include "gtest/gtest.h"
#include "sim/parallel/schedule.h"

namespace fleetsim {
namespace {

Architecture Llama() {
  return {.layers = 32,
          .hidden = 4096,
          .heads = 32,
          .kv_heads = 32,
          .head_dim = 128,
          .ffn = 11008,
          .gated_ffn = true,
          .vocab = 32000};
}

// A Llama layer has five matrices with q, k and v joint; embedding and head are two more.
TEST(TensorOwners, CountsMatrices) {
  Strategy strategy{.pipeline = 1, .chunk_layers = {32}};
  EXPECT_EQ(StageMatrices(Llama(), strategy, 0), 5 * 32 + 2);
  Architecture tied = Llama();
  tied.tied_embeddings = true;
  EXPECT_EQ(StageMatrices(tied, strategy, 0), 5 * 32 + 1);
  strategy = {.pipeline = 2, .chunk_layers = {16, 16}};
  EXPECT_EQ(StageMatrices(Llama(), strategy, 0), 5 * 16 + 1);
  EXPECT_EQ(StageMatrices(tied, strategy, 1), 5 * 16 + 1);  // its copy of the tied matrix
}

TEST(TensorOwners, NoMoreThanThereAreMatrices) {
  const Strategy strategy{.pipeline = 1, .chunk_layers = {32}};
  EXPECT_EQ(MatrixOwners(Llama(), strategy, 0, 8), 8);
  EXPECT_EQ(MatrixOwners(Llama(), strategy, 0, 1024), 162);
}

}  // namespace
}  // namespace fleetsim
