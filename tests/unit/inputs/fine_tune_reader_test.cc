#include "sim/inputs/fine_tune_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/inputs/workload_reader.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char kModelsRoot[] = FLEETSIM_SOURCE_DIR "/workloads/models";

// Line 3 is what the test adds.
std::string Job(const std::string& tuning, const std::string& model = "llama3-8b") {
  return "jobs { id: 'a' fine_tune {\n"
         "  training { model: '" +
         model +
         "' sequence_length: 4096 global_batch_sequences: 32 precision: BF16 recompute: NONE "
         "stack: 's' }\n" +
         tuning + "\n} }";
}

absl::StatusOr<FineTuning> Read(const std::string& content) {
  const auto workload = ReadWorkload(WriteTestFile("tune.textproto", content), kModelsRoot);
  if (!workload.ok()) return workload.status();
  return *workload->jobs[0].pretrain.tuning;
}

std::string Error(const std::string& tuning, const std::string& model = "llama3-8b") {
  const auto read = Read(Job(tuning, model));
  EXPECT_FALSE(read.ok()) << tuning;
  return std::string(read.status().message());
}

TEST(ReadFineTuning, EveryField) {
  const auto tuning = Read(
      Job("adapter { rank: 16 modules: 'q_proj' modules: 'down_proj' } frozen_layers: 4 "
          "frozen_storage: NF4_STORED lengths { tokens: [300, 100] weight: [1, 3] } packed: true "
          "preference { reference_precomputed: false } examples: 1000 epochs: 2.5"));
  ASSERT_TRUE(tuning.ok()) << tuning.status();
  EXPECT_EQ(tuning->trainable.adapter_rank, 16);
  EXPECT_THAT(tuning->trainable.adapter_modules, ElementsAre("q_proj", "down_proj"));
  EXPECT_EQ(tuning->trainable.frozen_layers, 4);
  EXPECT_EQ(tuning->trainable.storage, FrozenStorage::kNf4);
  EXPECT_TRUE(tuning->trainable.reference_pass);
  EXPECT_THAT(tuning->lengths->tokens, ElementsAre(100, 300));
  EXPECT_THAT(tuning->lengths->weights, ElementsAre(0.75, 0.25));
  EXPECT_TRUE(tuning->packed);
  EXPECT_EQ(tuning->examples, 1000);
  EXPECT_EQ(tuning->epochs, 2.5);
}

TEST(ReadFineTuning, NothingStatedIsFullFineTuning) {
  const auto tuning = Read(Job(""));
  ASSERT_TRUE(tuning.ok()) << tuning.status();
  EXPECT_TRUE(tuning->trainable.Everything());
  EXPECT_FALSE(tuning->lengths.has_value());
}

TEST(ReadFineTuning, ReferenceOutOfTheDataSetNeedsNoPass) {
  const auto tuning = Read(Job("preference { reference_precomputed: true }"));
  ASSERT_TRUE(tuning.ok()) << tuning.status();
  EXPECT_TRUE(tuning->preference);
  EXPECT_FALSE(tuning->trainable.reference_pass);
}

TEST(ReadFineTuning, ShippedSample) {
  const auto tuning = Read(Job("lengths { sample: 'conversations' }"));
  ASSERT_TRUE(tuning.ok()) << tuning.status();
  EXPECT_GT(tuning->lengths->tokens.size(), 5u);
}

TEST(ReadFineTuning, WrongAdapters) {
  EXPECT_THAT(Error("adapter { rank: 0 modules: 'q_proj' }"), HasSubstr("rank: is 0"));
  EXPECT_THAT(Error("adapter { rank: 8 }"), AllOf(HasSubstr(":3: "), HasSubstr("q_proj")));
  EXPECT_THAT(Error("adapter { rank: 8 modules: 'query' }"),
              AllOf(HasSubstr("\"query\" is no module"), HasSubstr("q_proj")));
  EXPECT_THAT(Error("adapter { rank: 8 modules: 'gate_proj' }", "mpt-7b"),
              HasSubstr("\"gate_proj\" is no module of mpt-7b"));
  EXPECT_THAT(Error("adapter { rank: 8 modules: ['linear_qkv', 'v_proj'] }"),
              HasSubstr("\"v_proj\" has an adapter already"));
}

TEST(ReadFineTuning, WrongFreezing) {
  EXPECT_THAT(Error("frozen_layers: 33"), HasSubstr("frozen_layers: is 33"));
  EXPECT_THAT(Error("adapter { rank: 8 modules: 'q_proj' } frozen_layers: 32"),
              HasSubstr("frozen_layers: is 32"));
  EXPECT_THAT(Error("frozen_storage: INT8_STORED"), HasSubstr("every matrix of the model"));
}

TEST(ReadFineTuning, WrongLengths) {
  EXPECT_THAT(Error("lengths { }"), HasSubstr("states lengths in 0 ways"));
  EXPECT_THAT(Error("lengths { tokens: 5 sample: 'conversations' }"), HasSubstr("in 2 ways"));
  EXPECT_THAT(Error("lengths { tokens: [5, 6] weight: 1 }"), HasSubstr("weight: has 1 numbers"));
  EXPECT_THAT(Error("lengths { tokens: -5 }"), HasSubstr("tokens[0]: is -5"));
  EXPECT_THAT(Error("lengths { sample: 'nowhere' }"), HasSubstr("\"nowhere\" is no file"));
  EXPECT_THAT(Error("lengths { log_normal { mean_tokens: 500 percentile_ratio: 0.95 "
                    "percentile_tokens: 3000 } }"),
              HasSubstr("no log-normal distribution"));
  EXPECT_THAT(Error("packed: true"), HasSubstr("packed: is given without lengths"));
  EXPECT_THAT(Error("lengths { tokens: 5 } packed: true pad_to_multiple: 8"),
              HasSubstr("pad_to_multiple: is given for packed"));
}

TEST(ReadFineTuning, WrongSize) {
  EXPECT_THAT(Error("epochs: 3"), HasSubstr("epochs: is given without examples"));
  EXPECT_THAT(Error("examples: 0"), HasSubstr("examples: is 0"));
}

}  // namespace
}  // namespace fleetsim
