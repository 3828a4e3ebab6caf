#include "sim/reliability/simulate_run.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sim/reliability/monte_carlo.h"
#include "tests/unit/reliability/run_for_tests.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

constexpr int kRuns = 2000;

RunSample Once(const RunModel& model, std::uint64_t seed = 1) {
  const auto sample = SimulateRun(model, seed);
  EXPECT_TRUE(sample.ok()) << sample.status();
  return sample.value_or(RunSample());
}

std::vector<RunSample> Many(const RunModel& model, int count = kRuns) {
  auto samples = SimulateRuns(model, count, 1);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return samples.ok() ? *std::move(samples) : std::vector<RunSample>();
}

Quantiles Calendars(const RunModel& model, int count = kRuns) {
  std::vector<double> calendars;
  for (const RunSample& sample : Many(model, count)) {
    calendars.push_back(sample.ladder.Calendar().value());
  }
  return QuantilesOf(std::move(calendars));
}

// Four standard errors of the mean of so many runs, from their spread: P95 - P5 of a normal
// distribution is 3.29 standard deviations.
double Tolerance(const Quantiles& values, int count = kRuns) {
  return 4.0 * (values.p95 - values.p5) / 3.29 / std::sqrt(count);
}

// Daly 2006, eq. 20, with detection D before each restart and without a checkpoint after the last
// segment: each segment of length L is tried until it succeeds, and each failure costs D and
// restarts of R until one succeeds, so that it takes (M + D) e^(R/M) (e^(L/M) - 1).
double ExpectedRuntime(double steps, double step, double between, double pause, double mean,
                       double restart, double detection) {
  const double segments = steps / between;
  const auto retried = [&](double length) { return std::expm1(length / mean); };
  return (mean + detection) * std::exp(restart / mean) *
         ((segments - 1) * retried(between * step + pause) + retried(between * step));
}

TEST(SimulateRun, WithoutFailuresTakesTheStepsTime) {
  RunModel model = ExampleRun();
  model.causes.clear();
  model.checkpoint = {};
  const RunSample sample = Once(model);
  EXPECT_EQ(sample.ladder.Calendar(), Seconds(100000));
  EXPECT_EQ(sample.ladder.productive, Seconds(100000));
}

TEST(SimulateRun, WithoutFailuresPaysForItsCheckpoints) {
  RunModel model = ExampleRun();
  model.causes.front().mean_time_between = kNever;
  // 100 segments, and no checkpoint after the last one.
  EXPECT_EQ(Once(model).ladder.Calendar(), Seconds(100000 + 99 * 20));
  EXPECT_EQ(Once(model).ladder.checkpoints, Seconds(99 * 20));
}

TEST(SimulateRun, MeanIsDalysExpectation) {
  RunModel model = ExampleRun();
  const Quantiles without = Calendars(model);
  EXPECT_THAT(without.mean,
              DoubleNear(ExpectedRuntime(10000, 10, 100, 20, 3600, 300, 0), Tolerance(without)));
  model.causes.front().detection = Seconds(600);
  const Quantiles with = Calendars(model);
  EXPECT_THAT(with.mean,
              DoubleNear(ExpectedRuntime(10000, 10, 100, 20, 3600, 300, 600), Tolerance(with)));
}

// Independent exponential causes are one of their summed rate, and share the stops by rate.
TEST(SimulateRun, CausesAddUp) {
  RunModel model = ExampleRun();
  model.causes = {{.name = "a", .mean_time_between = Seconds(4 * 3600.0)},
                  {.name = "b", .mean_time_between = Seconds(4 * 3600.0 / 3)}};
  const Quantiles calendars = Calendars(model);
  EXPECT_THAT(calendars.mean,
              DoubleNear(ExpectedRuntime(10000, 10, 100, 20, 3600, 300, 0), Tolerance(calendars)));
  const MeanRun mean = MeanOf(Many(model));
  EXPECT_THAT(mean.stops[1] / mean.stops[0], DoubleNear(3.0, 0.1));
}

