// Steps traced by hand: one second each, whatever is in them.
#include <algorithm>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/serving/serving_fixture.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;

constexpr double kTolerance_s = 1e-8;

LinearStep OneSecondSteps() {
  LinearStep model;
  model.fixed_s = 1.0;
  return model;
}

std::map<std::int64_t, RequestRow> ById(const ServingRecord& record) {
  std::map<std::int64_t, RequestRow> rows;
  for (std::int64_t i = 0; i < record.requests.size(); ++i) {
    rows[record.requests.Row(i).id] = record.requests.Row(i);
  }
  return rows;
}

// A short request runs when a prompt of 20 tokens comes; 8 tokens go in a step.
std::map<std::int64_t, RequestRow> ShortThenLong(BatchPolicy policy) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.batching = policy;
  deployment.pools[0].engine.token_budget = 8;
  const auto record =
      ServeList(deployment, {MakeRequest(0, 0.0, 4, 5), MakeRequest(1, 0.5, 20, 2)});
  return ById(record);
}

// The prompt gets 7, 7 and 6 tokens beside the other's decoding: steps 2 to 4.
TEST(Batching, DecodeFirst) {
  auto rows = ShortThenLong(BatchPolicy::kDecodeFirst);
  EXPECT_THAT(rows[0].first_token.value(), DoubleNear(1.0, kTolerance_s));
  EXPECT_THAT(rows[0].end.value(), DoubleNear(5.0, kTolerance_s));
  EXPECT_THAT(rows[1].scheduled.value(), DoubleNear(1.0, kTolerance_s));
  EXPECT_THAT(rows[1].first_token.value(), DoubleNear(4.0, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(5.0, kTolerance_s));
}

// The prompt takes steps 2 to 4 for itself, 8, 8 and 4 tokens; the other one waits.
TEST(Batching, PrefillFirst) {
  auto rows = ShortThenLong(BatchPolicy::kPrefillFirst);
  EXPECT_THAT(rows[1].first_token.value(), DoubleNear(4.0, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(5.0, kTolerance_s));
  EXPECT_THAT(rows[0].end.value(), DoubleNear(8.0, kTolerance_s));
}

// Steps 1 (a prompt), then decodes: the engine looks after the prompt, and three decodes later.
TEST(Batching, RequestsWaitForTheEngineToLook) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.poll_steps = 3;
  auto rows = ById(ServeList(deployment, {MakeRequest(0, 0.0, 4, 9), MakeRequest(1, 0.5, 4, 9),
                                          MakeRequest(2, 2.5, 4, 2)}));
  EXPECT_THAT(rows[0].scheduled.value(), DoubleNear(0.0, kTolerance_s));
  EXPECT_THAT(rows[1].scheduled.value(), DoubleNear(1.0, kTolerance_s));
  EXPECT_THAT(rows[2].scheduled.value(), DoubleNear(5.0, kTolerance_s));
}

// The prompt waits for the end of the batch.
TEST(Batching, Static) {
  auto rows = ShortThenLong(BatchPolicy::kStatic);
  EXPECT_THAT(rows[0].end.value(), DoubleNear(5.0, kTolerance_s));
  EXPECT_THAT(rows[1].scheduled.value(), DoubleNear(5.0, kTolerance_s));
  EXPECT_THAT(rows[1].first_token.value(), DoubleNear(6.0, kTolerance_s));
}

// Dates at which three requests end that wait for the only place.
std::vector<double> Ends_s(QueueOrder order) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.max_sequences = 1;
  deployment.pools[0].engine.order = order;
  std::vector<Request> requests = {MakeRequest(0, 0.0, 10, 1), MakeRequest(1, 0.1, 30, 1),
                                   MakeRequest(2, 0.2, 20, 1), MakeRequest(3, 0.3, 25, 1)};
  requests[3].priority = 5;
  auto rows = ById(ServeList(deployment, requests));
  return {rows[1].end.value(), rows[2].end.value(), rows[3].end.value()};
}

using ::testing::ElementsAre;
using ::testing::Pointwise;

TEST(Order, FirstCome) {
  EXPECT_THAT(Ends_s(QueueOrder::kFirstCome), Pointwise(testing::DoubleEq(), {2.0, 3.0, 4.0}));
}
TEST(Order, Priority) {
  EXPECT_THAT(Ends_s(QueueOrder::kPriority), Pointwise(testing::DoubleEq(), {3.0, 4.0, 2.0}));
}
TEST(Order, ShortestFirst) {
  EXPECT_THAT(Ends_s(QueueOrder::kShortestFirst), Pointwise(testing::DoubleEq(), {4.0, 2.0, 3.0}));
}

