// A thousand runs of Llama 3 405B's 54 days on 16,384 H100: what one call with --seeds 1000 costs
// beside the step.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "sim/inputs/catalog_reader.h"
#include "sim/reliability/monte_carlo.h"

namespace fleetsim {
namespace {

constexpr double kAccelerators = 16384, kDays = 54;
constexpr double kStep_s = 6.0;

// The shipped record's causes at the size of the job that it was observed on.
RunModel LlamaRun() {
  const auto catalog = ReadCatalog(std::string(FLEETSIM_SOURCE_DIR) + "/platforms/catalog");
  if (!catalog.ok()) std::cerr << catalog.status() << "\n", std::exit(1);
  const FailureRecord& record = catalog->failure_records.at("llama3-h100");
  RunModel model;
  model.steps = kDays * kSecondsPerDay / kStep_s;
  model.step_time = Seconds(kStep_s);
  model.checkpoint = {Bytes(5.7e12), 40, Seconds(3), Seconds(3)};
  for (const FailureCause& cause : record.causes) {
    const double units = record.observed_units[static_cast<int>(cause.per)];
    model.causes.push_back({.name = cause.name,
                            .mean_time_between = record.MeanTimeBetween(cause) / units,
                            .detection = record.detection,
                            .pool = cause.loses_host ? 0 : -1});
  }
  model.pools.push_back({.name = "hosts", .hosts = 2048, .spares = 64});
  model.replicas = 128;
  model.restart = record.restart + kAccelerators * record.restart_per_accelerator;
  model.repair = record.repair;
  return model;
}

void BM_ThousandRunsOfLlama3(benchmark::State& state) {
  const RunModel model = LlamaRun();
  for (auto _ : state) {
    const auto samples = SimulateRuns(model, 1000, 1);
    if (!samples.ok()) state.SkipWithError("a run does not end");
    benchmark::DoNotOptimize(samples);
  }
}
BENCHMARK(BM_ThousandRunsOfLlama3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fleetsim
