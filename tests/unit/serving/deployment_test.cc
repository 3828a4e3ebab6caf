// Several instances: prefill and decode apart, deaths, autoscaling, sessions.
#include <algorithm>
#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/serving/serving_fixture.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

constexpr double kTolerance_s = 1e-8;

std::map<std::int64_t, RequestRow> ById(const ServingRecord& record) {
  std::map<std::int64_t, RequestRow> rows;
  for (std::int64_t i = 0; i < record.requests.size(); ++i) {
    rows[record.requests.Row(i).id] = record.requests.Row(i);
  }
  return rows;
}

LinearStep TenthSecondSteps() {
  LinearStep model;
  model.fixed_s = 0.1;
  return model;
}

// Prefill instances on the first hosts, decode instances on the following ones.
Deployment Split(const StepModel& model, int prefill, int decode) {
  Deployment deployment{.pools = {MakePool(model, prefill), MakePool(model, decode, prefill)}};
  deployment.pools[0].role = PoolRole::kPrefill;
  deployment.pools[1].role = PoolRole::kDecode;
  return deployment;
}

// 10,000 tokens of 100 kB from one NIC of 50 GB/s to another, two links of 1 us.
constexpr double kTransfer_s = 1e9 / 50e9, kLatency_s = 2e-6;

TEST(SplitPools, TransferTakesBytesOverBandwidth) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment = Split(model, 1, 1);
  deployment.pools[0].engine.token_budget = 10'000;
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 10'000, 3)});
  const RequestRow row = record.requests.Row(0);
  // Its first token is handed out by the decode instance.
  EXPECT_THAT(row.first_token.value(), DoubleNear(0.1 + kTransfer_s + kLatency_s, kTolerance_s));
  EXPECT_THAT(row.end.value(), DoubleNear(0.1 + kTransfer_s + kLatency_s + 0.2, kTolerance_s));
  EXPECT_EQ(record.transfers, 1);
  EXPECT_DOUBLE_EQ(record.transferred.value(), 1e9);
}

// Two prefill instances send at once to one decode instance: its NIC is shared.
TEST(SplitPools, TransfersShareALink) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment = Split(model, 2, 1);
  deployment.pools[0].engine.token_budget = 10'000;
  const auto record =
      ServeList(deployment, {MakeRequest(0, 0.0, 10'000, 2), MakeRequest(1, 0.0, 10'000, 2)},
                {.hosts_per_leaf = 3});
  for (const auto& [id, row] : ById(record)) {
    EXPECT_THAT(row.first_token.value(), DoubleNear(0.1 + 2 * kTransfer_s + kLatency_s, 1e-7));
    EXPECT_THAT(row.end.value(), DoubleNear(0.1 + 2 * kTransfer_s + kLatency_s + 0.1, 1e-7));
  }
}

TEST(SplitPools, RateLimitOfATransfer) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment = Split(model, 1, 1);
  deployment.pools[0].engine.token_budget = 10'000;
  deployment.pools[1].transfer_bandwidth = BytesPerSecond(10e9);
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 10'000, 2)});
  EXPECT_THAT(record.end.value(), DoubleNear(0.1 + 1e9 / 10e9 + kLatency_s + 0.1, kTolerance_s));
}

// The decode instance has room for one: the second cache waits where it was computed.
TEST(SplitPools, CachesWaitForRoom) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment = Split(model, 1, 1);
  deployment.pools[0].engine.token_budget = 20'000;
  deployment.pools[1].engine.max_sequences = 1;
  auto rows =
      ById(ServeList(deployment, {MakeRequest(0, 0.0, 10'000, 3), MakeRequest(1, 0.0, 10'000, 3)}));
  const double first_end_s = 0.1 + kTransfer_s + kLatency_s + 0.2;
  EXPECT_THAT(rows[0].end.value(), DoubleNear(first_end_s, kTolerance_s));
  const double second_s = first_end_s + kTransfer_s + kLatency_s;
  EXPECT_THAT(rows[1].first_token.value(), DoubleNear(second_s, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(second_s + 0.2, kTolerance_s));
}

// One token is the prefill's own: nothing is sent.
TEST(SplitPools, OneTokenEndsWithItsPrompt) {
  const LinearStep model = TenthSecondSteps();
  const auto record = ServeList(Split(model, 1, 1), {MakeRequest(0, 0.0, 100, 1)});
  EXPECT_EQ(record.transfers, 0);
  EXPECT_THAT(record.end.value(), DoubleNear(0.1, kTolerance_s));
}

// Of a request with further tokens the first one waits for the cache; of others it does not.
TEST(SplitPools, FirstTokensComeFromWhoeverDecodes) {
  const LinearStep model = TenthSecondSteps();
  const std::vector<Request> requests = {MakeRequest(0, 0.0, 100, 1), MakeRequest(1, 5.0, 100, 4)};
  auto rows = ById(ServeList(Split(model, 1, 1), requests));
  EXPECT_THAT((rows[0].first_token - rows[0].arrival).value(), DoubleNear(0.1, kTolerance_s));
  EXPECT_THAT((rows[1].first_token - rows[1].arrival).value(),
              DoubleNear(0.1 + kTransfer_s / 100 + kLatency_s, kTolerance_s));
}

