#include "sim/inputs/model_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sim/model/flops.h"
#include "tests/unit/inputs/test_folder.h"

namespace fleetsim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const char kModelsRoot[] = FLEETSIM_SOURCE_DIR "/workloads/models";

// Printed by tests/reference/model_reference.py, which lists tensors instead of using formulas.
// Flops are forward, of one sequence of 4,096 tokens.
struct ReferenceRow {
  const char* name;
  double parameters, active, prediction, full_square_flops, causal_flops;
};
constexpr ReferenceRow kReference[] = {
    {"llama2-7b", 6738415616, 6738415616, 0, 62921270886400, 58523224375296},
    {"llama2-13b", 13015864320, 13015864320, 0, 119024281190400, 112152333516800},
    {"llama2-70b", 68976648192, 68976648192, 0, 606878878924800, 584888646369280},
    {"llama3-8b", 8030261248, 8030261248, 0, 70274254897152, 65876208386048},
    {"llama3-70b", 70553706496, 70553706496, 0, 613338509737984, 591348277182464},
    {"llama3-405b", 405853388800, 405853388800, 0, 3446041240141824, 3376772007591936},
    {"mistral-7b", 7241732096, 7241732096, 0, 67044439490560, 62646392979456},
    {"gpt3-175b", 174604259328, 174604259328, 0, 1509190942064640, 1469608523464704},
    {"megatron-1.7b", 1652230656, 1652230656, 0, 17201344020480, 15345918148608},
    {"megatron-3.6b", 3562168320, 3562168320, 0, 35304631173120, 32212254720000},
    {"megatron-7.5b", 7467786240, 7467786240, 0, 70987219468288, 66039417143296},
    {"megatron-18.4b", 18449756160, 18449756160, 0, 167503724544000, 159257387335680},
    {"megatron-39.1b", 39096041472, 39096041472, 0, 346483601702912, 333289462169600},
    {"megatron-76.1b", 76050739200, 76050739200, 0, 664001943961600, 643386100940800},
    {"megatron-145.6b", 145622261760, 145622261760, 0, 1258597216419840, 1225611867586560},
    {"megatron-310.1b", 310130540544, 310130540544, 0, 2645699854336000, 2592923296202752},
    {"megatron-530b", 529600819200, 529600819200, 0, 4482227870105600, 4410072419532800},
    {"megatron-1t", 1008038758400, 1008038758400, 0, 8476976952115200, 8367025789337600},
    {"megatron-22b", 22074273792, 22074273792, 0, 200489073377280, 190593468727296},
    {"megatron-175b", 174615846912, 174615846912, 0, 1509285867552768, 1469703448952832},
    {"bloom-176b", 176247271424, 176247271424, 0, 1511055394078720, 1477382850478080},
    {"mpt-7b", 6649286656, 6649286656, 0, 63264868270080, 58866821758976},
    {"mpt-30b", 29957200896, 29957200896, 0, 268493438058496, 256948565966848},
    {"nemotron-4-15b", 15628775424, 15628775424, 0, 128333622804480, 121736553037824},
    {"nemotron-4-340b", 341029195776, 341029195776, 0, 2873745437884416, 2814371809984512},
    {"qwen2.5-7b", 7615616512, 7615616512, 0, 64654290190336, 61287035830272},
    {"qwen2.5-32b", 32763876352, 32763876352, 0, 284004712448000, 273009596170240},
    {"qwen2.5-72b", 72706203648, 72706203648, 0, 629367327686656, 607377095131136},
    {"qwen3-32b", 32762123264, 32762123264, 0, 297193483272192, 279601297227776},
    {"qwen3-30b-a3b", 30532122624, 3353032704, 0, 38111392301056, 31514322534400},
    {"qwen3-235b-a22b", 235093634560, 22190763520, 0, 228359116161024, 202520592908288},
    {"mixtral-8x7b", 46702792704, 12879925248, 0, 113232517791744, 108834471280640},
    {"mixtral-8x22b", 140620634112, 39152031744, 0, 342206888017920, 330662015926272},
    {"deepseek-v3", 671026419200, 37552297472, 11610068224, 398468812111872, 355862736535552},
    {"deepseek-v2", 235741434880, 21375800320, 0, 253272879267840, 212041193226240},
    {"moonlight-16b-a3b", 15960110208, 2914776192, 0, 25766582550528, 23447300210688},
    {"kimi-k2", 1026408232448, 32861500928, 0, 301491134922752, 280531694518272},
    {"gpt-oss-120b", 116789336640, 5710731840, 0, 47286180642816, 44660076576768},
    {"gpt-oss-20b", 20908119360, 4186608960, 0, 33051182628864, 31300446584832},
    {"grok-1", 315684820992, 83756587008, 0, 712509304602624, 699315165069312},
    {"llama4-maverick", 400711848960, 17184691200, 0, 148791088906240, 140544751697920},
    {"qwen3-0.6b", 596049920, 596049920, 0, 8730594770944, 6806449422336},
    {"qwen3-1.7b", 1720574976, 1720574976, 0, 17942225879040, 16018080530432},
    {"qwen3-4b", 4022468096, 4022468096, 0, 42846056873984, 37898254548992},
    {"qwen3-8b", 8190735360, 8190735360, 0, 71893457567744, 66945655242752},
    {"qwen3-14b", 14768307200, 14768307200, 0, 128349728931840, 121477781258240},
    {"qwen3-coder-480b-a35b", 480154875392, 35474765312, 0, 334082957377536, 308519312031744},
    {"phi-4", 14659507200, 14659507200, 0, 129622112993280, 122750165319680},
    {"mistral-large-2", 122610069504, 122610069504, 0, 1073673104523264, 1037389220806656},
    {"gpt-j-6b", 6051061760, 6051061760, 0, 55567213133824, 51718922436608},
    {"falcon-180b", 179522565120, 179522565120, 0, 1542415097790464, 1502557801283584},
    {"minimax-m2.5", 228689336320, 11030124544, 0, 110884244422656, 98102421749760},
    {"glm-4.5-air", 106852251264, 13424129664, 2375059584, 151167816433664, 131788923994112},
    {"llama4-scout", 107769861120, 17172894720, 0, 148694452142080, 140448114933760},
    {"pangu-ultra-moe-718b", 719093767680, 40371494400, 12443343360, 421990737379328,
     379384661803008},
    {"pangu-ultra-135b", 133881311232, 133881311232, 0, 1158793987620864, 1120036202741760},
    {"nemotron-h-56b", 56324350464, 56324350464, 0, 462340344512512, 459591565443072},
    {"nemotron-3-nano-30b-a3b", 31577940288, 3580076352, 0, 28354904326144, 27530270605312},
    {"nemotron-3.5-lightning-30b-a3b", 31577940288, 3580076352, 1335325952, 36610636775424,
     35511125147648},
    {"nemotron-3-super-120b-a12b", 120668707840, 12770237440, 2942325248, 116651311759360,
     115276922224640},
    {"nemotron-3-ultra-550b-a55b", 549308993536, 56058843136, 11215610368, 493182504665088,
     489334213967872},
    {"nemotron-3-nano-4b", 3973556832, 3973556832, 0, 30993004101632, 30305809334272},
    {"mamba2-8b", 8236999680, 8236999680, 0, 60421599920128, 60421599920128},
    {"mamba2-2.7b", 2702599680, 2702599680, 0, 23169402404864, 23169402404864},
    {"qwen3.5-397b-a17b", 396346350336, 17349040896, 6595568128, 155306017423360, 150907970912256},
    {"qwen3.5-122b-a10b", 122111526912, 9771288576, 2523679232, 90376849326080, 86803436535808},
    {"qwen3.5-35b-a3b", 34660610688, 3454988928, 844640768, 32553704620032, 31041876131840},
    {"qwen3.5-27b", 26895998464, 26895998464, 424699392, 232499464634368, 228994771320832},
    {"minimax-text-01", 456089655296, 48403306496, 0, 394941570220032, 392192791150592},
    {"deepseek-v3.2", 671877944064, 38403822336, 11624027648, 401298121818112, 360822350020608},
    {"glm-5", 743911218432, 41784728832, 9952920576, 423137493647360, 385135623012352},
    {"glm-5.2", 743377019904, 41250530304, 9943548672, 410713227001856, 376697086017536},
    {"deepseek-v4-flash", 284332241239, 13799633239, 6609983350, 132038032097280, 123838939529216},
    {"deepseek-v4-pro", 1572997202915, 49779082211, 25840031286, 467771330658304, 441327217016832},
};

