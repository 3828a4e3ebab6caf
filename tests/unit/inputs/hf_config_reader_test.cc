#include "sim/inputs/hf_config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_replace.h"
#include "sim/inputs/file.h"
#include "sim/inputs/model_reader.h"
#include "sim/model/flops.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kSamples[] = FLEETSIM_SOURCE_DIR "/tests/data/models/";

// Printed by tests/reference/model_reference.py from the files themselves: total, active and
// further-token parameters; forward flops of 4,096 tokens, full square and causal.
struct ReferenceRow {
  const char* file;
  double parameters, active, prediction, full_square_flops, causal_flops;
};

void ExpectReference(const std::string& folder, const ReferenceRow& row) {
  const auto model = ReadModelFile(folder + row.file);
  ASSERT_TRUE(model.ok()) << model.status();
  const ModelParameters count = CountParameters(*model);
  EXPECT_EQ(count.Total(), row.parameters) << row.file;
  EXPECT_EQ(ActiveParameters(*model), row.active) << row.file;
  EXPECT_EQ(count.multi_token_prediction, row.prediction) << row.file;
  const double full =
      4096 * ForwardFlopsPerToken(*model, 4096, AttentionCount::kFullSquare).Total().value();
  const double causal =
      4096 * ForwardFlopsPerToken(*model, 4096, AttentionCount::kCausal).Total().value();
  EXPECT_NEAR(full, row.full_square_flops, 1e-12 * full) << row.file;
  EXPECT_NEAR(causal, row.causal_flops, 1e-12 * causal) << row.file;
}

// One small file of ours for each model_type.
TEST(ParseHfConfig, SamplesAgreeWithTheReference) {
  constexpr ReferenceRow kRows[] = {
      {"deepseek_v3.json", 33103936, 20324416, 5368592, 364602458112, 274408144896},
      {"llama.json", 25134592, 25134592, 0, 378225557504, 275146342400},
      {"mistral.json", 27578240, 27578240, 0, 296327577600, 261095424000},
      {"mixtral.json", 31319424, 19522944, 0, 237817036800, 186277429248},
      {"qwen2.json", 36252160, 36252160, 0, 463302819840, 358076121088},
      {"qwen3.json", 8200512, 8200512, 0, 170230022144, 118690414592},
      {"qwen3_moe.json", 14183808, 9465216, 0, 228337909760, 142438563840},
  };
  for (const ReferenceRow& row : kRows) ExpectReference(kSamples, row);
}