// Requests of random sizes, faster than they are served.
std::vector<Request> Burst(int count) {
  std::mt19937_64 random(29);
  std::vector<Request> requests;
  for (int i = 0; i < count; ++i) {
    requests.push_back(MakeRequest(i, i * 0.01, 1 + static_cast<int>(random() % 2000),
                                   1 + static_cast<int>(random() % 40)));
  }
  return requests;
}

void ExpectEachOnce(const ServingRecord& record, const std::vector<Request>& requests) {
  const auto rows = ById(record);
  EXPECT_EQ(record.requests.size(), static_cast<std::int64_t>(requests.size()));
  EXPECT_EQ(rows.size(), requests.size());
  std::int64_t inputs = 0, outputs = 0, fresh = 0, produced = 0, ended = 0;
  for (const Request& request : requests) {
    inputs += request.input_tokens;
    outputs += request.output_tokens;
  }
  for (const InstanceRecord& instance : record.instances) {
    fresh += instance.prefill.tokens - instance.recomputed_tokens;
    produced += instance.decode.tokens;
    ended += instance.requests;
  }
  EXPECT_EQ(fresh, inputs);
  EXPECT_GE(produced, outputs);  // what died with an instance was produced for nothing
  EXPECT_EQ(ended, record.requests.size());
  for (const auto& [id, row] : rows) EXPECT_LE(row.first_token, row.end);
}

TEST(Outages, LoseNothing) {
  LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model, 3)}};
  deployment.pools[0].engine.max_sequences = 16;
  deployment.outages = {{1, Seconds(2.05), Seconds(5.0)}, {0, Seconds(3.05), Seconds(1.0)}};
  const auto requests = Burst(1'000);
  const auto record = ServeList(deployment, requests);
  ExpectEachOnce(record, requests);
  EXPECT_GT(record.retries, 0);
  EXPECT_EQ(record.instances[0].deaths, 1);
  EXPECT_EQ(record.instances[1].deaths, 1);
  // It is back: it ends requests that arrived after its repair.
  const auto rows = ById(record);
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return row.second.instance == 1 && row.second.scheduled > Seconds(7.05);
  }));
}

// Each kind of instance dies while caches are on their way and while some wait.
class SplitOutages : public testing::TestWithParam<int> {};

TEST_P(SplitOutages, LoseNothing) {
  LinearStep model;
  model.fixed_s = 0.02;
  model.prompt_token_s = 1e-5;
  Deployment deployment = Split(model, 2, 2);
  deployment.pools[0].engine.blocks = 1'000;
  deployment.pools[1].engine.blocks = 600;
  deployment.pools[1].engine.max_sequences = 12;
  deployment.pools[1].transfer_bandwidth = BytesPerSecond(1e9);
  for (int i = 0; i < 8; ++i) {
    deployment.outages.push_back({GetParam(), Seconds(0.5 + 0.97 * i), Seconds(0.3)});
  }
  const auto requests = Burst(600);
  const auto record = ServeList(deployment, requests, {.hosts_per_leaf = 4});
  ExpectEachOnce(record, requests);
  EXPECT_GT(record.retries, 0);
  EXPECT_GT(record.instances[GetParam()].deaths, 4);
}

INSTANTIATE_TEST_SUITE_P(Instances, SplitOutages, testing::Values(0, 1, 2, 3));

// Nobody is left to serve: the run says so instead of ending early.
TEST(Outages, WithoutRepairAreReported) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.outages = {{0, Seconds(0.55), kNever}};
  SmallFleet small;
  auto network = Network::Load(small.fleet());
  ListStream stream({MakeRequest(0, 0.0, 10, 20)});
  OpenLoop source(stream);
  const auto record = Serve(**network, deployment, source);
  EXPECT_EQ(record.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(record.status().message()), testing::HasSubstr("1 requests are left"));
}

// A burst of 40 at 10 each: three more instances are started at the first decision and serve after
// their start-up.
TEST(Autoscaling, FollowsTheLoad) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model, 8)}};
  Pool& pool = deployment.pools[0];
  pool.engine.max_sequences = 4;
  pool.autoscaling = {
      .min_instances = 1, .target_requests = 10, .interval = Seconds(1.0), .startup = Seconds(3.0)};
  deployment.router.instance_limit = 8;
  std::vector<Request> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(MakeRequest(i, 0.5, 10, 100));
  const auto record = ServeList(deployment, requests);
  EXPECT_EQ(record.requests.size(), 40);
  int used = 0;
  for (const auto& [id, row] : ById(record)) {
    EXPECT_TRUE(row.instance == 0 || row.scheduled >= Seconds(4.0)) << id;
  }
  for (const InstanceRecord& instance : record.instances) used += instance.steps > 0;
  EXPECT_EQ(used, 4);
  for (int i = 4; i < 8; ++i) EXPECT_EQ(record.instances[i].on.value(), 0.0);
}

