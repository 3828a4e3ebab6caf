#include "sim/inference/serving_summary.h"

#include <gmock/gmock.h>

namespace fleetsim {
namespace {

// Of 11 numbers in steps of 0.1 the percentiles lie on the numbers themselves; of two, between.
TEST(Percentile, IsLinearBetweenOrderStatistics) {
  std::vector<double> values;
  for (int i = 0; i <= 10; ++i) values.push_back(0.1 * i);
  EXPECT_DOUBLE_EQ(PercentileOf(values, 0.5).value(), 0.5);
  EXPECT_DOUBLE_EQ(PercentileOf(values, 0.9).value(), 0.9);
  EXPECT_DOUBLE_EQ(PercentileOf({1.0, 3.0}, 0.25).value(), 1.5);
  EXPECT_DOUBLE_EQ(PercentileOf({7.0}, 0.99).value(), 7.0);
}

RequestRow RowOf(double arrival, double first, double end, int output) {
  RequestRow row;
  row.arrival = Seconds(arrival);
  row.first_token = Seconds(first);
  row.end = Seconds(end);
  row.input_tokens = 100;
  row.output_tokens = output;
  return row;
}

// Three requests by hand, the first in the warm-up.
TEST(Summary, CountsWhatArrivesAfterTheWarmUp) {
  ServingRecord record;
  record.requests.Add(RowOf(0, 9, 10, 2));
  record.requests.Add(RowOf(5, 6, 8, 11));    // 1 s, then 0.2 s a token
  record.requests.Add(RowOf(7, 10, 14, 21));  // 3 s, then 0.2 s a token
  record.end = Seconds(14);
  ServingJob job;
  job.traffic.warm_up = Seconds(4);
  job.objectives = {Seconds(2), Seconds(0.3), 0.5};
  const ServingSummary summary = Summarise(record, job, Seconds(0.5));
  EXPECT_EQ(summary.completed, 2);
  EXPECT_DOUBLE_EQ(summary.ttft.mean.value(), 2.5);
  EXPECT_DOUBLE_EQ(summary.tpot.p99.value(), 0.2);
  EXPECT_DOUBLE_EQ(summary.end_to_end.mean.value(), (3.5 + 7.5) / 2);
  EXPECT_EQ(summary.good, 1);
  EXPECT_DOUBLE_EQ(summary.span.value(), 10);
  EXPECT_DOUBLE_EQ(summary.output_tokens, 32);
  EXPECT_DOUBLE_EQ(summary.all_output_tokens, 34);
  EXPECT_FALSE(summary.meets);  // the median of 1.5 and 3.5 s is above 2 s
  job.objectives.ttft = Seconds(2.5);
  EXPECT_TRUE(Summarise(record, job, Seconds(0.5)).meets);
  record.refused = 1;
  EXPECT_FALSE(Summarise(record, job, Seconds(0.5)).meets);
}

}  // namespace
}  // namespace fleetsim
