#include "sim/validation/run_metric.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/validation/metric.h"
#include "tests/unit/economics/example_fleet.h"

namespace fleetsim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

RunFacts FactsOf(const MeasuredCase& measured, const Catalog& catalog) {
  std::vector<std::string> rules;
  return RunFactsOf(measured, catalog, rules);
}

TEST(RunMetric, KindsAndTheirUnits) {
  EXPECT_EQ(ClassOf("avg_power_per_node"), MetricClass::kPower);
  EXPECT_EQ(ClassOf("energy_it"), MetricClass::kEnergy);
  EXPECT_EQ(ClassOf("energy"), MetricClass::kNameplate);
  EXPECT_EQ(ClassOf("accel_hours"), MetricClass::kRun);
  EXPECT_TRUE(IsJudgedApart(MetricClass::kRun));
  EXPECT_FALSE(IsJudgedApart(MetricClass::kEnergy));
  EXPECT_TRUE(CheckUnit("f", {.metric = "energy", .unit = "MWh"}).ok());
  EXPECT_THAT(CheckUnit("f", {.metric = "energy", .unit = "t"}).message(), HasSubstr("kWh or MWh"));
  EXPECT_THAT(CheckUnit("f", {.metric = "iteration_time", .unit = "ms"}).message(),
              HasSubstr("iteration_time is in s"));
}

TEST(RunMetric, NotesAndOtherMetricsTellOfTheRun) {
  MeasuredCase measured;
  measured.accelerators = 4;
  measured.notes = "180B tokens; PUE of 1.2; 57 gCO2eq/kWh; about 3072 samples to target";
  measured.measurements = {{"run_duration_days", 2, "day"}, {"co2", 1, "t"}};
  const RunFacts facts = FactsOf(measured, {});
  EXPECT_EQ(facts.tokens, 180e9);
  EXPECT_EQ(facts.samples, 3072);
  EXPECT_EQ(facts.pue, 1.2);
  EXPECT_EQ(facts.carbon_g_per_kwh, 57);
  EXPECT_EQ(facts.accelerator_time, Seconds(4 * 2 * kSecondsPerDay));
  measured.notes = "up to 9T tokens";
  EXPECT_FALSE(FactsOf(measured, {}).tokens.has_value());
}

TEST(RunMetric, WhatIsMissingIsNamed) {
  const RunFacts nothing;
  EXPECT_THAT(MissingRunFact("time_to_train", nothing), HasSubstr("neither tokens nor samples"));
  EXPECT_THAT(MissingRunFact("energy_it", nothing), HasSubstr("neither duration nor tokens"));
  EXPECT_THAT(MissingRunFact("co2", nothing), HasSubstr("accelerator-hours"));
  EXPECT_THAT(MissingRunFact("avg_power_per_node", nothing), IsEmpty());
  EXPECT_THAT(MissingRunFact("accel_hours_per_Ttoken", nothing), IsEmpty());
}

// Touvron et al. 2023, table 15: 82,432 hours at 400 W and a PUE of 1.1 are printed as 36 MWh.
TEST(RunMetric, NameplateEnergyIsHoursTimesTdpTimesPue) {
  Catalog catalog;
  catalog.accelerators["a100"].name = "a100";
  catalog.accelerators["a100"].tdp = Watts(400);
  catalog.regions["us"].name = "us";
  catalog.regions["us"].carbon_g_per_kwh = 385;
  MeasuredCase measured;
  measured.accelerator = "a100";
  measured.notes = "PUE 1.1";
  measured.measurements = {{"accel_hours", 82432, "h"}, {"energy", 36, "MWh"}, {"co2", 14, "t"}};
  const RunFacts facts = FactsOf(measured, catalog);
  const double mwh = 82432 * 400 * 1.1 / 1e6;
  EXPECT_NEAR(*NameplateMetric(measured, facts, catalog, measured.measurements[1]), mwh, 1e-9);
  // The same table: 14 t at 0.385 kg/kWh.
  EXPECT_NEAR(*NameplateMetric(measured, facts, catalog, measured.measurements[2]), mwh * 0.385,
              1e-9);
  catalog.accelerators["a100"].tdp = Watts(0);
  EXPECT_FALSE(NameplateMetric(measured, facts, catalog, measured.measurements[1]).has_value());
}