// Stops come at the rate of the causes in the time under load.
TEST(SimulateRun, StopsAsOftenAsTheRatesSay) {
  RunModel model = ExampleRun();
  model.causes.front().detection = Seconds(600);
  const MeanRun mean = MeanOf(Many(model));
  const Seconds loaded = mean.ladder.Up() + mean.ladder.restart;
  EXPECT_THAT(mean.stops[0],
              DoubleNear(loaded / Seconds(3600), 4 * std::sqrt(mean.stops[0] / kRuns)));
}

// A shape of its own changes the spread between failures, hardly their number.
TEST(SimulateRun, WeibullKeepsTheRate) {
  RunModel model = ExampleRun();
  model.steps = 100000;
  model.causes.front().shape = 1.5;
  const MeanRun mean = MeanOf(Many(model, 200));
  EXPECT_THAT(mean.stops[0] * 3600 / (mean.ladder.Up() + mean.ladder.restart).value(),
              DoubleNear(1.0, 0.01));
}

// What is written behind training's back is of use only when it is there.
TEST(SimulateRun, AsynchronousCheckpointsPauseLessAndLoseMore) {
  RunModel blocking = ExampleRun();
  blocking.checkpoint.pause = blocking.checkpoint.write = Seconds(200);
  RunModel asynchronous = blocking;
  asynchronous.checkpoint.pause = Seconds(5);
  const Ladder a = MeanOf(Many(blocking)).ladder, b = MeanOf(Many(asynchronous)).ladder;
  EXPECT_LT(b.checkpoints, a.checkpoints);
  EXPECT_LT(b.Calendar(), a.Calendar());
  RunModel immediate = asynchronous;
  immediate.checkpoint.write = Seconds(5);
  EXPECT_GT(b.lost_work, MeanOf(Many(immediate)).ladder.lost_work);
}

// The interval that Daly gives is better than half and twice of it.
TEST(SimulateRun, OptimalIntervalIsBest) {
  RunModel model = ExampleRun();  // sqrt(2 x 20 x 3600) is 379 s: 38 steps
  const auto mean_at = [&](int steps) {
    model.checkpoint.steps_between = steps;
    return Calendars(model).mean;
  };
  const double best = mean_at(38);
  EXPECT_LT(best, mean_at(12));
  EXPECT_LT(best, mean_at(120));
}

TEST(SimulateRun, PlannedStopsComeAsPlanned) {
  RunModel model = ExampleRun();
  model.causes.clear();
  model.planned_interval = Seconds(9995);
  model.planned_stop = Seconds(1000);
  const RunSample sample = Once(model);
  // 100,000 s of steps and 1,980 s of checkpoints pass between stops every 9,995 s.
  EXPECT_EQ(sample.planned_stops, 10);
  EXPECT_EQ(sample.ladder.planned_stops, Seconds(10 * (20 + 1000 + 300)));
  EXPECT_EQ(sample.ladder.restart, Seconds());
  // Only the step that was begun is lost.
  EXPECT_LE(sample.ladder.lost_work, Seconds(10 * 10));
}

RunModel RunWithHosts(int spares) {
  RunModel model = ExampleRun();
  model.causes.front().pool = 0;
  model.pools.push_back({.name = "acme-1", .hosts = 64, .spares = spares});
  model.replicas = 64;
  model.repair = Seconds(10 * 3600);
  return model;
}

TEST(SimulateRun, MoreSparesAreNeverLonger) {
  double before = std::numeric_limits<double>::infinity();
  for (const int spares : {0, 2, 5, 10, 20, 60}) {
    const double now = Calendars(RunWithHosts(spares), 300).p50;
    EXPECT_LE(now, before) << spares;
    before = now;
  }
  RunModel replaced = RunWithHosts(0);
  replaced.pools.front().always_replaced = true;
  EXPECT_EQ(Calendars(replaced, 300).p50, before);
}