TEST(ShippedModels, AgreeWithTheReferenceTensorByTensor) {
  const auto models = ReadModels(kModelsRoot);
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_EQ(models->size(), std::size(kReference)) << "every shipped model has a reference";
  for (const ReferenceRow& row : kReference) {
    ASSERT_TRUE(models->contains(row.name)) << row.name;
    const Architecture& model = models->at(row.name);
    const ModelParameters count = CountParameters(model);
    EXPECT_EQ(count.Total(), row.parameters) << row.name;
    EXPECT_EQ(ActiveParameters(model), row.active) << row.name;
    EXPECT_EQ(count.multi_token_prediction, row.prediction) << row.name;
    const double full =
        4096 * ForwardFlopsPerToken(model, 4096, AttentionCount::kFullSquare).Total().value();
    const double causal =
        4096 * ForwardFlopsPerToken(model, 4096, AttentionCount::kCausal).Total().value();
    EXPECT_NEAR(full, row.full_square_flops, 1e-12 * full) << row.name;
    EXPECT_NEAR(causal, row.causal_flops, 1e-12 * causal) << row.name;
  }
}

// A count as published: 1.6T is two digits. One digit says too little.
bool RoundsTo(double count, double published) {
  for (int digits = 2; digits <= 3; ++digits) {
    const double unit = std::pow(10.0, std::floor(std::log10(published)) + 1 - digits);
    if (std::abs(std::round(published / unit) * unit - published) > 1e-6 * published) continue;
    return std::round(count / unit) == std::round(published / unit);
  }
  return false;
}

