#include "sim/collective/expert.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {
namespace {

using K = CollectiveKind;
using L = ExpertLibrary;

// Two hosts of four ranks; plain links of 1000 bytes/s, NICs of 4 bytes/s a host; kernels that cost
// bandwidth alone.
class ExpertTest : public ::testing::Test {
 protected:
  ExpertTest() : inside_(PlainFabric(CollectiveAlgorithm::kRing)) {
    inside_.protocols.push_back({CollectiveAlgorithm::kDirect, {}, {}, 1.0, {}, 0});
    for (const L library : {L::kNormal, L::kLowLatency, L::kOneSided}) {
      for (const ExpertPhase phase : {ExpertPhase::kDispatch, ExpertPhase::kCombine}) {
        ExpertKernel kernel;
        kernel.library = library;
        kernel.phase = phase;
        inside_.expert_kernels.push_back(kernel);
      }
    }
    network_.kind = FabricKind::kScaleOut;
    group_.hosts = {3, 8};
    group_.ranks_per_host = 4;
    group_.nic_share = BytesPerSecond(4);
    group_.local = LinksOf(inside_, 1000);
    group_.scale_out = &network_;
    exchange_.tokens = 10;
    exchange_.token = Bytes(6);
    exchange_.experts = 128;
    exchange_.experts_per_token = 8;
  }
  std::map<int, double> Sent() const {
    std::map<int, double> sent;
    for (const HostFlow& flow : PlanExpertExchange(exchange_, group_).flows) {
      sent[flow.source] += flow.bytes.value();
    }
    return sent;
  }

  Fabric inside_, network_;
  GroupPlacement group_;
  ExpertExchange exchange_;
};

// Of 256 experts 8 are chosen: expected groups hit, from binomial coefficients.
TEST_F(ExpertTest, CopiesFollowTheHypergeometricDistribution) {
  exchange_.experts = 256;
  EXPECT_NEAR(ExpectedCopies(exchange_, 1, 8).ranks, 5.294652, 1e-6);
  EXPECT_NEAR(ExpectedCopies(exchange_, 4, 8).hosts, 3.614214, 1e-6);
  EXPECT_NEAR(ExpectedCopies(exchange_, 4, 8).ranks, 7.266800, 1e-6);
}

// At most 2 of 4 hosts: as if these two were all, with half of the experts.
TEST_F(ExpertTest, NodeLimitedRoutingChoosesAmongFewHosts) {
  exchange_.experts = 256;
  exchange_.hosts_per_token = 2;
  EXPECT_NEAR(ExpectedCopies(exchange_, 4, 8).hosts, 1.993808, 1e-6);
  EXPECT_NEAR(ExpectedCopies(exchange_, 4, 8).ranks, 6.596513, 1e-6);
}

TEST_F(ExpertTest, TheLibraryDecidesHowManyCopiesCrossHosts) {
  const double token_bytes = 4 * 10 * 6;  // of a host's ranks
  const TokenCopies copies = ExpectedCopies(exchange_, 2, 4);
  exchange_.library = L::kCollective;
  EXPECT_NEAR(Sent()[3], token_bytes * 8 / 2, 1e-9);
  exchange_.library = L::kLowLatency;
  EXPECT_NEAR(Sent()[3], token_bytes * 8 / 2, 1e-9);
  exchange_.library = L::kOneSided;
  EXPECT_NEAR(Sent()[8], token_bytes * copies.ranks / 2, 1e-9);
  exchange_.library = L::kNormal;
  EXPECT_NEAR(Sent()[8], token_bytes * copies.hosts / 2, 1e-9);
  EXPECT_NEAR(ExpertNetworkBytes(exchange_, 2, 4).value(), 60 * copies.hosts / 2, 1e-9);
}

// Inside one domain, 8 ranks: each sends its copies but the one to itself.
TEST_F(ExpertTest, InsideADomainTheLinksDecide) {
  const double ranks = ExpectedCopies(exchange_, 1, 8).ranks;
  exchange_.library = L::kNormal;
  EXPECT_NEAR(LocalExpertTime(exchange_, 8, group_.local).value(), 60 * ranks * 7 / 8 / 1000, 1e-9);
  exchange_.library = L::kLowLatency;
  EXPECT_NEAR(LocalExpertTime(exchange_, 8, group_.local).value(), 60.0 * 8 * 7 / 8 / 1000, 1e-9);
  exchange_.imbalance = 1.5;
  EXPECT_NEAR(LocalExpertTime(exchange_, 8, group_.local).value(), 90.0 * 7 / 1000, 1e-9);
}

TEST_F(ExpertTest, FewProcessorsCopySlowly) {
  inside_.expert_kernels[0].processor_bandwidth = BytesPerSecond(5);
  exchange_.library = L::kNormal;
  const double ranks = ExpectedCopies(exchange_, 1, 8).ranks;
  for (const int processors : {4, 20}) {
    exchange_.processors = processors;
    EXPECT_NEAR(LocalExpertTime(exchange_, 8, group_.local).value(), 60 * ranks / 5 / processors,
                1e-9);
  }
}

TEST_F(ExpertTest, WithoutKernelsOnlyTheCollectiveLibraryServes) {
  inside_.expert_kernels.clear();
  EXPECT_TRUE(ServesExperts(L::kCollective, group_.local));
  EXPECT_FALSE(ServesExperts(L::kNormal, group_.local));
  EXPECT_EQ(LocalExpertTime(exchange_, 8, group_.local),
            LocalCollectiveTime(K::kAllToAll, 8, Bytes(480), group_.local));
}

TEST_F(ExpertTest, AProgramsExchangeIsPlannedInParts) {
  CollectiveSpec spec;
  spec.kind = K::kAllToAll;
  spec.repeats = 2;
  exchange_.library = L::kNormal;
  spec.exchange = exchange_;
  const CollectivePlan whole = PlanExpertExchange(exchange_, group_);
  const CollectivePlan parts = PlanSpec(spec, group_);
  ASSERT_EQ(parts.flows.size(), whole.flows.size());
  EXPECT_NEAR(parts.flows[0].bytes.value(), whole.flows[0].bytes.value(), 1e-9);
  EXPECT_NEAR(parts.local_floor.value(), whole.local_floor.value(), 1e-12);
}

// DeepEP's README, H800: 4,096 tokens of 7,168 elements, 8 of 256 experts; bandwidth counts the
// copies to all ranks of the domain in FP8 and BF16.
TEST(ExpertsOnH800, MatchDeepEpInsideAServer) {
  const Fabric fabric = CatalogFabric("nvlink4-h800");
  const DomainLinks links = LinksOf(fabric, 200e9);
  ExpertExchange exchange{.library = L::kNormal,
                          .tokens = 4096,
                          .experts = 256,
                          .experts_per_token = 8,
                          .processors = 24};
  const double copies = ExpectedCopies(exchange, 1, 8).ranks * 7 / 8;
  exchange.token = Bytes(7168 * (1 + 4.0 / 128));
  const double dispatch = LocalExpertTime(exchange, 8, links).value();
  EXPECT_NEAR(4096 * copies * exchange.token.value() / dispatch / 153e9, 1, 0.1);
  exchange.phase = ExpertPhase::kCombine;
  exchange.token = Bytes(7168 * 2);
  const double combine = LocalExpertTime(exchange, 8, links).value();
  EXPECT_NEAR(4096 * copies * exchange.token.value() / combine / 158e9, 1, 0.1);
}

}  // namespace
}  // namespace fleetsim