// Files as their publishers have them.
TEST(ParseHfConfig, PublishedFilesAgreeWithTheReference) {
  constexpr ReferenceRow kRows[] = {
      {"Qwen--Qwen3-0.6B_config.json", 596049920, 596049920, 0, 8730594770944, 6806449422336},
      {"Qwen--Qwen3-1.7B_config.json", 1720574976, 1720574976, 0, 17942225879040, 16018080530432},
      {"Qwen--Qwen3-235B-A22B-FP8_config.json", 235093634560, 22190763520, 0, 228359116161024,
       202520592908288},
      {"Qwen--Qwen3-235B-A22B_config.json", 235093634560, 22190763520, 0, 228359116161024,
       202520592908288},
      {"Qwen--Qwen3-30B-A3B-FP8_config.json", 30532122624, 3353032704, 0, 38111392301056,
       31514322534400},
      {"Qwen--Qwen3-30B-A3B_config.json", 30532122624, 3353032704, 0, 38111392301056,
       31514322534400},
      {"Qwen--Qwen3-32B-FP8-Static-PerTensor_config.json", 32762123264, 32762123264, 0,
       297193483272192, 279601297227776},
      {"Qwen--Qwen3-32B-FP8_config.json", 32762123264, 32762123264, 0, 297193483272192,
       279601297227776},
      {"Qwen--Qwen3-32B_config.json", 32762123264, 32762123264, 0, 297193483272192,
       279601297227776},
      {"Qwen--Qwen3-8B_config.json", 8190735360, 8190735360, 0, 71893457567744, 66945655242752},
      {"Qwen--Qwen3-Coder-480B-A35B-Instruct_config.json", 480154875392, 35474765312, 0,
       334082957377536, 308519312031744},
      {"deepseek-ai--DeepSeek-R1_config.json", 671026419200, 37552297472, 11610068224,
       398468812111872, 355862736535552},
      {"deepseek-ai--DeepSeek-V3_config.json", 671026419200, 37552297472, 11610068224,
       398468812111872, 355862736535552},
      {"meta-llama--Meta-Llama-3.1-405B_config.json", 405853388800, 405853388800, 0,
       3446041240141824, 3376772007591936},
      {"meta-llama--Meta-Llama-3.1-70B_config.json", 70553706496, 70553706496, 0, 613338509737984,
       591348277182464},
      {"meta-llama--Meta-Llama-3.1-8B_config.json", 8030261248, 8030261248, 0, 70274254897152,
       65876208386048},
      {"mistralai--Mixtral-8x22B-v0.1_config.json", 140620634112, 39152031744, 0, 342206888017920,
       330662015926272},
      {"mistralai--Mixtral-8x7B-v0.1_config.json", 46702792704, 12879925248, 0, 113232517791744,
       108834471280640},
      {"nvidia--DeepSeek-V3.1-NVFP4_config.json", 671026419200, 37552297472, 11610068224,
       398468812111872, 355862736535552},
      {"nvidia--Llama-3.1-70B-Instruct-FP8_config.json", 70553706496, 70553706496, 0,
       613338509737984, 591348277182464},
      {"nvidia--Qwen3-235B-A22B-NVFP4_config.json", 235093634560, 22190763520, 0, 228359116161024,
       202520592908288},
      {"nvidia--Nemotron-H-56B-Base-8K_config.json", 56324350464, 56324350464, 0, 462340344512512,
       459591565443072},
      {"nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16_config.json", 31577940288, 3580076352, 0,
       28354904326144, 27530270605312},
      {"nvidia--NVIDIA-Nemotron-3-Super-120B-A12B-FP8_config.json", 120668707840, 12770237440,
       2942325248, 109972637614080, 108735687032832},
      {"nvidia--NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16_config.json", 549308993536, 56058843136,
       11215610368, 476140074434560, 472566661644288},
      {"Qwen--Qwen3.5-397B-A17B_config.json", 396346350336, 17349040896, 6595568128,
       155306017423360, 150907970912256},
      {"Qwen--Qwen3.5-27B_config.json", 26895998464, 26895998464, 424699392, 232499464634368,
       228994771320832},
      {"deepseek-ai--DeepSeek-V3.2_config.json", 671877944064, 38403822336, 11624027648,
       401298121818112, 360822350020608},
      {"zai-org--GLM-5_config.json", 743911218432, 41784728832, 9952920576, 423137493647360,
       385135623012352},
      {"zai-org--GLM-5.2_config.json", 743377019904, 41250530304, 9943548672, 410713227001856,
       376697086017536},
      {"deepseek-ai--DeepSeek-V4-Flash_config.json", 284332241239, 13799633239, 6609983350,
       132038032097280, 123838939529216},
      {"deepseek-ai--DeepSeek-V4-Pro_config.json", 1572997202915, 49779082211, 25840031286,
       467771330658304, 441327217016832},
  };
  const char* shared = std::getenv("FLEETSIM_SHARED");
  const std::string folder =
      std::string(shared != nullptr ? shared : FLEETSIM_SOURCE_DIR "/../shared") + "/models/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  for (const ReferenceRow& row : kRows) ExpectReference(folder, row);
}

