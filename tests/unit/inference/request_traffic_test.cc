#include "sim/inference/request_traffic.h"

#include <gmock/gmock.h>

#include <cmath>
#include <vector>

namespace fleetsim {
namespace {

LengthDistribution Always(double tokens) { return ListedLengths({tokens}, {1.0}); }

TrafficRequest Base() {
  TrafficRequest traffic;
  traffic.input = Always(100);
  traffic.output = Always(10);
  return traffic;
}

std::vector<Request> Take(const TrafficRequest& traffic) {
  auto opened = RequestTraffic::Open(traffic, Seconds());
  EXPECT_TRUE(opened.ok()) << opened.status();
  std::vector<Request> requests;
  Seconds now;
  while (opened->source().NextArrival() < kNever) {
    now = Max(now, opened->source().NextArrival());
    requests.emplace_back();
    opened->source().Take(&requests.back());
    opened->source().OnEnd(requests.back().id, now + Seconds(1));  // each takes a second
  }
  return requests;
}

TEST(RequestTraffic, ArrivalsEndAfterTheirNumberOrTheirTime) {
  TrafficRequest traffic = Base();
  traffic.source = ArrivalRequest{.process = ArrivalPattern::kConstant, .rate_per_s = 4};
  traffic.requests = 10;
  EXPECT_EQ(Take(traffic).size(), 10);
  traffic.requests.reset();
  traffic.duration = Seconds(5);
  EXPECT_EQ(Take(traffic).size(), 21);  // at 0, 0.25 ... 5 s after the first
  EXPECT_EQ(Take(AtRate(traffic, 8)).size(), 41);
}

TEST(RequestTraffic, BurstsKeepTheMeanRate) {
  TrafficRequest traffic = Base();
  traffic.source = ArrivalRequest{ArrivalPattern::kBursty, 10, 4, Seconds(5)};
  traffic.requests = 200000;
  const std::vector<Request> requests = Take(traffic);
  // 5,000 s in bursts of 5 s: 1,000 cycles, give or take 32, of 15 s between two bursts. These sum
  // to 15,000 s with a standard deviation of 15 s x sqrt(2 x 1,000): 3.4 % of the 20,000 s.
  EXPECT_NEAR(200000 / requests.back().arrival.value(), 10, 3 * 0.34);
}

TEST(RequestTraffic, AClosedLoopHoldsItsClients) {
  TrafficRequest traffic = Base();
  traffic.source = ClosedLoopRequest{.concurrency = 3, .think = Seconds(1)};
  traffic.requests = 9;
  const std::vector<Request> requests = Take(traffic);
  ASSERT_EQ(requests.size(), 9);
  EXPECT_EQ(requests[2].arrival, Seconds(0));
}

TEST(RequestTraffic, ABatchIsOneUnlessMoreAreAskedFor) {
  TrafficRequest traffic = Base();
  traffic.source = OneBatchRequest{5};
  EXPECT_EQ(Take(traffic).size(), 5);
  traffic.requests = 12;
  EXPECT_EQ(Take(traffic).size(), 12);
}

TEST(RequestTraffic, PromptsHaveTheirPrefixInCommon) {
  TrafficRequest traffic = Base();
  traffic.source = OneBatchRequest{2};
  traffic.shared_prefix = 300;
  for (const Request& request : Take(traffic)) {
    EXPECT_EQ(request.shared_prefix, 0);
    EXPECT_EQ(request.shared_prefix_tokens, 100);  // no more than the prompt
  }
}

}  // namespace
}  // namespace fleetsim