// Without a spare each failure waits for its host: the mean is Daly's with the repair as detection.
// Hosts that fail during a restart overlap in repair, so restarts take no time here.
TEST(SimulateRun, WithoutSparesWaitsForRepair) {
  RunModel model = RunWithHosts(0);
  model.restart = Seconds();
  const Quantiles calendars = Calendars(model);
  EXPECT_THAT(calendars.mean, DoubleNear(ExpectedRuntime(10000, 10, 100, 20, 3600, 0, 36000),
                                         Tolerance(calendars)));
}

TEST(SimulateRun, ElasticRunsOnWithFewerReplicas) {
  RunModel model = RunWithHosts(0);
  model.elastic = true;
  const MeanRun mean = MeanOf(Many(model, 300));
  EXPECT_EQ(mean.ladder.waiting, Seconds());
  EXPECT_GT(mean.ladder.fewer_replicas, Seconds());
  EXPECT_LT(mean.ladder.Calendar().value(), Calendars(RunWithHosts(0), 300).mean);
  EXPECT_GT(mean.ladder.Calendar().value(), Calendars(RunWithHosts(60), 300).mean);
}

TEST(SimulateRun, LadderSumsToTheCalendar) {
  RunModel model = RunWithHosts(3);
  model.elastic = true;
  model.causes.front().detection = Seconds(100);
  model.planned_interval = Seconds(20000);
  model.planned_stop = Seconds(500);
  model.speed_spread = 0.02;
  model.spread_hosts = 64;
  model.checkpoint.pause = Seconds(3);
  for (int seed = 0; seed < 50; ++seed) {
    const RunSample sample = Once(model, seed);
    const Ladder& ladder = sample.ladder;
    EXPECT_THAT(ladder.Calendar().value(), DoubleNear(sample.calendar.value(), 1e-3));
    for (const Seconds part :
         {ladder.planned_stops, ladder.detection, ladder.waiting, ladder.restart,
          ladder.checkpoints, ladder.lost_work, ladder.fewer_replicas, ladder.stragglers}) {
      EXPECT_GE(part, Seconds(-1e-6));
    }
    EXPECT_EQ(ladder.productive, Seconds(100000));
    EXPECT_GT(ladder.stragglers, Seconds());
    EXPECT_GT(ladder.Calendar(), ladder.Scheduled());
    EXPECT_GT(ladder.Scheduled(), ladder.Up());
    EXPECT_GT(ladder.Up(), ladder.productive);
  }
}

TEST(SimulateRun, SameSeedSameRun) {
  const RunModel model = RunWithHosts(2);
  EXPECT_EQ(Once(model, 5).ladder.Calendar(), Once(model, 5).ladder.Calendar());
  EXPECT_NE(Once(model, 5).ladder.Calendar(), Once(model, 6).ladder.Calendar());
}

TEST(SimulateRun, SaysWhereNoWorkIsEverSaved) {
  RunModel model = ExampleRun();
  model.causes.front().mean_time_between = Seconds(20);
  const auto sample = SimulateRun(model, 1);
  EXPECT_THAT(std::string(sample.status().message()), HasSubstr("does not get on"));
}

// The median of the slowest of n normal speeds lies where (1 - Phi)^n is one half.
TEST(StragglerSlowdown, IsThatOfTheSlowestHost) {
  RunModel model;
  EXPECT_EQ(StragglerSlowdown(model, 0.5), 1.0);
  model.speed_spread = 0.01;
  model.spread_hosts = 1000;
  const double z = (1.0 - 1.0 / StragglerSlowdown(model, 0.5)) / 0.01;
  EXPECT_THAT(std::pow(0.5 * std::erfc(-z / std::sqrt(2.0)), 1000), DoubleNear(0.5, 1e-6));
  model.synchronous_share = 0.5;
  EXPECT_THAT(StragglerSlowdown(model, 0.5) - 1.0,
              DoubleNear(0.5 * (1 / (1 - 0.01 * z) - 1), 1e-9));
}

}  // namespace
}  // namespace fleetsim