// Two sequences of 4 + 8 tokens in 4 blocks of 4: at 8 tokens each, the pool is full.
ServingRecord TwoInFourBlocks(Preemption preemption) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  EngineOptions& engine = deployment.pools[0].engine;
  engine.block_tokens = 4;
  engine.blocks = 4;
  engine.watermark = 0.0;
  engine.preemption = preemption;
  engine.swap_blocks = 4;
  engine.kv_token = Bytes(1.0);
  engine.host_bandwidth = BytesPerSecond(8.0);
  return ServeList(deployment, {MakeRequest(0, 0.0, 4, 8), MakeRequest(1, 0.0, 4, 8)});
}

// Prompts in step 1, tokens 2 to 5 in steps 2 to 5. In step 6 the second one gives up its blocks;
// the first one ends with step 8. Step 9 computes the second one's 4 + 5 tokens again and gives its
// sixth, steps 10 and 11 the last two.
TEST(Preemption, RecomputesPromptAndOutput) {
  const auto record = TwoInFourBlocks(Preemption::kRecompute);
  auto rows = ById(record);
  EXPECT_THAT(rows[0].end.value(), DoubleNear(8.0, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(11.0, kTolerance_s));
  EXPECT_EQ(rows[1].preemptions, 1);
  EXPECT_EQ(rows[0].preemptions, 0);
  EXPECT_EQ(record.instances[0].recomputed_tokens, 9);
  EXPECT_EQ(record.instances[0].prefill.tokens, 4 + 4 + 9);
  EXPECT_EQ(record.instances[0].decode.tokens, 8 + 8);
}

// The same, but 8 tokens go to the host in step 6 and come back in step 9, a second each.
TEST(Preemption, SwapTakesTheHostLink) {
  const auto record = TwoInFourBlocks(Preemption::kSwap);
  auto rows = ById(record);
  EXPECT_THAT(rows[0].end.value(), DoubleNear(9.0, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(13.0, kTolerance_s));
  EXPECT_THAT(record.instances[0].swapping.value(), DoubleNear(2.0, kTolerance_s));
  EXPECT_EQ(record.instances[0].recomputed_tokens, 0);
}

// With room for the outputs set aside, the second one waits for the first one's end instead.
TEST(Preemption, NoneWithReservedOutputs) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  EngineOptions& engine = deployment.pools[0].engine;
  engine.block_tokens = 4;
  engine.blocks = 4;
  engine.watermark = 0.0;
  engine.reserve_output = true;
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 4, 8), MakeRequest(1, 0.0, 4, 8)});
  auto rows = ById(record);
  EXPECT_THAT(rows[0].end.value(), DoubleNear(8.0, kTolerance_s));
  EXPECT_THAT(rows[1].scheduled.value(), DoubleNear(8.0, kTolerance_s));
  EXPECT_EQ(record.instances[0].preemptions, 0);
}

// Every request ends once, every token is computed once or counted as repeated, under pressure.
class Conservation : public testing::TestWithParam<std::pair<BatchPolicy, Preemption>> {};

TEST_P(Conservation, OfRequestsAndTokens) {
  LinearStep model;
  model.fixed_s = 1e-3;
  model.prompt_token_s = 1e-5;
  model.decode_s = 1e-4;
  Deployment deployment{.pools = {MakePool(model, 2)}};
  EngineOptions& engine = deployment.pools[0].engine;
  engine.batching = GetParam().first;
  engine.preemption = GetParam().second;
  engine.blocks = 100;
  engine.block_tokens = 8;
  engine.max_sequences = 32;
  engine.token_budget = 256;
  engine.swap_blocks = 60;
  engine.host_bandwidth = BytesPerSecond(25e9);
  engine.attention_ranks = 2;
  std::mt19937_64 random(3);
  std::vector<Request> requests;
  std::int64_t inputs = 0, outputs = 0;
  for (int i = 0; i < 3'000; ++i) {
    requests.push_back(MakeRequest(i, i * 0.002, 1 + static_cast<int>(random() % 300),
                                   1 + static_cast<int>(random() % 200)));
    inputs += requests.back().input_tokens;
    outputs += requests.back().output_tokens;
  }
  const auto record = ServeList(deployment, requests);
  const auto rows = ById(record);
  EXPECT_EQ(rows.size(), 3'000u);
  EXPECT_EQ(record.requests.size(), 3'000);
  for (const auto& [id, row] : rows) {
    EXPECT_LE(row.arrival, row.scheduled);
    EXPECT_LT(row.scheduled, row.first_token);
    EXPECT_LE(row.first_token, row.end);
  }
  std::int64_t first_time = 0, produced = 0, preemptions = 0;
  for (const InstanceRecord& instance : record.instances) {
    first_time += instance.prefill.tokens - instance.recomputed_tokens;
    produced += instance.decode.tokens;
    preemptions += instance.preemptions;
    Seconds parts = instance.swapping;
    for (const Seconds part : instance.parts) parts += part;
    EXPECT_THAT(parts.value(), DoubleNear(instance.busy.value(), 1e-6));
    EXPECT_THAT((instance.prefill.energy + instance.decode.energy).value(),
                DoubleNear(instance.energy.value(), 1e-6 * instance.energy.value()));
  }
  EXPECT_EQ(first_time, inputs);
  EXPECT_EQ(produced, outputs);
  EXPECT_GT(preemptions, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Policies, Conservation,
    testing::Values(std::pair(BatchPolicy::kDecodeFirst, Preemption::kRecompute),
                    std::pair(BatchPolicy::kDecodeFirst, Preemption::kSwap),
                    std::pair(BatchPolicy::kPrefillFirst, Preemption::kRecompute),
                    std::pair(BatchPolicy::kPrefillFirst, Preemption::kSwap),
                    std::pair(BatchPolicy::kStatic, Preemption::kRecompute)));

// 1.5 tokens a step: 1, 2, 1, 2 of them. Six more than the first take four steps.
TEST(Decode, FractionalTokensCarryOver) {
  LinearStep model = OneSecondSteps();
  model.tokens_per_decode = 1.5;
  const Deployment deployment{.pools = {MakePool(model)}};
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 4, 7)});
  EXPECT_THAT(record.end.value(), DoubleNear(5.0, kTolerance_s));
  EXPECT_EQ(record.instances[0].decode.tokens, 7);
}

