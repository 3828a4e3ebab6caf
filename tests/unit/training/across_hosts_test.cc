// Tensor and context groups that span hosts: what they exchange runs on the simulated network.
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/base/isolated.h"
#include "sim/training/network_times.h"
#include "sim/training/step.h"
#include "test_hardware.h"

namespace fleetsim {
namespace {

// Eight hosts of the test bed, hosts 0 to 3 under one leaf and 4 to 7 under another; a host has
// eight accelerators and 200 GB/s of NICs, of which a collective between leaves gets 0.9.
struct TwoLeaves {
  TestBed bed{8};

  explicit TwoLeaves(double uplink_gigabytes_per_s, bool alternate = false) {
    bed.fleet.leaves.push_back(bed.fleet.leaves[0]);
    bed.fleet.leaves[0].id = "leaf0";
    bed.fleet.leaves[1].id = "leaf1";
    for (int i = 0; i < 8; ++i) {
      const int leaf = alternate ? i % 2 : i / 4;
      const int number = alternate ? i / 2 : i % 4;
      bed.fleet.hosts[i] = {absl::StrCat("l", leaf, "-", number), leaf};
    }
    bed.catalog.fabrics["up"].protocols.push_back(
        {.algorithm = CollectiveAlgorithm::kDirect, .efficiency = 0.8});
    bed.fleet.file = absl::StrCat(bed.fleet.file, "-", uplink_gigabytes_per_s, ".xml");
    std::ofstream(bed.fleet.file) << Xml(uplink_gigabytes_per_s);
  }

