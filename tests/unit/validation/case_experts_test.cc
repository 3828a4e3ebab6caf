#include "sim/validation/case_experts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

MeasuredCase OfAscend(const std::string& notes) {
  MeasuredCase measured;
  measured.family = "ascend-ci";
  measured.experts = 160;
  measured.experts_per_token = 6;
  measured.notes = notes;
  return measured;
}

TEST(CaseExperts, NotesDescribeThem) {
  Architecture model;
  model.ffn = 12288;
  const absl::Status status =
      SetExperts(OfAscend("expert ffn 1536; 2 shared experts; first 1 layers dense; MLA"), model);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(model.ffn, 12288);  // of the dense layer
  EXPECT_EQ(model.experts->experts, 160);
  EXPECT_EQ(model.experts->per_token, 6);
  EXPECT_EQ(model.experts->ffn, 1536);
  EXPECT_EQ(model.experts->shared, 2);
  EXPECT_EQ(model.experts->shared_ffn, 1536);
  EXPECT_EQ(model.experts->dense_layers, 1);
  ASSERT_TRUE(model.latent.has_value());
  EXPECT_EQ(model.latent->kv_lora_rank, 512);
}

TEST(CaseExperts, WithoutNotesEveryLayerHasThem) {
  Architecture model;
  model.ffn = 14336;
  ASSERT_TRUE(SetExperts(OfAscend("pretrain"), model).ok());
  EXPECT_EQ(model.ffn, 0);
  EXPECT_EQ(model.experts->ffn, 14336);
  EXPECT_EQ(model.experts->shared, 0);
  EXPECT_FALSE(model.latent.has_value());
}

TEST(CaseExperts, OtherSourcesLeaveThingsOut) {
  Architecture model;
  MeasuredCase measured = OfAscend("");
  measured.family = "nvidia-bridge";
  EXPECT_EQ(SetExperts(measured, model).code(), absl::StatusCode::kUnimplemented);
  measured = OfAscend("");
  measured.experts_per_token.reset();
  EXPECT_EQ(SetExperts(measured, model).code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace fleetsim
