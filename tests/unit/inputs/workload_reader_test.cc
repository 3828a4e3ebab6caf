#include "sim/inputs/workload_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "proto/workload.pb.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

const char kModelsRoot[] = FLEETSIM_SOURCE_DIR "/workloads/models";

// 126 layers, 128 heads, 8 kv heads, ffn 53,248. Line numbers of the tests count from here.
const char kWorkload[] =
    "name: \"llama3-405b-on-16k\"\n"                                          // line 1
    "jobs {\n"                                                                // line 2
    "  id: \"pretrain\"\n"                                                    // line 3
    "  submit_time_s: 60\n"                                                   // line 4
    "  pretrain {\n"                                                          // line 5
    "    model: \"llama3-405b\"\n"                                            // line 6
    "    tokens: 15.6e12\n"                                                   // line 7
    "    sequence_length: 8192\n"                                             // line 8
    "    global_batch_sequences: 2048\n"                                      // line 9
    "    precision: BF16\n"                                                   // line 10
    "    recompute: NONE\n"                                                   // line 11
    "    stack: \"megatron-core-2024\"\n"                                     // line 12
    "    parallelism {\n"                                                     // line 13
    "      tensor: 8\n"                                                       // line 14
    "      pipeline: 16\n"                                                    // line 15
    "      data: 128\n"                                                       // line 16
    "      virtual_stages: 1\n"                                               // line 17
    "      micro_batch_sequences: 1\n"                                        // line 18
    "      chunk_layers: [7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7]\n"  // line 19
    "    }\n"
    "  }\n"
    "}\n";

std::string Replaced(std::string content, const std::string& old_text,
                     const std::string& new_text) {
  const size_t at = content.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return at == std::string::npos ? content : content.replace(at, old_text.size(), new_text);
}

TEST(ReadWorkload, EveryField) {
  const auto workload = ReadWorkload(WriteTestFile("full.textproto", kWorkload), kModelsRoot);
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->name, "llama3-405b-on-16k");
  ASSERT_EQ(workload->jobs.size(), 1u);
  const Job& job = workload->jobs[0];
  EXPECT_EQ(job.id, "pretrain");
  EXPECT_EQ(job.submit_time, Seconds(60));
  EXPECT_EQ(job.places.stack.line, 12);
  EXPECT_EQ(job.places.stack.field, "jobs[0].pretrain.stack");
  const PretrainJob& pretrain = job.pretrain;
  EXPECT_EQ(pretrain.model.layers, 126);
  EXPECT_EQ(pretrain.tokens, 15.6e12);
  EXPECT_EQ(pretrain.sequence_length, 8192);
  EXPECT_EQ(pretrain.global_batch, 2048);
  EXPECT_EQ(pretrain.precision, DataType::kBf16);
  EXPECT_EQ(pretrain.recompute, Recompute::kNone);
  EXPECT_EQ(pretrain.stack, "megatron-core-2024");
  ASSERT_TRUE(pretrain.parallelism.has_value());
  EXPECT_EQ(pretrain.parallelism->tensor, 8);
  EXPECT_EQ(pretrain.parallelism->pipeline, 16);
  EXPECT_EQ(pretrain.parallelism->data, 128);
  EXPECT_EQ(pretrain.parallelism->chunk_layers.size(), 16u);
  EXPECT_FALSE(pretrain.parallelism->sequence_parallel.has_value());
  EXPECT_FALSE(pretrain.parallelism->zero_stage.has_value());
}

TEST(ReadWorkload, WhatIsLeftOut) {
  const auto workload = ReadWorkload(
      WriteTestFile("least.textproto",
                    "jobs { id: 'a' pretrain { model: 'llama3-8b' sequence_length: 8192 "
                    "global_batch_sequences: 128 precision: FP16 recompute: SELECTIVE stack: 's' "
                    "parallelism { } } }"
                    "jobs { id: 'b' pretrain { model: 'llama3-8b' sequence_length: 8192 "
                    "global_batch_sequences: 128 precision: FP16 recompute: FULL stack: 's' } }"),
      kModelsRoot);
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->name, "least");
  ASSERT_EQ(workload->jobs.size(), 2u);
  const PretrainJob& a = workload->jobs[0].pretrain;
  EXPECT_FALSE(a.tokens.has_value());
  EXPECT_EQ(a.recompute, Recompute::kSelective);
  ASSERT_TRUE(a.parallelism.has_value());
  EXPECT_EQ(a.parallelism->tensor * a.parallelism->pipeline * a.parallelism->context *
                a.parallelism->virtual_stages * a.parallelism->micro_batch,
            1);
  EXPECT_FALSE(a.parallelism->data.has_value());
  EXPECT_FALSE(workload->jobs[1].pretrain.parallelism.has_value()) << "to be searched";
}

