// The loop against queueing theory.
#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/serving/serving_fixture.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

double Wait_s(const RequestRow& row) { return (row.scheduled - row.arrival).value(); }
double Sojourn_s(const RequestRow& row) { return (row.end - row.arrival).value(); }

// One request at a time, 10 ms each: Pollaczek-Khinchine, W = rho D / (2 (1 - rho)).
TEST(Queueing, MeanWaitOfOneServerWithEqualServiceTimes) {
  LinearStep model;
  model.prompt_token_s = 1e-4;
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.max_sequences = 1;
  std::mt19937_64 random(7);
  const double rho = 0.7, service_s = 0.01;
  const auto record = ServeList(
      deployment, PoissonRequests(400'000, rho / service_s, 100, random, [](auto&) { return 1; }));
  // Waits in a queue are correlated over about 1 / (1 - rho)^2 = 11 services: an effective sample
  // of some 36,000 with a standard deviation of about the mean gives 0.6 %; three of those.
  const double expected_s = rho * service_s / (2.0 * (1.0 - rho));
  EXPECT_THAT(Mean(record, Wait_s), DoubleNear(expected_s, 0.02 * expected_s));
}

// Exponential numbers of tokens at 0.1 ms a step whatever the batch: k places are k servers with
// one queue. Erlang's C: W = C(k, a) / (k mu - lambda).
double ErlangWait_s(int servers, double load, double service_s) {
  double sum = 0.0, term = 1.0;
  for (int n = 0; n < servers; ++n) {
    sum += term;
    term *= load / (n + 1);
  }
  const double queued = term * servers / (servers - load);
  return queued / (sum + queued) * service_s / (servers - load);
}

// 100,000 waits with a standard deviation of twice their mean, correlated over 1 / (1 - rho)^2 = 16
// services: a standard error of 2.5 %, three of which are allowed. Numbers of steps are geometric
// with a mean of 50, whose coefficient of variation is 0.98 of an exponential's.
TEST(Queueing, PlacesInABatchAreServersWithOneQueue) {
  LinearStep model;
  model.fixed_s = 1e-3;
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.max_sequences = 4;
  std::mt19937_64 random(11);
  const auto geometric = [](std::mt19937_64& from) {
    return 1 + std::geometric_distribution<int>(1.0 / 50.0)(from);
  };
  const double service_s = 50 * model.fixed_s, load = 3.0;
  const auto record =
      ServeList(deployment, PoissonRequests(100'000, load / service_s, 1, random, geometric));
  const double expected_s = ErlangWait_s(4, load, service_s);
  // A request also waits for the end of the step under way, half a step on average.
  EXPECT_THAT(Mean(record, Wait_s) - model.fixed_s / 2, DoubleNear(expected_s, 0.075 * expected_s));
}

// Prompts of exponential length, one step each; 400,000 of them, hence half the error above.
TEST(Queueing, InstancesBehindAFullRouterAreServersWithOneQueue) {
  LinearStep model;
  model.prompt_token_s = 1e-5;
  Deployment deployment{.pools = {MakePool(model, 4)}};
  deployment.router.instance_limit = 1;
  deployment.pools[0].engine.token_budget = 1'000'000;
  std::mt19937_64 random(13);
  const double service_s = 5'000 * model.prompt_token_s, load = 3.0;
  auto requests = PoissonRequests(400'000, load / service_s, 1, random, [](auto&) { return 1; });
  std::exponential_distribution<double> tokens(1.0 / 5'000);
  for (Request& request : requests) request.input_tokens = 1 + static_cast<int>(tokens(random));
  const auto record = ServeList(deployment, requests, {.hosts_per_leaf = 4});
  const double expected_s = ErlangWait_s(4, load, service_s);
  EXPECT_THAT(Mean(record, Wait_s), DoubleNear(expected_s, 0.0375 * expected_s));
}

// L = lambda W, where L is the time average that the instances' histories hold.
TEST(Queueing, LittlesLaw) {
  LinearStep model;
  model.fixed_s = 1e-3;
  model.prompt_token_s = 1e-5;
  model.decode_s = 1e-5;
  Deployment deployment{.pools = {MakePool(model, 3)}};
  std::mt19937_64 random(17);
  const auto record =
      ServeList(deployment,
                PoissonRequests(5'000, 100.0, 200, random,
                                [](auto& r) { return 1 + static_cast<int>(r() % 100); }),
                {.hosts_per_leaf = 3});
  double held = 0.0;
  for (const InstanceRecord& instance : record.instances) {
    held += instance.history.Integral().requests;
    EXPECT_LE(instance.history.size(), OccupancyHistory::kIntervals);
  }
  const double sojourns_s = Mean(record, Sojourn_s) * 5'000;
  EXPECT_THAT(held, DoubleNear(sojourns_s, 1e-6 * sojourns_s));
}

// Above capacity the queue grows at lambda - mu: the n-th request waits n (1/mu - 1/lambda).
TEST(Queueing, OverloadDiverges) {
  LinearStep model;
  model.prompt_token_s = 1e-4;
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.max_sequences = 1;
  std::vector<Request> requests;
  const double lambda = 125.0, mu = 100.0;
  for (int i = 0; i < 10'000; ++i) requests.push_back(MakeRequest(i, i / lambda, 100, 1));
  const auto record = ServeList(deployment, requests);
  for (const int n : {1'000, 5'000, 9'999}) {
    EXPECT_THAT(Wait_s(record.requests.Row(n)), DoubleNear(n * (1 / mu - 1 / lambda), 1e-6));
  }
}

// A closed loop of N clients without think time keeps N requests in the system.
TEST(Queueing, ClosedLoopHoldsItsConcurrency) {
  LinearStep model;
  model.fixed_s = 0.01;
  Deployment deployment{.pools = {MakePool(model)}};
  std::vector<Request> requests;
  for (int i = 0; i < 800; ++i) requests.push_back(MakeRequest(i, 0.0, 10, 50));
  ListStream stream(requests);
  ClosedLoop source(stream, 8);
  const auto record = ServeFrom(deployment, source);
  // Each request takes 50 steps of 10 ms; 100 rounds of 8.
  EXPECT_THAT(record.end.value(), DoubleNear(100 * 50 * 0.01, 1e-6));
  EXPECT_THAT(record.instances[0].history.Integral().requests, DoubleNear(8 * 50.0, 1e-5));
}

}  // namespace
}  // namespace fleetsim
