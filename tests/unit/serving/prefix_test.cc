// The prefix cache against a simulator of its own, which knows lists and nothing else.
#include <algorithm>
#include <list>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/serving/prefix_cache.h"
#include "tests/unit/serving/serving_fixture.h"

namespace fleetsim {
namespace {

constexpr int kBlock = 16;

// Conversations that branch: each request continues one of the earlier ones, or starts anew.
std::vector<Request> BranchingPrompts(int count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Request> requests;
  for (int i = 0; i < count; ++i) {
    Request request = MakeRequest(i, 10.0 * i, 0, 1);
    request.hash_block_tokens = kBlock;
    if (i > 0 && random() % 4 != 0) {
      const Request& from = requests[random() % requests.size()];
      request.block_hashes = from.block_hashes;
      request.block_hashes.resize(random() % (from.block_hashes.size() + 1));
    }
    const int more = 1 + static_cast<int>(random() % 12);
    for (int j = 0; j < more; ++j) request.block_hashes.push_back(random());
    const int length = static_cast<int>(request.block_hashes.size());
    request.input_tokens = length * kBlock - static_cast<int>(random() % kBlock);
    requests.push_back(request);
  }
  return requests;
}

// One request after the other, `capacity` blocks, the whole prefix as a block's name.
std::int64_t ExpectedHits(const std::vector<Request>& requests, int capacity) {
  using Name = std::vector<std::uint64_t>;
  std::list<Name> cached;  // least recently used first
  std::int64_t hits = 0;
  for (const Request& request : requests) {
    std::vector<Name> names;
    for (int i = 1; i <= request.input_tokens / kBlock; ++i) {
      names.emplace_back(request.block_hashes.begin(), request.block_hashes.begin() + i);
    }
    const auto find = [&](const Name& name) {
      return std::find(cached.begin(), cached.end(), name);
    };
    int found = 0;
    while (found < (request.input_tokens - 1) / kBlock && find(names[found]) != cached.end()) {
      cached.erase(find(names[found++]));
    }
    hits += found * kBlock;
    // The whole prompt is in the pool now; what is cached besides has what is left.
    const int prompt = (request.input_tokens + kBlock - 1) / kBlock;
    while (static_cast<int>(cached.size()) > capacity - prompt) cached.pop_front();
    // It leaves its whole blocks behind, the last one the oldest.
    for (int i = static_cast<int>(names.size()) - 1; i >= 0; --i) {
      if (find(names[i]) != cached.end()) cached.erase(find(names[i]));
      cached.push_back(names[i]);
    }
  }
  return hits;
}

class PrefixHits : public testing::TestWithParam<int> {};

TEST_P(PrefixHits, AsAListOfPrefixesHasThem) {
  LinearStep model;
  model.fixed_s = 1.0;
  Deployment deployment{.pools = {MakePool(model)}};
  EngineOptions& engine = deployment.pools[0].engine;
  engine.prefix_cache = true;
  engine.block_tokens = kBlock;
  engine.blocks = GetParam();
  engine.watermark = 0.0;
  const auto requests = BranchingPrompts(400, 5);
  std::int64_t longest = 0, inputs = 0;
  for (const Request& request : requests) {
    longest = std::max<std::int64_t>(longest, request.input_tokens + kBlock);
    inputs += request.input_tokens;
  }
  ASSERT_LE(longest / kBlock, GetParam());
  const auto record = ServeList(deployment, requests);
  const InstanceRecord& instance = record.instances[0];
  const std::int64_t expected = ExpectedHits(requests, GetParam());
  EXPECT_GT(expected, 0);
  EXPECT_EQ(instance.cached_tokens, expected);
  EXPECT_EQ(instance.prefill.tokens + instance.cached_tokens, inputs);
}

INSTANTIATE_TEST_SUITE_P(Blocks, PrefixHits, testing::Values(120, 200, 500, 100'000));

// A system prompt of 100 tokens is 6 whole blocks of 16: all but the first request find them.
TEST(Prefix, SharedPrefixWithoutHashes) {
  LinearStep model;
  model.fixed_s = 1.0;
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.prefix_cache = true;
  std::vector<Request> requests;
  for (int i = 0; i < 10; ++i) {
    requests.push_back(MakeRequest(i, 10.0 * i, 300, 2));
    requests.back().shared_prefix = 3;
    requests.back().shared_prefix_tokens = 100;
  }
  EXPECT_EQ(ServeList(deployment, requests).instances[0].cached_tokens, 9 * 96);
}

// Hashes of 512 tokens on an engine with blocks of 64, and of 16 tokens on blocks of 64: an entry
// is the smallest whole number of both.
TEST(Prefix, BlockSizesOfTraceAndEngineMayDiffer) {
  Request request = MakeRequest(0, 0.0, 2'000, 1);
  request.hash_block_tokens = 512;
  request.block_hashes = {1, 2, 3, 4};
  const PrefixEntries wide(request, 64);
  EXPECT_EQ(wide.tokens, 512);
  EXPECT_EQ(wide.blocks, 8);
  EXPECT_EQ(wide.count, 3);  // the fourth is not full
  request.hash_block_tokens = 16;
  request.block_hashes.resize(125);
  const PrefixEntries narrow(request, 64);
  EXPECT_EQ(narrow.tokens, 64);
  EXPECT_EQ(narrow.blocks, 1);
  EXPECT_EQ(narrow.count, 31);
}

// Equal prompts that run side by side share blocks: caches hold them once. Conservation as above.
TEST(Prefix, ConcurrentRequestsShare) {
  LinearStep model;
  model.fixed_s = 1e-3;
  model.prompt_token_s = 1e-5;
  Deployment deployment{.pools = {MakePool(model)}};
  EngineOptions& engine = deployment.pools[0].engine;
  engine.prefix_cache = true;
  engine.block_tokens = kBlock;
  engine.blocks = 150;
  auto requests = BranchingPrompts(500, 23);
  std::int64_t inputs = 0;
  for (Request& request : requests) {
    request.arrival = Seconds(0.002 * static_cast<double>(request.id));
    request.output_tokens = 1 + static_cast<int>(request.block_hashes.back() % 90);
    inputs += request.input_tokens;
  }
  const auto record = ServeList(deployment, requests);
  const InstanceRecord& instance = record.instances[0];
  EXPECT_EQ(record.requests.size(), 500);
  EXPECT_GT(instance.preemptions, 0);
  EXPECT_GT(instance.cached_tokens, 0);
  EXPECT_EQ(instance.prefill.tokens - instance.recomputed_tokens + instance.cached_tokens, inputs);
}

// Two conversations on two instances: the router sends each turn to where its history is.
TEST(Prefix, RouterFollowsTheCache) {
  LinearStep model;
  model.fixed_s = 0.01;
  Deployment deployment{.pools = {MakePool(model, 2)}};
  deployment.pools[0].engine.prefix_cache = true;
  deployment.router.policy = RoutePolicy::kPrefixAware;
  std::vector<Request> requests;
  for (int turn = 0; turn < 6; ++turn) {
    for (int talk = 0; talk < 2; ++talk) {
      Request request = MakeRequest(2 * turn + talk, turn + 0.001 * talk, 160 * (turn + 1) + 8, 2);
      request.hash_block_tokens = kBlock;
      for (int i = 0; i < 10 * (turn + 1); ++i) request.block_hashes.push_back(1000 * talk + i);
      requests.push_back(request);
    }
  }
  const auto record = ServeList(deployment, requests);
  for (std::int64_t i = 0; i < record.requests.size(); ++i) {
    const RequestRow row = record.requests.Row(i);
    EXPECT_EQ(row.cached_tokens, 160 * (row.id / 2)) << row.id;
  }
}

}  // namespace
}  // namespace fleetsim