TEST(ShippedModels, AgreeWithThePublishedCountsAndNameTheirSource) {
  const auto models = ReadModels(kModelsRoot);
  ASSERT_TRUE(models.ok()) << models.status();
  for (const auto& [name, model] : *models) {
    ASSERT_TRUE(model.published_parameters.has_value()) << name;
    const double total = CountParameters(model).Total();
    EXPECT_TRUE(std::abs(total / *model.published_parameters - 1) < 0.01 ||
                RoundsTo(total, *model.published_parameters))
        << name << ": " << total;
    EXPECT_FALSE(model.source.empty()) << name;
    if (model.published_active_parameters) {
      // Published to two digits: 37B, 22B, 39B.
      EXPECT_NEAR(ActiveParameters(model) / *model.published_active_parameters, 1, 0.02) << name;
    }
  }
}

// Some publishers count what a token passes without embedding table and loss head.
TEST(ShippedModels, ActiveParametersWithoutEnds) {
  const struct {
    const char* name;
    double published;  // as the source of the entry says
  } kRows[] = {{"glm-5", 40e9},
               {"deepseek-v3.2", 37e9},
               {"deepseek-v4-flash", 13e9},
               {"minimax-text-01", 45.9e9}};
  const auto models = ReadModels(kModelsRoot);
  ASSERT_TRUE(models.ok()) << models.status();
  for (const auto& row : kRows) {
    const Architecture& model = models->at(row.name);
    const ModelParameters count = CountParameters(model);
    EXPECT_NEAR((ActiveParameters(model) - count.embedding - count.head) / row.published, 1, 0.021)
        << row.name;
  }
}

// Names that say how much is active: 397B-A17B, 122B-A10B.
TEST(ShippedModels, ActiveParametersInNames) {
  const auto models = ReadModels(kModelsRoot);
  ASSERT_TRUE(models.ok()) << models.status();
  EXPECT_EQ(std::round(ActiveParameters(models->at("qwen3.5-397b-a17b")) / 1e9), 17);
  EXPECT_EQ(std::round(ActiveParameters(models->at("qwen3.5-122b-a10b")) / 1e9), 10);
  EXPECT_EQ(std::round(ActiveParameters(models->at("qwen3.5-35b-a3b")) / 1e9), 3);
}

