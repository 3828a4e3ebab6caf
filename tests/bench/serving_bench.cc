// The serving loop at the size the project promises: a million requests through 64 instances. A
// program of its own: SimGrid has one engine a process, and the other benchmarks use it.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "sim/base/check.h"
#include "sim/engine/network.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/platform/read.h"
#include "sim/serving/serve.h"

namespace fleetsim {
namespace {

template <class T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::cerr << value.status() << "\n", std::exit(1);
  return *std::move(value);
}

Network& SharedNetwork() {
  static const std::string kPlatforms = std::string(FLEETSIM_SOURCE_DIR) + "/platforms/";
  static const Catalog catalog = Must(ReadCatalog(kPlatforms + "catalog"));
  static const Fleet fleet = Must(ReadFleet(kPlatforms + "h200-1k-ndr.xml", catalog));
  static const std::unique_ptr<Network> network = Must(Network::Load(fleet));
  return *network;
}

// About an 8-billion-parameter model on one accelerator: 16 GB of weights and 128 kB a token of
// cache at 3 TB/s, 30,000 prompt tokens a second, 1 ms of host time.
class PlainStep : public StepModel {
 public:
  StepCost Cost(const std::vector<StepLoad>& ranks) const override {
    double read_s = 16e9 / 3e12, compute_s = 0.0;
    for (const StepLoad& load : ranks) {
      for (const PrefillChunk& chunk : load.prefill) compute_s += chunk.tokens / 30e3;
      read_s += static_cast<double>(load.decode_context) * 128e3 / 3e12;
    }
    StepCost cost;
    cost.duration = Seconds(1e-3 + std::max(read_s, compute_s));
    return cost;
  }
};

// Poisson arrivals, exponential lengths of 500 and 200 tokens on average.
class DrawnRequests : public RequestStream {
 public:
  DrawnRequests(int count, double rate) : count_(count), gap_(rate) {}
  bool Next(Request* request) override {
    if (next_ == count_) return false;
    *request = {};
    request->id = next_++;
    request->arrival = Seconds(date_s_ += gap_(random_));
    request->input_tokens = 1 + static_cast<int>(input_(random_));
    request->output_tokens = 1 + static_cast<int>(output_(random_));
    return true;
  }

 private:
  int count_, next_ = 0;
  std::mt19937_64 random_{1};
  std::exponential_distribution<double> gap_, input_{1 / 500.0}, output_{1 / 200.0};
  double date_s_ = 0.0;
};

void Requests(benchmark::State& state) {
  Network& network = SharedNetwork();
  const PlainStep model;
  Pool pool;
  pool.model = &model;
  pool.engine.blocks = 20'000;
  pool.engine.kv_token = Bytes(128e3);
  for (int i = 0; i < 64; ++i) pool.instances.push_back({i});
  const bool split = state.range(1) != 0;
  Deployment deployment{.pools = {pool}};
  if (split) {
    deployment.pools.push_back(pool);
    deployment.pools[0].role = PoolRole::kPrefill;
    deployment.pools[0].instances.resize(16);
    deployment.pools[1].role = PoolRole::kDecode;
    deployment.pools[1].instances.erase(deployment.pools[1].instances.begin(),
                                        deployment.pools[1].instances.begin() + 16);
  }
  std::int64_t steps = 0;
  for (auto _ : state) {
    DrawnRequests stream(static_cast<int>(state.range(0)), 640.0);
    OpenLoop source(stream);
    const ServingRecord record = Must(Serve(network, deployment, source));
    FLEETSIM_CHECK(record.requests.size() == state.range(0));
    for (const InstanceRecord& instance : record.instances) steps += instance.steps;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["steps"] = static_cast<double>(steps) / static_cast<double>(state.iterations());
  state.counters["steps_per_s"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1e3;
}
BENCHMARK(Requests)
    ->ArgNames({"requests", "split"})
    ->Args({100'000, 0})
    ->Args({100'000, 1})
    ->Args({1'000'000, 0})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fleetsim
