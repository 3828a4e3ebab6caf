#include "sim/model/flops.h"

#include <gtest/gtest.h>

#include "tests/unit/model/models_for_tests.h"

namespace fleetsim {
namespace {

constexpr AttentionCount kFull = AttentionCount::kFullSquare;
constexpr AttentionCount kCausal = AttentionCount::kCausal;

// Narayanan et al. 2021, section 3.2 and equation 3, for rows of their table 1: per iteration of B
// sequences 96 B s l h^2 (1 + s/(6h) + V/(16 l h)) with full recomputation, and Korthikanti et al.
// 2022, appendix A, 72 B s l h^2 (1 + s/(6h) + V/(12 l h)) without.
TEST(ModelFlops, MegatronFormulas) {
  const double s = 2048;
  const double vocab = 51200;
  for (int row = 0; row < 3; ++row) {
    const int layers[] = {24, 80, 128};
    const int hidden[] = {2304, 12288, 25600};
    const int heads[] = {24, 96, 160};
    const Architecture model = MegatronGpt(layers[row], hidden[row], heads[row]);
    const double l = layers[row];
    const double h = hidden[row];
    const double model_flops = 72 * l * h * h * (1 + s / (6 * h) + vocab / (12 * l * h));
    const double hardware_flops = 96 * l * h * h * (1 + s / (6 * h) + vocab / (16 * l * h));
    EXPECT_NEAR(ModelFlopsPerToken(model, s, kFull).value(), model_flops, 1e-9 * model_flops);
    EXPECT_NEAR(HardwareFlopsPerToken(model, s, kFull, Recompute::kFull).value(), hardware_flops,
                1e-9 * hardware_flops);
  }
}

TEST(ModelFlops, SelectiveRecomputationRepeatsTheCoreOnly) {
  const Architecture model = MegatronGpt(96, 12288, 96);
  // Scores and values once more: 2 products of 2 s h flops a token and layer.
  const double more = HardwareFlopsPerToken(model, 2048, kFull, Recompute::kSelective).value() -
                      ModelFlopsPerToken(model, 2048, kFull).value();
  EXPECT_NEAR(more, 4.0 * 96 * 2048 * 12288, 1e-9 * more);
  EXPECT_EQ(HardwareFlopsPerToken(model, 2048, kFull, Recompute::kNone).value(),
            ModelFlopsPerToken(model, 2048, kFull).value());
}

// Chowdhery et al. 2022, appendix B: N = 540.35e9 parameters and 12 x 118 x 48 x 256 x 2048 of
// attention (PaLM 540B: 118 layers, 48 heads of 256).
TEST(ModelFlops, PalmConvention) {
  const Architecture model = Llama3Of405B();
  EXPECT_DOUBLE_EQ(SixNFlopsPerToken(model).value(), 6 * 405853388800.0);
  EXPECT_DOUBLE_EQ(PalmFlopsPerToken(model, 8192).value(),
                   6 * 405853388800.0 + 12.0 * 126 * 128 * 128 * 8192);
  // It counts the embedding lookup and the norms as work, 0.5 % of this model.
  EXPECT_NEAR(
      ModelFlopsPerToken(model, 8192, kFull).value() / PalmFlopsPerToken(model, 8192).value(), 1.0,
      0.006);
}

// Llama 3 (arXiv 2407.21783, section 3.3.2, table 4): 430 TFLOP/s a GPU on 8,192 GPUs, and section
// 3.2.1: 3.8e25 flops for 15.6e12 tokens.
TEST(ModelFlops, Llama405BWholeRun) {
  const double whole = ModelFlopsPerToken(Llama3Of405B(), 8192, kFull).value() * 15.6e12;
  EXPECT_NEAR(whole, 3.8e25, 0.3e25);
}

// DeepSeek-V3 (arXiv 2412.19437) through the formulas of multi-head latent attention: values from
// tests/reference/model_reference.py, of one sequence of 4,096 tokens.
TEST(ModelFlops, ReferenceScript) {
  const double s = 4096;
  const Architecture deepseek = DeepSeekV3();
  EXPECT_NEAR(ForwardFlopsPerToken(deepseek, s, kFull).Total().value() * s, 398468812111872.0, 1e3);
  EXPECT_NEAR(ForwardFlopsPerToken(deepseek, s, kCausal).Total().value() * s, 355862736535552.0,
              1e3);
  const Architecture mixtral = Mixtral8x7B();
  EXPECT_NEAR(ForwardFlopsPerToken(mixtral, s, kFull).Total().value() * s, 113232517791744.0, 1e3);
  EXPECT_NEAR(ForwardFlopsPerToken(mixtral, s, kCausal).Total().value() * s, 108834471280640.0,
              1e3);
}

TEST(MeanAttendedKeys, HalfOfTheSquareAndWindows) {
  Architecture model = Llama2Of7B();
  EXPECT_EQ(MeanAttendedKeys(model.sliding_window, 4096, kFull), 4096);
  EXPECT_EQ(MeanAttendedKeys(model.sliding_window, 4096, kCausal), 2048);
  model.sliding_window = 1024;
  // 1,024 queries meet 512 on average, the other 3,072 meet 1,024.
  EXPECT_EQ(MeanAttendedKeys(model.sliding_window, 4096, kCausal),
            (1024 * 512 + 3072 * 1024) / 4096.0);
  EXPECT_EQ(MeanAttendedKeys(model.sliding_window, 512, kCausal), 256) << "shorter than the window";
}

TEST(ForwardFlops, MoreOfAnythingIsMoreWork) {
  const Architecture model = Llama2Of7B();
  Architecture wider = model;
  wider.ffn *= 2;
  EXPECT_GT(ForwardFlopsPerToken(wider, 4096, kFull).products,
            ForwardFlopsPerToken(model, 4096, kFull).products);
  EXPECT_EQ(ForwardFlopsPerToken(model, 8192, kFull).attention_core.value(),
            2 * ForwardFlopsPerToken(model, 4096, kFull).attention_core.value());
}

}  // namespace
}  // namespace fleetsim