TEST(FindModel, ByNameAliasAndPath) {
  const auto by_name = FindModel("llama3-405b", kModelsRoot);
  ASSERT_TRUE(by_name.ok()) << by_name.status();
  EXPECT_EQ(by_name->layers, 126);
  EXPECT_EQ(by_name->kv_heads, 8);
  EXPECT_EQ(by_name->head_dim, 128);
  const auto by_alias = FindModel("LLAMA-3.1-405b", kModelsRoot);
  ASSERT_TRUE(by_alias.ok()) << by_alias.status();
  EXPECT_EQ(by_alias->name, "llama3-405b");
  const auto by_path = FindModel(std::string(kModelsRoot) + "/mixtral-8x7b.textproto", kModelsRoot);
  ASSERT_TRUE(by_path.ok()) << by_path.status();
  EXPECT_EQ(by_path->experts->experts, 8);
}

TEST(FindModel, UnknownNameSuggestsNearOnes) {
  const auto found = FindModel("llama3-450b", kModelsRoot);
  EXPECT_EQ(found.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(found.status().message(), AllOf(HasSubstr("llama3-450b"), HasSubstr("llama3-405b")));
}

TEST(ReadModels, MissingFolderIsAnError) {
  EXPECT_THAT(ReadModels("/no/such/folder").status().message(), HasSubstr("/no/such/folder"));
}

const char kSmall[] =
    "name: \"small\"\n"    // line 1
    "layers: 4\n"          // line 2
    "hidden: 512\n"        // line 3
    "heads: 8\n"           // line 4
    "kv_heads: 2\n"        // line 5
    "ffn: 2048\n"          // line 6
    "vocab: 1000\n"        // line 7
    "positions: ROTARY\n"  // line 8
    "norm: RMS_NORM\n";    // line 9

TEST(ReadModelFile, FillsWhatIsLeftOut) {
  const auto model = ReadModelFile(WriteTestFile("small.textproto", kSmall));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->head_dim, 64);
  const auto experts = ReadModelFile(WriteTestFile(
      "experts.textproto",
      std::string(kSmall) +
          "moe { experts: 16 experts_per_token: 2 expert_ffn: 128 shared_experts: 1 }\n"));
  ASSERT_TRUE(experts.ok()) << experts.status();
  EXPECT_EQ(experts->experts->shared_ffn, 128);
}

struct WrongModel {
  const char* what;
  const char* old_text;  // replaced in kSmall; empty: new_text is appended (line 10)
  const char* new_text;
  const char* message;  // after the file's name
};

class WrongModelTest : public ::testing::TestWithParam<WrongModel> {};