TEST(ParseHfConfig, FieldsThatCountsDoNotShow) {
  const auto deepseek = ReadModelFile(std::string(kSamples) + "deepseek_v3.json");
  ASSERT_TRUE(deepseek.ok()) << deepseek.status();
  EXPECT_EQ(deepseek->name, "deepseek_v3");
  EXPECT_EQ(deepseek->experts->routing_groups, 4);
  EXPECT_EQ(deepseek->experts->groups_per_token, 2);
  EXPECT_EQ(deepseek->max_positions, 4096);
  const auto mistral = ReadModelFile(std::string(kSamples) + "mistral.json");
  ASSERT_TRUE(mistral.ok()) << mistral.status();
  EXPECT_EQ(mistral->sliding_window, 1024);
  EXPECT_TRUE(mistral->tied_embeddings);
  const auto qwen2 = ReadModelFile(std::string(kSamples) + "qwen2.json");
  ASSERT_TRUE(qwen2.ok()) << qwen2.status();
  EXPECT_EQ(qwen2->sliding_window, 0) << "use_sliding_window is false";
}

std::string Sample(const std::string& name) {
  return *ReadFile(std::string(kSamples) + name + ".json");
}

std::string Replaced(std::string content, const std::string& old_text,
                     const std::string& new_text) {
  const size_t at = content.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return at == std::string::npos ? content : content.replace(at, old_text.size(), new_text);
}

// As Python's json module writes limits of a model's own.
TEST(ParseHfConfig, PythonNumbersThatJsonHasNot) {
  const std::string limits =
      "\"hidden_size\": 512, \"limit\": [-Infinity, Infinity, NaN], \"note\": \"a NaN\",";
  const auto model =
      ParseHfConfig("c.json", Replaced(Sample("llama"), "\"hidden_size\": 512,", limits));
  EXPECT_TRUE(model.ok()) << model.status();
  const auto read = ParseHfConfig(
      "c.json", Replaced(Sample("llama"), "\"hidden_size\": 512,", "\"hidden_size\": Infinity,"));
  EXPECT_THAT(read.status().message(), HasSubstr("hidden_size: is null"));
}

