// Collectives: the closed form that searches call, the plan, and its flows on 2,048 hosts.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "sim/collective/collective.h"
#include "sim/collective/expert.h"
#include "sim/inputs/catalog_reader.h"

namespace fleetsim {
namespace {

const Catalog& SharedCatalog() {
  static const Catalog catalog = [] {
    auto read = ReadCatalog(std::string(FLEETSIM_SOURCE_DIR) + "/platforms/catalog");
    if (!read.ok()) std::cerr << read.status() << "\n", std::exit(1);
    return *std::move(read);
  }();
  return catalog;
}

// `hosts` HGX H100 on NDR.
GroupPlacement GroupOf(int hosts) {
  GroupPlacement group;
  for (int i = 0; i < hosts; ++i) group.hosts.push_back(i);
  group.ranks_per_host = 8;
  group.nic_share = BytesPerSecond(400e9);
  group.local.fabric = *FindFabric(SharedCatalog(), "nvlink4");
  group.local.bandwidth = BytesPerSecond(450e9);
  group.scale_out = *FindFabric(SharedCatalog(), "infiniband-ndr");
  group.hop_latency = Seconds(1e-6);
  return group;
}

void LocalAllReduce(benchmark::State& state) {
  const DomainLinks links = GroupOf(1).local;
  double bytes = 1024;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        LocalCollectiveTime(CollectiveKind::kAllReduce, 8, Bytes(bytes += 1), links));
  }
}
BENCHMARK(LocalAllReduce);

void ClosedForm(benchmark::State& state) {
  const GroupPlacement group = GroupOf(static_cast<int>(state.range(0)));
  double bytes = 1024;
  for (auto _ : state) {
    benchmark::DoNotOptimize(CollectiveTime(CollectiveKind::kAllReduce, Bytes(bytes += 1), group));
  }
}
BENCHMARK(ClosedForm)->Arg(2)->Arg(2048);

void PlanAllToAll(benchmark::State& state) {
  const GroupPlacement group = GroupOf(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(PlanCollective(CollectiveKind::kAllToAll, Bytes(1e9), group));
  }
}
BENCHMARK(PlanAllToAll)->Arg(8)->Arg(2048)->Unit(benchmark::kMicrosecond);

void PlanExpertDispatch(benchmark::State& state) {
  const GroupPlacement group = GroupOf(8);
  const ExpertExchange exchange{.library = ExpertLibrary::kNormal,
                                .tokens = 4096,
                                .token = Bytes(7392),
                                .experts = 256,
                                .experts_per_token = 8};
  for (auto _ : state) benchmark::DoNotOptimize(PlanExpertExchange(exchange, group));
}
BENCHMARK(PlanExpertDispatch);

}  // namespace
}  // namespace fleetsim