// A second burst after a long pause: instances have gone off between the two.
TEST(Autoscaling, GoesDownAgain) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model, 4)}};
  Pool& pool = deployment.pools[0];
  pool.autoscaling = {
      .min_instances = 1, .target_requests = 4, .interval = Seconds(1.0), .startup = Seconds(2.0)};
  std::vector<Request> requests;
  for (int i = 0; i < 16; ++i) requests.push_back(MakeRequest(i, 0.5, 10, 100));
  requests.push_back(MakeRequest(16, 100.0, 10, 10));
  const auto record = ServeList(deployment, requests);
  EXPECT_THAT(record.end.value(), DoubleNear(101.0, kTolerance_s));
  double on_s = 0.0;
  for (const InstanceRecord& instance : record.instances) on_s += instance.on.value();
  // All four from about 1 s to about 11 s, one of them all the time.
  EXPECT_LT(on_s, 101.0 + 3 * 15.0);
  EXPECT_GT(on_s, 101.0 + 3 * 5.0);
}

// The second turn comes 2 s after the first one's end, whatever date the trace has.
TEST(Sessions, AChildWaitsForItsParent) {
  const LinearStep model = TenthSecondSteps();
  std::vector<Request> requests = {MakeRequest(0, 0.0, 10, 10), MakeRequest(1, 0.2, 10, 10),
                                   MakeRequest(2, 0.3, 10, 1), MakeRequest(3, 9.0, 10, 1)};
  requests[1].parent = 0;
  requests[1].after_parent = Seconds(2.0);
  requests[3].parent = 1;
  const Deployment deployment{.pools = {MakePool(model)}};
  auto rows = ById(ServeList(deployment, requests));
  EXPECT_THAT(rows[0].end.value(), DoubleNear(1.0, kTolerance_s));
  EXPECT_THAT(rows[1].arrival.value(), DoubleNear(3.0, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(4.0, kTolerance_s));
  EXPECT_THAT(rows[2].arrival.value(), DoubleNear(0.3, kTolerance_s));
  EXPECT_THAT(rows[3].arrival.value(), DoubleNear(9.0, kTolerance_s));
}

// Requests of one length over k equal instances: each gets its share.
class Routes : public testing::TestWithParam<RoutePolicy> {};

TEST_P(Routes, ShareEqualRequestsEvenly) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model, 4)}};
  deployment.router.policy = GetParam();
  std::vector<Request> requests;
  for (int i = 0; i < 80; ++i) requests.push_back(MakeRequest(i, 0.0, 100, 10));
  for (const InstanceRecord& instance : ServeList(deployment, requests).instances) {
    EXPECT_EQ(instance.requests, 20);
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, Routes,
                         testing::Values(RoutePolicy::kRoundRobin, RoutePolicy::kFewestRequests,
                                         RoutePolicy::kFewestTokens, RoutePolicy::kPrefixAware));

// Runs follow each other on one network, each from its own beginning.
TEST(Runs, RepeatThemselves) {
  LinearStep model;
  // No step ends when a request arrives: rounding would decide who is first.
  model.fixed_s = 0.0973;
  model.prompt_token_s = 1.37e-6;
  Deployment deployment = Split(model, 2, 2);
  deployment.outages = {{2, Seconds(0.75), Seconds(0.5)}};
  SmallFleet small({.hosts_per_leaf = 4});
  auto network = Network::Load(small.fleet());
  std::vector<ServingRecord> records;
  for (int run = 0; run < 2; ++run) {
    ListStream stream(Burst(200));
    OpenLoop source(stream);
    auto record = Serve(**network, deployment, source);
    ASSERT_TRUE(record.ok()) << record.status();
    records.push_back(*std::move(record));
  }
  EXPECT_GT(records[0].retries, 0);
  EXPECT_EQ(records[0].retries, records[1].retries);
  auto first = ById(records[0]), second = ById(records[1]);
  for (const auto& [id, row] : first) {
    EXPECT_THAT(row.first_token.value(), DoubleNear(second[id].first_token.value(), 1e-6));
    EXPECT_THAT(row.end.value(), DoubleNear(second[id].end.value(), 1e-6));
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(records[0].instances[i].on.value(),
                DoubleNear(records[1].instances[i].on.value(), 1e-6));
  }
}

TEST(CheckDeployment, SaysWhatIsWrong) {
  const LinearStep model = TenthSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  EXPECT_TRUE(CheckDeployment(deployment).ok());
  deployment.pools[0].role = PoolRole::kPrefill;
  EXPECT_THAT(std::string(CheckDeployment(deployment).message()),
              testing::HasSubstr("1 prefill and 0 decode pools"));
  deployment.pools[0].role = PoolRole::kBoth;
  deployment.pools[0].engine.blocks = 0;
  EXPECT_THAT(std::string(CheckDeployment(deployment).message()),
              testing::HasSubstr("blocks is 0; it is above 0"));
  deployment.pools[0].engine.blocks = 1;
  deployment.outages = {{1, Seconds(1.0), Seconds(1.0)}};
  EXPECT_THAT(std::string(CheckDeployment(deployment).message()),
              testing::HasSubstr("outage of instance 1; there are 1"));
}

}  // namespace
}  // namespace fleetsim