TEST(ReadWorkload, PrecisionRecipe) {
  const auto read = [](const std::string& precision) {
    return ReadWorkload(
        WriteTestFile("recipe.textproto",
                      "jobs { id: 'a' pretrain { model: 'llama3-8b' sequence_length: 8192 "
                      "global_batch_sequences: 128 recompute: NONE stack: 's' precision: " +
                          precision + " } }"),
        kModelsRoot);
  };
  const auto full = read(
      "FP8 precision_recipe { scaling: PER_BLOCK first_wide_layers: 1 "
      "last_wide_layers: 2 narrow_attention: true narrow_parameters: false }");
  ASSERT_TRUE(full.ok()) << full.status();
  const PretrainJob& job = full->jobs[0].pretrain;
  EXPECT_EQ(job.precision, DataType::kFp8);
  EXPECT_EQ(job.recipe.scaling, Scaling::kBlock);
  EXPECT_EQ(job.recipe.first_wide_layers, 1);
  EXPECT_EQ(job.recipe.last_wide_layers, 2);
  EXPECT_TRUE(job.recipe.narrow_attention);
  EXPECT_EQ(job.recipe.narrow_parameters, false);
  const auto least = read("FP4");
  ASSERT_TRUE(least.ok()) << least.status();
  EXPECT_EQ(least->jobs[0].pretrain.precision, DataType::kFp4);
  EXPECT_EQ(least->jobs[0].pretrain.recipe.scaling, Scaling::kNone) << "the stack's";
  EXPECT_FALSE(least->jobs[0].pretrain.recipe.narrow_parameters.has_value());
  EXPECT_THAT(read("INT8 precision_recipe { scaling: PER_BLOCK }").status().message(),
              HasSubstr("scaling: is PER_BLOCK"));
}

TEST(ReadWorkload, BinaryIsToldApartByContent) {
  proto::Workload entry;
  entry.set_name("binary");
  proto::Job* job = entry.add_jobs();
  job->set_id("only");
  proto::Pretrain* pretrain = job->mutable_pretrain();
  pretrain->set_model("llama2-7b");
  pretrain->set_sequence_length(4096);
  pretrain->set_global_batch_sequences(1024);
  pretrain->set_precision(proto::BF16);
  pretrain->set_recompute(proto::Pretrain::NONE);
  pretrain->set_stack("megatron-2021");
  const std::string bytes = entry.SerializeAsString();
  const auto workload = ReadWorkload(WriteTestFile("named.textproto", bytes), kModelsRoot);
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->name, "binary");
  EXPECT_EQ(workload->jobs[0].pretrain.model.name, "llama2-7b");
  // A message that ends in the middle of a field.
  const auto cut =
      ReadWorkload(WriteTestFile("cut.bin", bytes.substr(0, bytes.size() - 5)), kModelsRoot);
  EXPECT_EQ(cut.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(cut.status().message(), HasSubstr("cut.bin"));
  // Field 2 (jobs) that claims 10,000,000,000 bytes.
  const auto huge = ReadWorkload(
      WriteTestFile("huge.bin", std::string("\x12\x80\xc8\xaf\xa0\x25", 6) + "jobs"), kModelsRoot);
  EXPECT_EQ(huge.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(huge.status().message(), HasSubstr("huge.bin"));
}

TEST(ReadWorkload, ModelPathIsRelativeToTheWorkload) {
  const std::string folder = TestFolder();
  std::filesystem::create_directories(folder + "/models");
  std::ofstream(folder + "/models/config.json")
      << R"({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 16,
             "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
             "vocab_size": 32000})";
  std::string content =
      Replaced(kWorkload, "llama3-405b\"\n    tokens", "models/config.json\"\n    tokens");
  content = Replaced(content,
                     "      chunk_layers: [7, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 7]\n", "");
  std::ofstream(folder + "/w.textproto") << content;
  const auto workload = ReadWorkload(folder + "/w.textproto", kModelsRoot);
  ASSERT_TRUE(workload.ok()) << workload.status();
  EXPECT_EQ(workload->jobs[0].pretrain.model.layers, 16);
}

TEST(ReadWorkload, DuplicateIdsNameBothJobs) {
  const std::string jobs = std::string(kWorkload).substr(std::string(kWorkload).find("jobs"));
  const auto again = ReadWorkload(WriteTestFile("again.textproto", jobs + jobs), kModelsRoot);
  EXPECT_THAT(
      again.status().message(),
      HasSubstr("again.textproto:23: jobs[1].id: \"pretrain\" is already the id of jobs[0]; "
                "give each job an id of its own"));
}

struct WrongWorkload {
  const char* what;
  const char* old_text;
  const char* new_text;
  const char* message;  // after the file's name
};

