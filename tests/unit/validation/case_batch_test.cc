#include "sim/validation/case_batch.h"

#include "gtest/gtest.h"

namespace fleetsim {
namespace {

MeasuredCase OfLength(int tokens) {
  MeasuredCase measured;
  measured.sequence_length = tokens;
  return measured;
}

TEST(CaseBatch, WhatIsStatedCounts) {
  MeasuredCase measured = OfLength(4096);
  measured.notes = "global batch 4M tokens";
  EXPECT_EQ(GlobalBatchOf(measured, 1, 16).sequences, 1024);
  measured.global_batch = 72;
  EXPECT_EQ(GlobalBatchOf(measured, 1, 16).sequences, 72);
  EXPECT_EQ(GlobalBatchOf(measured, 1, 16).rule, "");
}

// 4 x 2^20 tokens are 1,024 sequences of 4,096: 64 waves of 16, and no more than one of 2,000.
TEST(CaseBatch, FourMillionTokensInWholeWaves) {
  EXPECT_EQ(GlobalBatchOf(OfLength(4096), 1, 16).sequences, 1024);
  EXPECT_EQ(GlobalBatchOf(OfLength(4096), 0, 24).sequences, 42 * 24);
  EXPECT_EQ(GlobalBatchOf(OfLength(4096), 1, 2000).sequences, 2000);
  EXPECT_NE(GlobalBatchOf(OfLength(4096), 1, 16).rule, "");
}

TEST(CaseBatch, ShardedAndFineTuningRunsHaveOneMicroBatch) {
  EXPECT_EQ(GlobalBatchOf(OfLength(4096), 3, 16).sequences, 16);
  MeasuredCase tuning = OfLength(4096);
  tuning.model = "Llama-2-7B SFT";
  EXPECT_EQ(GlobalBatchOf(tuning, 1, 16).sequences, 16);
}

}  // namespace
}  // namespace fleetsim
