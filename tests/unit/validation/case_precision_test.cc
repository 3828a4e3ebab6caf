#include "sim/validation/case_precision.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;

class CasePrecision : public ::testing::Test {
 protected:
  absl::Status Set(const std::string& precision) {
    MeasuredCase measured;
    measured.precision = precision;
    spec_ = TrainingSpec{.stack = &stack_};
    rules_.clear();
    return SetPrecision(measured, spec_, rules_);
  }

  SoftwareStack stack_;
  TrainingSpec spec_;
  std::vector<std::string> rules_;
};

TEST_F(CasePrecision, NamesOfTables) {
  const struct {
    const char* text;
    DataType dtype;
    Scaling scaling;
  } kCases[] = {{"bf16", DataType::kBf16, Scaling::kNone},
                {"fp16", DataType::kFp16, Scaling::kNone},
                {"fp8", DataType::kFp8, Scaling::kBlock},
                {"fp8 (current scaling)", DataType::kFp8, Scaling::kTensor},
                {"fp8 tensorwise", DataType::kFp8, Scaling::kTensor},
                {"fp8 rowwise", DataType::kFp8, Scaling::kRow},
                {"mxfp8", DataType::kFp8, Scaling::kMx},
                {"nvfp4", DataType::kFp4, Scaling::kNv},
                {"nvfp4/fp8 mix", DataType::kFp4, Scaling::kNv},
                {"int8 (quantised training)", DataType::kInt8, Scaling::kRow}};
  stack_.narrow.fp8_scaling = Scaling::kBlock;
  for (const auto& known : kCases) {
    ASSERT_TRUE(Set(known.text).ok()) << known.text;
    EXPECT_EQ(spec_.precision, known.dtype) << known.text;
    EXPECT_EQ(spec_.recipe.scaling, known.scaling) << known.text;
  }
}

TEST_F(CasePrecision, ParametersAreNarrowWithOneScaleATensorWhereTheStackKeepsThemSo) {
  stack_.narrow.fp8_parameters = true;
  ASSERT_TRUE(Set("fp8 rowwise").ok());
  EXPECT_FALSE(*spec_.recipe.narrow_parameters);
  ASSERT_TRUE(Set("fp8").ok());
  EXPECT_TRUE(*spec_.recipe.narrow_parameters);
  ASSERT_TRUE(Set("nvfp4").ok());
  EXPECT_FALSE(*spec_.recipe.narrow_parameters);
  ASSERT_TRUE(Set("bf16").ok());
  EXPECT_FALSE(spec_.recipe.narrow_parameters.has_value());
}

TEST_F(CasePrecision, WhatIsOpenIsSaid) {
  ASSERT_TRUE(Set("fp8 or nvfp4").ok());
  ASSERT_EQ(rules_.size(), 1u);
  EXPECT_THAT(rules_[0], HasSubstr("NVFP4"));
  ASSERT_TRUE(Set("").ok());
  EXPECT_EQ(spec_.precision, DataType::kBf16);
  ASSERT_EQ(rules_.size(), 1u);
  EXPECT_THAT(rules_[0], HasSubstr("not stated"));
}

TEST_F(CasePrecision, OtherFormatsAreRefusedByName) {
  EXPECT_THAT(std::string(Set("fp32").message()), HasSubstr("training in fp32"));
}

}  // namespace
}  // namespace fleetsim