// Over many steps the mean is exact: 1,000 tokens at 1.6 each take 625 steps.
TEST(Decode, FractionalTokensAreExactInTheMean) {
  LinearStep model = OneSecondSteps();
  model.tokens_per_decode = 1.6;
  const Deployment deployment{.pools = {MakePool(model)}};
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 4, 1001)});
  EXPECT_THAT(record.end.value(), DoubleNear(626.0, 1e-6));
}

// Caches are read in full: n steps over 10, 11, 12, ... tokens.
TEST(Decode, ContextGrowsByATokenAStep) {
  LinearStep model;
  model.fixed_s = 1.0;
  model.context_s = 0.01;
  const Deployment deployment{.pools = {MakePool(model)}};
  const auto record = ServeList(deployment, {MakeRequest(0, 0.0, 10, 5)});
  EXPECT_THAT(record.end.value(), DoubleNear(5.0 + 0.01 * (10 + 11 + 12 + 13), kTolerance_s));
}

// Two stages of half a second: the second request's micro-batch follows half a second behind.
TEST(Pipeline, MicroBatchesFollowEachOther) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.pipeline_stages = 2;
  auto rows = ById(ServeList(deployment, {MakeRequest(0, 0.0, 4, 3), MakeRequest(1, 0.0, 4, 3)}));
  EXPECT_THAT(rows[0].end.value(), DoubleNear(3.0, kTolerance_s));
  EXPECT_THAT(rows[1].first_token.value(), DoubleNear(1.5, kTolerance_s));
  EXPECT_THAT(rows[1].end.value(), DoubleNear(3.5, kTolerance_s));
}

// Ranks in lockstep: four sequences make two on each, and a step lasts as long as the longest.
TEST(AttentionRanks, ShareTheSequences) {
  struct LongestRank : LinearStep {
    StepCost Cost(const std::vector<StepLoad>& ranks) const override {
      int most = 0;
      for (const StepLoad& load : ranks) {
        most = std::max(most, load.decodes + static_cast<int>(load.prefill.size()));
      }
      StepCost cost;
      cost.duration = Seconds(most);
      return cost;
    }
  } model;
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.attention_ranks = 2;
  std::vector<Request> requests = {MakeRequest(0, 0.0, 1, 1)};
  for (int i = 1; i <= 4; ++i) requests.push_back(MakeRequest(i, 0.5, 4, 3));
  // Step 1 is request 0's; then a prompt and two decoding steps of two sequences a rank.
  EXPECT_THAT(ServeList(deployment, requests).end.value(), DoubleNear(1 + 3 * 2, kTolerance_s));
}

// A request that no cache can hold is refused, and so are those beyond the longest queue.
TEST(Admission, RefusesWhatCannotBeServed) {
  const LinearStep model = OneSecondSteps();
  Deployment deployment{.pools = {MakePool(model)}};
  deployment.pools[0].engine.blocks = 10;
  deployment.pools[0].engine.max_sequences = 1;
  deployment.router.max_waiting = 2;
  const auto record =
      ServeList(deployment, {MakeRequest(0, 0.0, 150, 11), MakeRequest(1, 0.0, 10, 1),
                             MakeRequest(2, 0.1, 10, 1), MakeRequest(3, 0.2, 10, 1),
                             MakeRequest(4, 0.3, 10, 1)});
  EXPECT_EQ(record.too_long, 1);
  EXPECT_EQ(record.refused, 1);
  EXPECT_EQ(record.requests.size(), 3);
}

}  // namespace
}  // namespace fleetsim
