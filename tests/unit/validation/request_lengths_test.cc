#include "sim/validation/request_lengths.h"

#include <gtest/gtest.h>

#include <numeric>

namespace fleetsim {
namespace {

double MeanOf(const LengthDistribution& lengths) {
  return std::inner_product(lengths.tokens.begin(), lengths.tokens.end(), lengths.weights.begin(),
                            0.0);
}

ServingCase Row(const std::string& notes, const std::string& load = "offline") {
  ServingCase row;
  row.measured.notes = notes;
  row.load = load;
  return row;
}

TEST(RequestLengths, TheDataSetIsFoundByItsName) {
  const RequestLengths* one = LengthsOfRequests(Row("Offline; X; MLPerf OpenOrca, ISL<=1024"));
  const RequestLengths* mix = LengthsOfRequests(Row("Offline; MLPerf OpenOrca+GSM8K+MBXP"));
  ASSERT_NE(one, nullptr);
  ASSERT_NE(mix, nullptr);
  EXPECT_EQ(one->input_tokens, 219);
  EXPECT_EQ(mix->input_tokens, 353);
  EXPECT_NE(LengthsOfRequests(Row("", "trace lmsys_05.jsonl")), nullptr);
  EXPECT_EQ(LengthsOfRequests(Row("fixed lengths")), nullptr);
}

TEST(RequestLengths, ShapesKeepTheMean) {
  for (const char* name : {"MLPerf OpenOrca+GSM8K+MBXP", "MLPerf OpenOrca", "MLPerf CNN/DailyMail",
                           "MLPerf LongBench/RULER/GovReport", "MLPerf math/code/QA", "ShareGPT"}) {
    const RequestLengths* lengths = LengthsOfRequests(Row(name));
    ASSERT_NE(lengths, nullptr) << name;
    EXPECT_NEAR(MeanOf(ShapedLengths(lengths->input, 1000)), 1000, 10) << name;
    EXPECT_NEAR(MeanOf(ShapedLengths(lengths->output, 1000)), 1000, 10) << name;
  }
}

TEST(RequestLengths, AnAnswerHasAToken) {
  const LengthDistribution lengths = ShapedLengths(LengthsOfRequests(Row("ShareGPT"))->output, 4);
  EXPECT_EQ(lengths.tokens.front(), 1);
}

}  // namespace
}  // namespace fleetsim