TEST_P(WrongModelTest, IsOneErrorWithLineAndField) {
  const WrongModel& wrong = GetParam();
  std::string content = kSmall;
  if (*wrong.old_text == '\0') {
    content += wrong.new_text;
  } else {
    const size_t at = content.find(wrong.old_text);
    ASSERT_NE(at, std::string::npos);
    content.replace(at, std::string(wrong.old_text).size(), wrong.new_text);
  }
  const auto model = ReadModelFile(WriteTestFile("wrong.textproto", content));
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(model.status().message(), HasSubstr(std::string("wrong.textproto") + wrong.message));
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, WrongModelTest,
    ::testing::Values(
        WrongModel{"no_layers", "layers: 4\n", "\n", ": layers: is 0; give 1 to 10000"},
        WrongModel{"negative_hidden", "hidden: 512", "hidden: -512", ":3: hidden: is -512; give 1"},
        WrongModel{"absurd_layers", "layers: 4", "layers: 40000", ":2: layers: is 40000; give 1"},
        WrongModel{"heads_do_not_divide", "heads: 8", "heads: 7",
                   ":4: heads: is 7; give a divisor of hidden, which is 512"},
        WrongModel{"kv_heads_do_not_divide", "kv_heads: 2", "kv_heads: 3",
                   ":5: kv_heads: is 3; give a divisor of heads, which is 8"},
        WrongModel{"more_kv_heads", "kv_heads: 2", "kv_heads: 16",
                   ":5: kv_heads: is 16; give 1 to 8"},
        WrongModel{"zero_kv_heads", "kv_heads: 2", "kv_heads: 0", ":5: kv_heads: is 0; give 1"},
        WrongModel{"zero_head_dim", "", "head_dim: 0", ":10: head_dim: is 0; give 1"},
        WrongModel{"no_ffn", "ffn: 2048\n", "\n", ": ffn: is 0; give 1 to"},
        WrongModel{"zero_vocab", "vocab: 1000", "vocab: 0", ":7: vocab: is 0; give 1"},
        WrongModel{"no_positions", "positions: ROTARY", "",
                   ": positions: is missing; give LEARNED"},
        WrongModel{"no_norm", "norm: RMS_NORM", "", ": norm: is missing; give LAYER_NORM"},
        WrongModel{"learned_without_table", "ROTARY", "LEARNED",
                   ": max_positions: is missing; learned positions"},
        WrongModel{"zero_window", "", "sliding_window: 0", ":10: sliding_window: is 0; give 1"},
        WrongModel{"too_many_per_token", "",
                   "moe { experts: 8 experts_per_token: 9 expert_ffn: 64 }",
                   ":10: moe.experts_per_token: is 9; give 1 to 8"},
        WrongModel{"no_expert_ffn", "", "moe { experts: 8 experts_per_token: 2 }",
                   ":10: moe.expert_ffn: is 0; give 1"},
        WrongModel{"all_layers_dense", "",
                   "moe { experts: 8 experts_per_token: 2 expert_ffn: 64 dense_layers: 4 }",
                   ":10: moe.dense_layers: is 4; give 0 to 3"},
        WrongModel{"groups_do_not_divide", "",
                   "moe { experts: 8 experts_per_token: 2 expert_ffn: 64 routing_groups: 3 "
                   "groups_per_token: 1 }",
                   ":10: moe.routing_groups: is 3; give a divisor of experts, which is 8"},
        WrongModel{"experts_with_bias", "",
                   "ffn_bias: true moe { experts: 8 experts_per_token: 2 expert_ffn: 64 }",
                   ":10: ffn_bias: is true beside experts"},
        WrongModel{"no_latent_rank", "", "mla { qk_nope_head_dim: 64 v_head_dim: 64 }",
                   ":10: mla.kv_lora_rank: is 0; give 1"},
        WrongModel{"latent_with_head_dim", "",
                   "head_dim: 64 mla { kv_lora_rank: 64 qk_nope_head_dim: 64 v_head_dim: 64 }",
                   ":10: mla: is given beside head_dim"},
        WrongModel{"published_count_of_another", "", "published_parameters: 7e9",
                   ":10: published_parameters: is 7e+09; the shape comes to"},
        WrongModel{"unknown_field", "", "layer: 3", ":10"},
        WrongModel{"text_for_a_number", "layers: 4", "layers: \"4\"", ":2"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(ReadModels, NamesBelongToOneFile) {
  const std::string folder = TestFolder();
  std::ofstream(folder + "/a.textproto") << "name: \"a\" alias: \"Both\"\n" << (kSmall + 14);
  std::ofstream(folder + "/b.textproto") << "name: \"b\" alias: \"both\"\n" << (kSmall + 14);
  EXPECT_THAT(ReadModels(folder).status().message(),
              AllOf(HasSubstr("b.textproto: alias: \"both\" is already a name in"),
                    HasSubstr("a.textproto")));
  std::ofstream(folder + "/b.textproto") << "name: \"c\"\n" << (kSmall + 14);
  EXPECT_THAT(ReadModels(folder).status().message(),
              HasSubstr("b.textproto: name: is \"c\"; give the file's name, \"b\""));
}

}  // namespace
}  // namespace fleetsim
