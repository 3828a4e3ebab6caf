#include "sim/validation/note_facts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

TEST(NoteFacts, HybridShardIsNoHybridModel) {
  MeasuredCase measured;
  measured.notes = "FSDP hybrid shard, torch.compile";
  EXPECT_FALSE(NamesHybridModel(measured));
  measured.notes = "hybrid layers";
  EXPECT_TRUE(NamesHybridModel(measured));
}

TEST(NoteFacts, HybridShardIsWithinAHost) {
  MeasuredCase measured;
  measured.notes = "FSDP hybrid shard";
  measured.per_node = 4;
  EXPECT_EQ(OptimizerShards(measured), 4);
}

TEST(NoteFacts, TheOptimizerIsShardedOverSomeOrAllRanks) {
  MeasuredCase measured;
  EXPECT_EQ(OptimizerShards(measured), 0);
  measured.notes = "optimizer sharded over 8 ranks only";
  EXPECT_EQ(OptimizerShards(measured), 8);
  measured.notes = "optimizer sharded over all data-parallel ranks";
  EXPECT_GE(OptimizerShards(measured), 1000000);
}

// A forward pass is a third of a step: with a third more flops every layer was computed again.
TEST(NoteFacts, RecomputedLayersFollowFromTheUtilisations) {
  MeasuredCase measured;
  EXPECT_FALSE(RecomputedLayers(measured).has_value());
  measured.measurements = {{.metric = "mfu", .value = 60}, {.metric = "hfu", .value = 70}};
  EXPECT_NEAR(*RecomputedLayers(measured), 0.5, 1e-12);
  measured.measurements[1].value = 60;
  EXPECT_EQ(*RecomputedLayers(measured), 0.0);
  measured.measurements[1].value = 90;  // more than a forward pass cannot be
  EXPECT_EQ(*RecomputedLayers(measured), 1.0);
}

}  // namespace
}  // namespace fleetsim