TEST(ParseHfConfig, LlamaWithoutKvHeadsHasOneForEachHead) {
  const auto model = ParseHfConfig(
      "c.json", Replaced(Sample("llama"), "\"num_key_value_heads\": 2", "\"other\": null"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->kv_heads, 8);
}

TEST(ParseHfConfig, NamedAfterItsFolderOrFile) {
  EXPECT_EQ(ParseHfConfig("models/tiny/config.json", Sample("llama"))->name, "tiny");
  EXPECT_EQ(ParseHfConfig("models/tiny.json", Sample("llama"))->name, "tiny");
}

TEST(ParseHfConfig, WindowOfQwenInAllLayersOrNone) {
  const std::string on =
      Replaced(Sample("qwen2"), "\"use_sliding_window\": false", "\"use_sliding_window\": true");
  EXPECT_EQ(ParseHfConfig("c.json", on)->sliding_window, 0) << "from layer 7 of 7 on";
  const std::string all = Replaced(on, "\"max_window_layers\": 7", "\"max_window_layers\": 0");
  EXPECT_EQ(ParseHfConfig("c.json", all)->sliding_window, 2048);
}

struct WrongConfig {
  const char* what;
  const char* sample;
  const char* old_text;
  const char* new_text;
  const char* message;  // after the file's name; @ is the line of old_text
};

class WrongConfigTest : public ::testing::TestWithParam<WrongConfig> {};

TEST_P(WrongConfigTest, IsOneErrorWithLineAndField) {
  const WrongConfig& wrong = GetParam();
  const std::string sample = Sample(wrong.sample);
  const std::string content = Replaced(sample, wrong.old_text, wrong.new_text);
  const auto place = sample.begin() + static_cast<std::ptrdiff_t>(sample.find(wrong.old_text));
  const auto line = std::to_string(1 + std::count(sample.begin(), place, '\n'));
  const auto model = ParseHfConfig("c.json", content);
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(model.status().message()),
              StartsWith("c.json" + absl::StrReplaceAll(wrong.message, {{"@", line}})));
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, WrongConfigTest,
    ::testing::Values(
        WrongConfig{"unknown_type", "llama", "\"llama\"", "\"gpt_oss\"",
                    ":@: model_type: is \"gpt_oss\"; known: llama, mistral, qwen2, qwen3, "
                    "qwen3_moe, mixtral, deepseek_v3"},
        WrongConfig{"no_type", "llama", "\"model_type\"", "\"kind\"", ": model_type: is missing"},
        WrongConfig{"type_is_a_number", "llama", "\"model_type\": \"llama\"", "\"model_type\": 7",
                    ":@: model_type: is the number 7; give a string"},
        WrongConfig{"number_as_string", "llama", "\"hidden_size\": 512", "\"hidden_size\": \"512\"",
                    ":@: hidden_size: is the string \"512\"; give a whole number of at least 1, "
                    "without quotes"},
        WrongConfig{"missing_field", "llama", "\"vocab_size\": 8000", "\"vocabulary\": 8000",
                    ": vocab_size: is missing"},
        WrongConfig{"misspelt_field", "llama", "\"hidden_size\"", "\"hiden_size\"",
                    ": hidden_size: is missing; there is \"hiden_size\""},
        WrongConfig{"null_field", "llama", "\"num_hidden_layers\": 6",
                    "\"num_hidden_layers\": null",
                    ":@: num_hidden_layers: is null; this model_type needs it"},
        WrongConfig{"negative", "llama", "\"num_hidden_layers\": 6", "\"num_hidden_layers\": -6",
                    ":@: num_hidden_layers: is -6; give a whole number of at least 1"},
        WrongConfig{"zero", "llama", "\"num_attention_heads\": 8", "\"num_attention_heads\": 0",
                    ":@: num_attention_heads: is 0; give a whole number of at least 1"},
        WrongConfig{"fraction", "llama", "\"hidden_size\": 512", "\"hidden_size\": 512.5",
                    ":@: hidden_size: is the number 512.5; give a whole number"},
        WrongConfig{"a_list", "llama", "\"hidden_size\": 512", "\"hidden_size\": [512]",
                    ":@: hidden_size: is the array [512]; give a whole number"},
        WrongConfig{"absurd_layers", "llama", "\"num_hidden_layers\": 6",
                    "\"num_hidden_layers\": 60000",
                    ":@: num_hidden_layers: is 60000; give 1 to 10000"},
        WrongConfig{"beyond_64_bits", "llama", "\"hidden_size\": 512",
                    "\"hidden_size\": 99999999999999999999999", ":@: hidden_size: is the number "},
        WrongConfig{"beyond_32_bits", "llama", "\"hidden_size\": 512",
                    "\"hidden_size\": 18446744073709551615",
                    ":@: hidden_size: is 18446744073709551615; give a whole number of at least 1 "
                    "and at most 2147483647"},
        WrongConfig{"flag_as_number", "llama", "\"attention_bias\": true", "\"attention_bias\": 1",
                    ":@: attention_bias: is the number 1; give true or false"},
        WrongConfig{"heads_do_not_divide", "llama", "\"num_attention_heads\": 8",
                    "\"num_attention_heads\": 6",
                    ":@: num_attention_heads: is 6; give a divisor of hidden, which is 512"},
        WrongConfig{"kv_heads_do_not_divide", "llama", "\"num_key_value_heads\": 2",
                    "\"num_key_value_heads\": 3",
                    ":@: num_key_value_heads: is 3; give a divisor of heads, which is 8"},
        WrongConfig{"written_twice", "llama", "\"hidden_size\": 512",
                    "\"hidden_size\": 512, \"hidden_size\": 1024",
                    ":@: hidden_size: is already written on line @; write each field once"},
        WrongConfig{"syntax", "llama", "\"hidden_size\": 512", "\"hidden_size\" 512",
                    ":@: syntax error"},
        WrongConfig{"ends_early", "llama", "\"vocab_size\": 8000\n}\n", "\"vocab_size\": 8000",
                    ":@: syntax error"},
        WrongConfig{"no_kv_heads", "mistral", "\"num_key_value_heads\"", "\"kv\"",
                    ": num_key_value_heads: is missing"},
        WrongConfig{"no_head_dim", "qwen3", "\"head_dim\"", "\"dim\"", ": head_dim: is missing"},
        WrongConfig{"too_many_per_token", "mixtral", "\"num_experts_per_tok\": 2",
                    "\"num_experts_per_tok\": 5", ":@: num_experts_per_tok: is 5; give 1 to 4"},
        WrongConfig{"every_other_layer", "qwen3_moe", "\"decoder_sparse_step\": 1",
                    "\"decoder_sparse_step\": 2", ":@: decoder_sparse_step: is 2; modelled: 1"},
        WrongConfig{"dense_layers_in_the_middle", "qwen3_moe", "\"mlp_only_layers\": [\n    0\n  ]",
                    "\"mlp_only_layers\": [0, 3]",
                    ":@: mlp_only_layers: is [0, 3]; modelled: the first layers"},
        WrongConfig{"all_layers_dense", "deepseek_v3", "\"first_k_dense_replace\": 2",
                    "\"first_k_dense_replace\": 6", ":@: first_k_dense_replace: is 6; give 0 to 5"},
        WrongConfig{"groups_do_not_divide", "deepseek_v3", "\"n_group\": 4", "\"n_group\": 3",
                    ":@: n_group: is 3; give a divisor of experts, which is 16"},
        WrongConfig{"no_shared_experts_written", "deepseek_v3", "\"n_shared_experts\"",
                    "\"shared\"", ": n_shared_experts: is missing"},
        WrongConfig{"latent_with_bias", "deepseek_v3", "\"attention_bias\": false",
                    "\"attention_bias\": true", ":@: attention_bias: is true; modelled: false"}),
    [](const auto& test) { return std::string(test.param.what); });

