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

// Megatron's block method takes the first so many layers of every chunk.
TEST(NoteFacts, RecomputedShareOfBlocksAndOfStages) {
  MeasuredCase measured;
  EXPECT_FALSE(RecomputedShare(measured, 32, 16).has_value());
  measured.notes = "pretrain; recompute block over 1 layers; SP";
  EXPECT_EQ(*RecomputedShare(measured, 32, 16), 0.5);
  EXPECT_EQ(*RecomputedShare(measured, 16, 16), 1.0);
  EXPECT_EQ(*RecomputedShare(measured, 8, 16), 1.0);  // never more than all
  measured.notes = "full recompute on 6/3/2/3 layers per stage; sequence parallel";
  EXPECT_DOUBLE_EQ(*RecomputedShare(measured, 40, 4), 14.0 / 40.0);
}

// MindSpeed's switch counts layers of a pipeline rank, however many chunks it has.
TEST(NoteFacts, RecomputedShareOfPipelineRanks) {
  MeasuredCase measured;
  measured.pipeline = 4;
  measured.notes = "recompute block over 2 layers of each pipeline rank";
  EXPECT_DOUBLE_EQ(*RecomputedShare(measured, 32, 16), 2.0 * 4 / 32);
}

TEST(NoteFacts, ExpertCapacityIsRoomOverTheMean) {
  MeasuredCase measured;
  EXPECT_EQ(ExpertCapacity(measured), 1.0);
  measured.notes = "MLA; expert capacity factor 1.1; SP";
  EXPECT_EQ(ExpertCapacity(measured), 1.1);
  measured.notes = "expert capacity factor 2.";
  EXPECT_EQ(ExpertCapacity(measured), 2.0);
}

TEST(NoteFacts, ContextMethodAndShortSamples) {
  MeasuredCase measured;
  EXPECT_FALSE(NamesUlysses(measured));
  EXPECT_FALSE(NamesShortSamples(measured));
  measured.notes = "CP by Ulysses; samples are shorter than the sequence length, so no step time";
  EXPECT_TRUE(NamesUlysses(measured));
  EXPECT_TRUE(NamesShortSamples(measured));
}

TEST(NoteFacts, NoOpLayersAreNumbered) {
  MeasuredCase measured;
  EXPECT_THAT(NoOpLayers(measured), testing::IsEmpty());
  measured.notes = "branch 2.2.0; no-op layers 1,15; SP";
  EXPECT_THAT(NoOpLayers(measured), testing::ElementsAre(1, 15));
}

TEST(NoteFacts, GlobalBatchFromTokensOrAccumulation) {
  MeasuredCase measured;
  measured.sequence_length = 4096;
  EXPECT_EQ(GlobalBatchStated(measured, 16), 0);
  measured.notes = "global batch 4M tokens";
  EXPECT_EQ(GlobalBatchStated(measured, 16), 1024);
  measured.notes = "9 accumulation steps";
  EXPECT_EQ(GlobalBatchStated(measured, 16), 144);
}

TEST(NoteFacts, NominalParametersAreInTheName) {
  MeasuredCase measured;
  measured.model = "Llama-3-8B";
  EXPECT_EQ(NominalParameters(measured), 8e9);
  measured.model = "llama2_7b SFT";
  EXPECT_EQ(NominalParameters(measured), 7e9);
  measured.model = "GPT3-6.7B";
  EXPECT_EQ(NominalParameters(measured), 6.7e9);
  measured.model = "Qwen2-57B-A14B";  // of the whole model, not of what a token passes
  EXPECT_EQ(NominalParameters(measured), 57e9);
  measured.model = "Mixtral-8x7B";  // states no sum
  EXPECT_EQ(NominalParameters(measured), 0.0);
}

TEST(NoteFacts, SequenceParallelismIsOffInKorthikantisBaseline) {
  MeasuredCase measured;
  EXPECT_FALSE(SequenceParallelStated(measured).has_value());
  measured.source = "Korthikanti et al. 2022, Table 5";
  EXPECT_FALSE(SequenceParallelStated(measured).value_or(true));
  measured.notes = "sequence parallelism on";
  EXPECT_TRUE(SequenceParallelStated(measured).value_or(false));
}

TEST(NoteFacts, LayersWhoseActivationsLeaveForTheHost) {
  MeasuredCase measured;
  EXPECT_EQ(OffloadedLayers(measured), 0.0);
  measured.notes = "FSDP; activations of 40 layers offloaded";
  EXPECT_EQ(OffloadedLayers(measured), 40.0);
}

}  // namespace
}  // namespace fleetsim