// Half the step computes at 910 W and half of it idles at 100 W: 505 W a board, 0.45 of the way
// from idle to TDP; the server 1,000 W and 0.45 of the 2,000 W more that it draws under load.
TEST(RunMetric, PowerOfANodeIsItsBoardsAndTheServer) {
  ExampleFleet example(2);
  const double node = 8 * 505 + 1900;
  RunFacts facts;
  facts.duration = Seconds(2 * kSecondsPerHour);
  const auto value = [&](const char* metric, const char* unit) {
    return *SimulatedRunMetric(example.step, example.fleet, facts, 1000, {metric, 1, unit});
  };
  EXPECT_NEAR(value("avg_power_per_node", "W"), node, 1e-9);
  EXPECT_NEAR(value("avg_power_per_node_dc", "kW"), 0.96 * node / 1000, 1e-9);
  EXPECT_NEAR(value("peak_power_per_node", "W"), 8 * 1000 + 3000, 1e-9);
  EXPECT_NEAR(value("energy_it", "kWh"), 2 * 2 * node / 1000, 1e-9);
}

// A step is an hour of 16 accelerators and a million tokens.
TEST(RunMetric, HoursAreWholeSteps) {
  ExampleFleet example(2);
  RunFacts facts;
  facts.tokens = 2.5e6;
  const auto value = [&](const char* metric, const char* unit) {
    return *SimulatedRunMetric(example.step, example.fleet, facts, 1000, {metric, 1, unit});
  };
  EXPECT_NEAR(value("accel_hours", "h"), 3 * 16, 1e-9);
  EXPECT_NEAR(value("run_duration_days", "day"), 3.0 / 24, 1e-12);
  EXPECT_NEAR(value("accel_hours_per_Ttoken", "h"), 16e6, 1e-6);
  facts.samples = 4000;  // of 1,000 tokens
  EXPECT_NEAR(value("time_to_train", "min"), 4 * 60, 1e-9);
}

// Steps of 8 sequences take 10 s, of which 2 s are the optimizer's; the passes are half forward.
// 384 sequences lie between evaluations of 173, 22 batches, the first 3 of them skipped: 8 - 3 of
// 22 x 4 s.
TEST(RunMetric, BenchmarkClocksIncludeEvaluations) {
  StepResult step;
  step.duration = Seconds(10);
  step.tokens = 8 * 8192;
  step.parts[static_cast<int>(Part::kForward)] = Seconds(3);
  step.parts[static_cast<int>(Part::kBackward)] = Seconds(3);
  step.parts[static_cast<int>(Part::kBubble)] = Seconds(2);
  step.parts[static_cast<int>(Part::kOptimizer)] = Seconds(2);
  MeasuredCase measured;
  measured.family = "mlperf";
  measured.model = "Llama-2-70B LoRA";
  const auto evaluation = EvaluationOf(measured);
  ASSERT_TRUE(evaluation.has_value());
  EXPECT_NEAR(EvaluationTime(*evaluation, step, 3072, 8).value(), 5 * 22 * 4, 1e-9);
  // Batches of 72: every 6th step, 432 sequences; 7 evaluations less than the 11 that are skipped.
  EXPECT_EQ(EvaluationTime(*evaluation, step, 3072, 72).value(), 0);
  RunFacts facts;
  facts.samples = 3072;
  facts.evaluation = evaluation;
  const auto minutes = SimulatedRunMetric(step, {}, facts, 8192, {"time_to_train", 1, "min"});
  EXPECT_NEAR(*minutes, (3072 / 8 * 10 + 440) / 60.0, 1e-9);
  measured.model = "GPT-3-175B";
  EXPECT_FALSE(EvaluationOf(measured).has_value());
}

}  // namespace
}  // namespace fleetsim