  static std::string Xml(double uplink) {
    std::string xml =
        "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
        "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">\n"
        "<zone id=\"site\" routing=\"Floyd\">\n"
        "<zone id=\"core\" routing=\"Full\"><router id=\"core_switch\"/></zone>\n";
    std::string links, routes;
    for (const char leaf : {'0', '1'}) {
      xml += absl::StrFormat(
          "<cluster id=\"leaf%c\" prefix=\"l%c-\" radical=\"0-3\" suffix=\"\" "
          "router_id=\"leaf%c_switch\" speed=\"300Tf\" core=\"8\" bw=\"200GBps\" lat=\"1us\" "
          "sharing_policy=\"SPLITDUPLEX\" loopback_bw=\"300GBps\" loopback_lat=\"500ns\"/>\n",
          leaf, leaf, leaf);
      links += absl::StrFormat(
          "<link id=\"up%c\" bandwidth=\"%gGBps\" latency=\"0.5us\" "
          "sharing_policy=\"SPLITDUPLEX\"/>\n",
          leaf, uplink);
      routes += absl::StrFormat(
          "<zoneRoute src=\"leaf%c\" dst=\"core\" gw_src=\"leaf%c_switch\" "
          "gw_dst=\"core_switch\"><link_ctn id=\"up%c\" direction=\"UP\"/></zoneRoute>\n",
          leaf, leaf, leaf);
    }
    return xml + links + routes + "</zone></platform>\n";
  }
};

absl::StatusOr<StepResult> Simulate(const TestBed& bed, const Strategy& strategy, Detail detail,
                                    Simulation& simulation) {
  TrainingSpec spec = bed.Spec(strategy);
  spec.sequence_length = 8192;
  return SimulateStep(spec, bed.fleet, bed.catalog, {detail}, simulation);
}

// Sixteen tensor ranks on two hosts, or context ranks over several of them.
std::vector<Strategy> Spanning() {
  const Strategy tensor{.tensor = 16, .pipeline = 2, .data = 2, .micro_batches = 4};
  const Strategy context{.tensor = 2, .data = 4, .context = 8, .micro_batches = 4};
  std::vector<Strategy> ways(6, tensor);
  ways[1].sequence_parallel = true;
  ways[1].zero_stage = 1;
  ways[1].optimizer_shards = 2;
  for (int i = 2; i < 5; ++i) ways[i] = context;
  ways[3].context_method = ContextMethod::kUlysses;
  ways[4].context_method = ContextMethod::kAllGather;
  ways[5] = {.tensor = 16, .data = 2, .context = 2, .micro_batches = 2};
  return ways;
}

TEST(AcrossHosts, FoldedAgreesWithFull) {
  TwoLeaves fleet(1600);
  const auto simulation = Simulation::Load(fleet.bed.fleet);
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  for (const bool overlaps : {false, true}) {
    fleet.bed.stack.overlaps_gradient_reduction = overlaps;
    for (const Strategy& strategy : Spanning()) {
      const auto full = Simulate(fleet.bed, strategy, Detail::kFull, **simulation);
      const auto folded = Simulate(fleet.bed, strategy, Detail::kFolded, **simulation);
      ASSERT_TRUE(full.ok() && folded.ok()) << full.status() << folded.status();
      ASSERT_EQ(folded->detail, "folded");
      EXPECT_NEAR(folded->duration / full->duration, 1.0, 0.01)
          << strategy.tensor << " " << strategy.context << " "
          << static_cast<int>(strategy.context_method);
      EXPECT_NEAR(folded->network_bytes / full->network_bytes, 1.0, 1e-6);
      EXPECT_GT(full->parts[static_cast<int>(Part::kTensorExposed)], Seconds(0.0));
    }
  }
}

// One tensor group of 16 and nothing else between hosts. A gather or scatter through n ranks takes
// (n-1)/n of the buffer over each of its two host boundaries. Sequence-parallel: in each of 8
// layers two gathers and two scatters forward, as many backward and two gathers of inputs again;
// a scatter and a gather of the embedding; one gather forward, one and a scatter backward of the
// head. The loss's sums are less than a thousandth.
TEST(AcrossHosts, TensorBytesPassTheNics) {
  const TestBed bed(2);
  const auto simulation = Simulation::Load(bed.fleet);
  ASSERT_TRUE(simulation.ok());
  const auto step = Simulate(bed, {.tensor = 16, .micro_batches = 3, .sequence_parallel = true},
                             Detail::kFull, **simulation);
  ASSERT_TRUE(step.ok()) << step.status();
  const double activation = 8192 * 2048 * 2.0;
  const double moved = 3 * activation * (10 * 8 + 2 + 3) * 15 / 16 * 2;
  EXPECT_NEAR(step->network_bytes / moved, 1.0, 1e-3);
  // At 0.9 of 200 GB/s, and the latencies of a few hundred collectives beside it.
  const Seconds wire(moved / 2 / 180e9);
  const Seconds exposed = step->parts[static_cast<int>(Part::kTensorExposed)];
  EXPECT_GT(exposed, wire);
  EXPECT_LT(exposed, wire * 1.5);
}

Seconds TimeWith(const TrainingSpec& spec, const RankExchange& exchange, const Fleet& fleet,
                 Simulation& simulation) {
  const absl::StatusOr<Placement> placement = Place(spec.strategy, fleet);
  EXPECT_TRUE(placement.ok()) << placement.status();
  const WorkerKinds kinds{.hardware = {}, .kind = std::vector<int>(placement->workers.size(), 0)};
  PatternTimes times(spec, *placement, kinds, fleet, simulation);
  const Seconds time = times.Exchange(0, 0, exchange).time;
  EXPECT_TRUE(times.status().ok()) << times.status();
  return time;
}

// On an idle non-blocking network the flows take what the NICs' bandwidth says.
TEST(AcrossHosts, IdleNetworkGivesTheClosedForm) {
  TwoLeaves fleet(1600);
  const auto loaded = Simulation::Load(fleet.bed.fleet);
  ASSERT_TRUE(loaded.ok());
  const WorkerHardware hardware =
      *HardwareOf(fleet.bed.fleet.leaves[0], fleet.bed.catalog, DataType::kBf16);
  const Bytes bytes(4e9);  // latencies and the filling of pipelines are then a few per cent
  for (const Strategy& strategy : Spanning()) {
    const TrainingSpec spec = fleet.bed.Spec(strategy);
    std::vector<RankExchange> exchanges;
    if (strategy.tensor > 8) {
      exchanges.push_back({RankGroup::kTensor, CollectiveKind::kReduceScatter, bytes});
      exchanges.push_back({RankGroup::kTensor, CollectiveKind::kAllGather, bytes});
    }
    if (strategy.context > 1) {
      exchanges.push_back({RankGroup::kContext, std::nullopt, bytes});
      exchanges.push_back({RankGroup::kContext, CollectiveKind::kAllToAll, bytes});
      exchanges.push_back({RankGroup::kContext, CollectiveKind::kAllGather, bytes});
    }
    for (const RankExchange& exchange : exchanges) {
      const Seconds idle = TimeOf(spec, hardware, exchange).time;
      EXPECT_NEAR(TimeWith(spec, exchange, fleet.bed.fleet, **loaded) / idle, 1.0, 0.05)
          << strategy.tensor << " " << strategy.context << " "
          << (exchange.kind ? static_cast<int>(*exchange.kind) : -1);
    }
  }
}

// Exposed communication of tensor and context ranks on an uplink of so much, in a process of its
// own. Neighbouring hosts are under different leaves, so that every group of two hosts crosses it.
IsolatedTask ExposedOn(double uplink, const Strategy& strategy) {
  return [uplink, strategy]() -> absl::StatusOr<std::string> {
    const TwoLeaves fleet(uplink, true);
    ASSIGN_OR_RETURN(const auto simulation, Simulation::Load(fleet.bed.fleet));
    ASSIGN_OR_RETURN(const StepResult step,
                     Simulate(fleet.bed, strategy, Detail::kFolded, *simulation));
    return absl::StrFormat("%.17g", step.parts[static_cast<int>(Part::kTensorExposed)].value());
  };
}

// Four hosts of 200 GB/s send up: 800 GB/s do not block. Where the uplink decides, half of it takes
// twice as long, but for latencies and what attention hides.
TEST(AcrossHosts, ThinUplinksSlowTheGroupsThatCrossThem) {
  std::vector<Strategy> strategies(4, {.tensor = 4, .data = 4, .context = 4, .micro_batches = 2});
  strategies[0] = {.tensor = 16, .data = 4, .micro_batches = 2};
  strategies[2].context_method = ContextMethod::kUlysses;
  strategies[3].context_method = ContextMethod::kAllGather;
  for (const Strategy& strategy : strategies) {
    std::vector<IsolatedTask> tasks;
    for (const double uplink : {1600, 800, 40, 20}) tasks.push_back(ExposedOn(uplink, strategy));
    std::vector<double> exposed;
    for (const auto& result : RunIsolated(tasks, 1)) {
      ASSERT_TRUE(result.ok()) << result.status();
      exposed.push_back(std::stod(*result));
    }
    EXPECT_NEAR(exposed[1] / exposed[0], 1.0, 1e-3);
    EXPECT_GT(exposed[2], exposed[1] * 2.0);
    EXPECT_GT(exposed[3], exposed[2] * 1.6);
    EXPECT_LT(exposed[3], exposed[2] * 2.4);
  }
}

// What a group keeps inside its host does not meet the uplink.
TEST(AcrossHosts, GroupsInsideAHostDoNotMeetTheUplink) {
  TwoLeaves fleet(1);
  const auto loaded = Simulation::Load(fleet.bed.fleet);
  ASSERT_TRUE(loaded.ok());
  const TrainingSpec spec = fleet.bed.Spec({.tensor = 2, .data = 4, .context = 4});
  const WorkerHardware hardware =
      *HardwareOf(fleet.bed.fleet.leaves[0], fleet.bed.catalog, DataType::kBf16);
  const RankExchange exchange{RankGroup::kContext, CollectiveKind::kAllGather, Bytes(1e8)};
  EXPECT_EQ(TimeOf(spec, hardware, exchange).time,
            LocalCollectiveTime(CollectiveKind::kAllGather, 4, Bytes(1e8), hardware.links));
  EXPECT_EQ(TimeOf(spec, hardware, exchange).nic_bytes, Bytes(0.0));
}

// Gradients that are reduced beside a pass share the NICs with its tensor collectives.
TEST(AcrossHosts, ReductionsBesideAPassShareItsNics) {
  const TestBed bed(8);
  const auto loaded = Simulation::Load(bed.fleet);
  ASSERT_TRUE(loaded.ok());
  // A worker's two hosts exchange 100 GB each way in a pass of 1 s: half of their NICs.
  Program program;
  program.works.push_back({.duration = Seconds(1.0)});
  program.works[0].nic_bytes = Bytes(200e9);
  program.collectives.push_back({.kind = CollectiveKind::kAllReduce, .bytes = Bytes(1e9)});
  program.op_lists.push_back(
      {{{.kind = OpKind::kCompute, .stream = 0, .work = 0},
        {.kind = OpKind::kCollective, .stream = 3, .group = 0, .collective = 0}}});
  for (int host : {0, 2}) {
    program.workers.push_back({.host = host, .accelerators = 16, .groups = {0}, .hosts = 2});
  }
  program.groups.push_back({.workers = {0, 1}, .lanes = 16});
  const auto both = (*loaded)->RunProgram(program, {.timeline = true});
  ASSERT_TRUE(both.ok()) << both.status();
  program.works[0].nic_bytes = Bytes(0.0);
  const auto alone = (*loaded)->RunProgram(program, {.timeline = true});
  ASSERT_TRUE(alone.ok());
  const auto reduction = [](const ProgramRecord& record) {
    for (const OpInterval& op : record.timeline) {
      if (op.op == 1) return (op.end - op.start).value();
    }
    return 0.0;
  };
  // Eight lanes a host of 1 GB each between two: 8 GB at 180 GB/s; beside the pass at 100.
  EXPECT_NEAR(reduction(*alone), 8e9 / 180e9, 0.002);
  EXPECT_NEAR(reduction(*both), 8e9 / 100e9, 0.002);
  EXPECT_NEAR(both->duration.value(), 1.0, 1e-6);
  EXPECT_NEAR(both->network_bytes - alone->network_bytes, 400e9, 1.0);
}

}  // namespace
}  // namespace fleetsim