class WrongWorkloadTest : public ::testing::TestWithParam<WrongWorkload> {};

TEST_P(WrongWorkloadTest, IsOneErrorWithLineAndField) {
  const WrongWorkload& wrong = GetParam();
  const std::string content = Replaced(kWorkload, wrong.old_text, wrong.new_text);
  const auto workload = ReadWorkload(WriteTestFile("wrong.textproto", content), kModelsRoot);
  EXPECT_EQ(workload.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(workload.status().message()),
              HasSubstr(std::string("wrong.textproto") + wrong.message));
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, WrongWorkloadTest,
    ::testing::Values(
        WrongWorkload{"no_id", "  id: \"pretrain\"\n", "\n",
                      ":2: jobs[0].id: is missing; give each job an id"},
        WrongWorkload{"negative_submit_time", "submit_time_s: 60", "submit_time_s: -1",
                      ":4: jobs[0].submit_time_s: is -1; give 0 to"},
        WrongWorkload{"unknown_model", "\"llama3-405b\"\n    tokens", "\"llama3-450b\"\n    tokens",
                      ":6: jobs[0].pretrain.model: unknown model \"llama3-450b\""},
        WrongWorkload{"no_model", "    model: \"llama3-405b\"\n", "\n",
                      ":5: jobs[0].pretrain.model: is missing; give a model's name"},
        WrongWorkload{"negative_tokens", "tokens: 15.6e12", "tokens: -2e12",
                      ":7: jobs[0].pretrain.tokens: is -2e+12; give 1 to"},
        WrongWorkload{"zero_tokens", "tokens: 15.6e12", "tokens: 0",
                      ":7: jobs[0].pretrain.tokens: is 0; give 1 to"},
        WrongWorkload{"nan_tokens", "tokens: 15.6e12", "tokens: nan",
                      ":7: jobs[0].pretrain.tokens: is nan"},
        WrongWorkload{"infinite_tokens", "tokens: 15.6e12", "tokens: inf",
                      ":7: jobs[0].pretrain.tokens: is inf"},
        WrongWorkload{"zero_batch", "global_batch_sequences: 2048", "global_batch_sequences: 0",
                      ":9: jobs[0].pretrain.global_batch_sequences: is 0; give 1 to"},
        WrongWorkload{"no_sequence_length", "    sequence_length: 8192\n", "\n",
                      ":5: jobs[0].pretrain.sequence_length: is 0; give 1 to"},
        WrongWorkload{"past_the_position_table", "\"llama3-405b\"\n    tokens",
                      "\"megatron-1t\"\n    tokens",
                      ":8: jobs[0].pretrain.sequence_length: is 8192; the model's position table "
                      "ends at 2048"},
        WrongWorkload{"no_precision", "    precision: BF16\n", "\n",
                      ":5: jobs[0].pretrain.precision: is missing; give BF16"},
        WrongWorkload{"precision_nobody_trains_in", "BF16", "INT4",
                      ":10: jobs[0].pretrain.precision: is INT4; give BF16"},
        WrongWorkload{"no_recompute", "    recompute: NONE\n", "\n",
                      ":5: jobs[0].pretrain.recompute: is missing; give NONE"},
        WrongWorkload{"no_stack", "    stack: \"megatron-core-2024\"\n", "\n",
                      ":5: jobs[0].pretrain.stack: is missing; give a software stack's name"},
        WrongWorkload{"tensor_does_not_divide_heads", "tensor: 8", "tensor: 12",
                      ":14: jobs[0].pretrain.parallelism.tensor: is 12; give a divisor of the "
                      "model's heads, which is 128"},
        WrongWorkload{"negative_tensor", "tensor: 8", "tensor: -8",
                      ":14: jobs[0].pretrain.parallelism.tensor: is -8; give 1 to"},
        WrongWorkload{"zero_pipeline", "pipeline: 16", "pipeline: 0",
                      ":15: jobs[0].pretrain.parallelism.pipeline: is 0; give 1 to"},
        WrongWorkload{"more_stages_than_layers", "pipeline: 16", "pipeline: 129",
                      ":15: jobs[0].pretrain.parallelism.pipeline: makes 129 model chunks; the "
                      "model has 126 layers"},
        WrongWorkload{"more_chunks_than_layers", "virtual_stages: 1", "virtual_stages: 9",
                      ":17: jobs[0].pretrain.parallelism.virtual_stages: makes 144 model chunks"},
        WrongWorkload{"too_few_chunk_layers", "[7, 8, 8,", "[15, 8,",
                      ":19: jobs[0].pretrain.parallelism.chunk_layers: has 15 numbers; give "
                      "pipeline x virtual_stages = 16"},
        WrongWorkload{"chunk_layers_do_not_add_up", "[7, 8, 8,", "[8, 8, 8,",
                      ":19: jobs[0].pretrain.parallelism.chunk_layers: adds up to 127; give the "
                      "model's 126 layers"},
        WrongWorkload{"negative_chunk_layers", "[7, 8, 8,", "[-7, 22, 8,",
                      ":19: jobs[0].pretrain.parallelism.chunk_layers[0]: is -7; give 0 to 126"},
        WrongWorkload{"batch_does_not_divide", "data: 128", "data: 100",
                      ":16: jobs[0].pretrain.parallelism.data: is 100 with micro-batches of 1 "
                      "sequences; give numbers whose product divides the global batch of 2048"},
        WrongWorkload{"context_does_not_divide", "data: 128", "data: 128 context: 3",
                      ":16: jobs[0].pretrain.parallelism.context: is 3; give a divisor of "
                      "sequence_length, which is 8192"},
        WrongWorkload{"unknown_zero_stage", "data: 128", "data: 128 zero_stage: 4",
                      ":16: jobs[0].pretrain.parallelism.zero_stage: is 4; give 0 to 3"},
        WrongWorkload{"more_shards_than_ranks", "data: 128", "data: 128 optimizer_shards: 256",
                      ":16: jobs[0].pretrain.parallelism.optimizer_shards: is 256; give 1 to 128"},
        WrongWorkload{"shards_do_not_divide", "data: 128", "data: 128 optimizer_shards: 3",
                      ":16: jobs[0].pretrain.parallelism.optimizer_shards: is 3; give a divisor"},
        WrongWorkload{"experts_of_a_dense_model", "data: 128", "data: 128 expert: 8",
                      ":16: jobs[0].pretrain.parallelism.expert: is 8; llama3-405b has no experts"},
        WrongWorkload{"load_below_the_mean", "data: 128", "data: 128 expert_load_ratio: 0.5",
                      ":16: jobs[0].pretrain.parallelism.expert_load_ratio: is 0.5; give 1 to"},
        WrongWorkload{"absurd_degrees", "data: 128", "data: 1000000 context: 8192",
                      ":13: jobs[0].pretrain.parallelism: needs"},
        WrongWorkload{"unknown_field", "stack:", "stak:", ":12"},
        WrongWorkload{"unknown_enum", "BF16", "BF17", ":10"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(ReadWorkload, WrongFiles) {
  EXPECT_THAT(ReadWorkload("/no/such/file", kModelsRoot).status().message(),
              HasSubstr("/no/such/file"));
  EXPECT_THAT(
      ReadWorkload(WriteTestFile("none.textproto", "name: 'x'\n"), kModelsRoot).status().message(),
      HasSubstr("none.textproto: jobs: is missing; give at least one job"));
  EXPECT_THAT(
      ReadWorkload(WriteTestFile("idle.textproto", "jobs { id: 'x' }\n"), kModelsRoot)
          .status()
          .message(),
      HasSubstr("idle.textproto:1: jobs[0].pretrain: is missing; give what the job is to do"));
}

TEST(ReadWorkload, DegreesAgainstKvHeadsAndExperts) {
  const char kJob[] =
      "jobs { id: 'a' pretrain { model: 'MODEL' sequence_length: 4096 global_batch_sequences: 96 "
      "precision: BF16 recompute: NONE stack: 's' parallelism { MORE } } }";
  const auto message = [&](const char* model, const char* more) {
    const std::string content = Replaced(Replaced(kJob, "MODEL", model), "MORE", more);
    return std::string(
        ReadWorkload(WriteTestFile("degrees.textproto", content), kModelsRoot).status().message());
  };
  EXPECT_EQ(message("llama3-70b", "tensor: 16"), "") << "each kv head on two ranks";
  // 28 heads, 4 kv heads.
  EXPECT_THAT(message("qwen2.5-7b", "tensor: 14"), HasSubstr("divisor or a multiple of the model's "
                                                             "kv_heads, which is 4"));
  EXPECT_EQ(message("mixtral-8x7b", "tensor: 8"), "");
  EXPECT_THAT(message("llama3-8b", "virtual_stages: 2"),
              HasSubstr("virtual_stages: is 2; give 1 where pipeline is 1"));
  EXPECT_THAT(message("llama3-8b", "micro_batch_sequences: 5"),
              HasSubstr("micro_batch_sequences: is 5; give a divisor of the global batch of 96"));
}

TEST(ShippedWorkloads, AllRead) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(FLEETSIM_SOURCE_DIR "/workloads/pretrain")) {
    const auto workload = ReadWorkload(entry.path().string(), kModelsRoot);
    EXPECT_TRUE(workload.ok()) << workload.status();
    ++files;
  }
  EXPECT_GE(files, 1);
}

}  // namespace
}  // namespace fleetsim