// MistralConfig of the transformers library: sliding_window=4096 unless the file says otherwise.
TEST(ParseHfConfig, WindowOfMistralUnlessNull) {
  const std::string null =
      Replaced(Sample("mistral"), "\"sliding_window\": 1024", "\"sliding_window\": null");
  EXPECT_EQ(ParseHfConfig("c.json", null)->sliding_window, 0);
  const std::string absent = Replaced(Sample("mistral"), "\"sliding_window\": 1024", "\"w\": 1");
  EXPECT_EQ(ParseHfConfig("c.json", absent)->sliding_window, 4096);
}

TEST(ParseHfConfig, WindowInSomeLayersIsNotModelled) {
  std::string content =
      Replaced(Sample("qwen2"), "\"use_sliding_window\": false", "\"use_sliding_window\": true");
  content = Replaced(content, "\"max_window_layers\": 7", "\"max_window_layers\": 3");
  EXPECT_THAT(ParseHfConfig("c.json", content).status().message(),
              HasSubstr("max_window_layers: is 3; modelled: a sliding window in all layers"));
}

TEST(ParseHfConfig, NotAnObject) {
  EXPECT_THAT(ParseHfConfig("c.json", "[1, 2]").status().message(),
              HasSubstr("c.json:1: is [1,2]; give a JSON object"));
  EXPECT_FALSE(ParseHfConfig("c.json", "").ok());
  const std::string deep(200000, '[');
  EXPECT_FALSE(ParseHfConfig("c.json", deep).ok()) << "no overflow of the stack";
}

// What a file is called does not matter.
TEST(ReadModelFile, TextAndJsonAreToldApartByContent) {
  const auto model = ReadModelFile(WriteTestFile("json.textproto", "\n  " + Sample("mixtral")));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->experts->experts, 4);
  EXPECT_EQ(model->name, "json");
}

}  // namespace
}  // namespace fleetsim
