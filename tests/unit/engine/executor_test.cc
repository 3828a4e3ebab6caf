// Programs small enough to work out by hand.
#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/engine/group_placement.h"
#include "tests/unit/engine/small_fleet.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

constexpr double kTolerance_s = 1e-8;

Work WorkOf(double seconds, Part part) {
  Work work;
  work.duration = Seconds(seconds);
  work.parts[static_cast<int>(part)] = Seconds(seconds);
  work.activities[static_cast<int>(Activity::kMatrix)] = Seconds(seconds);
  return work;
}

Op Compute(int work) { return {.kind = OpKind::kCompute, .work = work}; }
Op After(Op op, int first, int second = -1) {
  op.after = {first, second};
  return op;
}
Op Send(int stream, int channel, double bytes, int after) {
  return {.kind = OpKind::kSend,
          .stream = static_cast<std::uint8_t>(stream),
          .peer = 0,
          .channel = channel,
          .bytes = bytes,
          .after = {after, -1}};
}
Op Recv(int stream, int channel) {
  return {.kind = OpKind::kRecv,
          .stream = static_cast<std::uint8_t>(stream),
          .peer = 0,
          .channel = channel};
}
Op Collective(int stream, int after) {
  return {.kind = OpKind::kCollective,
          .stream = static_cast<std::uint8_t>(stream),
          .group = 0,
          .collective = 0,
          .after = {after, -1}};
}

double PartOf(const WorkerRecord& record, Part part) {
  return record.parts[static_cast<int>(part)].value();
}

template <std::size_t n>
double Sum(const std::array<Seconds, n>& values) {
  double sum = 0.0;
  for (const Seconds value : values) sum += value.value();
  return sum;
}

void ExpectPartsSumToDuration(const ProgramRecord& record) {
  for (const WorkerRecord& worker : record.workers) {
    EXPECT_THAT(Sum(worker.parts), DoubleNear(record.duration.value(), 1e-12));
    EXPECT_THAT(Sum(worker.activities), DoubleNear(record.duration.value(), 1e-12));
  }
}

ProgramRecord MustRun(Simulation& simulation, const Program& program,
                      const ExecutorOptions& options = {}) {
  auto record = simulation.RunProgram(program, options);
  EXPECT_TRUE(record.ok()) << record.status();
  if (!record.ok()) return {};
  ExpectPartsSumToDuration(*record);
  return *std::move(record);
}

// Two stages, two micro-batches, 1F1B. Forward 10 ms, backward 20 ms, transfers of 50 MB over 50
// GB/s with 2 us: x = 1.002 ms.
Program TwoStages() {
  Program program;
  program.works = {WorkOf(0.010, Part::kForward), WorkOf(0.020, Part::kBackward)};
  const double bytes = 50e6;
  // Channel 0: activations down; channel 1: gradients up. Streams: 0 compute, 1 sends, 2 receives.
  OpList first, last;
  first.ops = {Compute(0), Send(1, 0, bytes, 0), Compute(0), Send(1, 0, bytes, 2),
               Recv(2, 1), After(Compute(1), 4), Recv(2, 1), After(Compute(1), 6)};
  last.ops = {Recv(2, 0), After(Compute(0), 0), Compute(1), Send(1, 1, bytes, 2),
              Recv(2, 0), After(Compute(0), 4), Compute(1), Send(1, 1, bytes, 6)};
  program.op_lists = {first, last};
  program.workers = {{0, 8, 0, {1}, {}}, {1, 8, 1, {0}, {}}};
  return program;
}

TEST(Executor, TwoStagePipelineByHand) {
  SmallFleet small;
  auto simulation = small.Load();
  const ProgramRecord record = MustRun(*simulation, TwoStages());
  const double x = 50e6 / 50e9 + 2e-6;
  // Last stage: F1 at 10+x, B1 at 20+x..40+x, F2 (arrived meanwhile) ..50+x, B2 ..70+x ms.
  // First stage: B1 starts at 40+2x and ends at 60+2x; gradient 2 comes at 70+2x; B2 ends 90+2x.
  EXPECT_THAT(record.duration.value(), DoubleNear(0.090 + 2 * x, kTolerance_s));
  const WorkerRecord& first = record.workers[0];
  EXPECT_THAT(PartOf(first, Part::kForward), DoubleNear(0.020, kTolerance_s));
  EXPECT_THAT(PartOf(first, Part::kBackward), DoubleNear(0.040, kTolerance_s));
  // It waits from 20 to 40+x ms for the last stage to get there, then x for the transfer; and from
  // 60+2x to 70+x again, and x.
  EXPECT_THAT(PartOf(first, Part::kPipelineExposed), DoubleNear(2 * x, kTolerance_s));
  EXPECT_THAT(PartOf(first, Part::kBubble), DoubleNear(0.020 + x + 0.010 - x, kTolerance_s));
  const WorkerRecord& last = record.workers[1];
  EXPECT_THAT(last.finished.value(), DoubleNear(0.070 + 2 * x, kTolerance_s));  // its last send
  EXPECT_THAT(PartOf(last, Part::kPipelineExposed), DoubleNear(2 * x, kTolerance_s));
  EXPECT_THAT(PartOf(last, Part::kBubble), DoubleNear(0.010 + 0.020, kTolerance_s));
  EXPECT_EQ(record.network_bytes, 4 * 50e6);
}

TEST(Executor, TimelineHasEveryOp) {
  SmallFleet small;
  auto simulation = small.Load();
  const ProgramRecord record = MustRun(*simulation, TwoStages(), {.timeline = true});
  ASSERT_EQ(record.timeline.size(), 16u);
  const OpInterval& first = record.timeline.front();
  EXPECT_EQ(first.worker, 0);
  EXPECT_EQ(first.op, 0);
  EXPECT_THAT(first.end.value(), DoubleNear(0.010, kTolerance_s));
}

TEST(Executor, SameInputSameRecordAndClockStartsAnew) {
  SmallFleet small;
  auto simulation = small.Load();
  const ProgramRecord a = MustRun(*simulation, TwoStages());
  const ProgramRecord b = MustRun(*simulation, TwoStages());
  EXPECT_THAT(b.duration.value(), DoubleNear(a.duration.value(), 1e-12));
  EXPECT_THAT(PartOf(b.workers[0], Part::kBubble),
              DoubleNear(PartOf(a.workers[0], Part::kBubble), 1e-12));
}

TEST(Executor, HostNamesDoNotMatter) {
  SmallFleet small({.host_prefix = "zebra_"});
  auto simulation = small.Load();
  const double x = 50e6 / 50e9 + 2e-6;
  EXPECT_THAT(MustRun(*simulation, TwoStages()).duration.value(),
              DoubleNear(0.090 + 2 * x, kTolerance_s));
}

TEST(Executor, WorkersShareTheirHostsNics) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program = TwoStages();
  // Half the accelerators: half the NICs.
  for (Worker& worker : program.workers) worker.accelerators = 4;
  const double x = 50e6 / 25e9 + 2e-6;
  EXPECT_THAT(MustRun(*simulation, program).duration.value(),
              DoubleNear(0.090 + 2 * x, kTolerance_s));
}

TEST(Executor, SameHostUsesTheScaleUpFabric) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program = TwoStages();
  for (Worker& worker : program.workers) worker.host = 0, worker.accelerators = 4;
  const ProgramRecord record = MustRun(*simulation, program);
  // Four pairs of accelerators move a quarter each.
  const double x = LocalTransferTime(Bytes(50e6 / 4), LinksOf(small.fleet().leaves[0])).value();
  EXPECT_THAT(record.duration.value(), DoubleNear(0.090 + 2 * x, kTolerance_s));
  EXPECT_EQ(record.network_bytes, 0.0);
}

TEST(Executor, SendOfAFoldedProgramTakesItsWorksTime) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program = TwoStages();
  program.works.push_back(WorkOf(0.003, Part::kOther));
  for (OpList& list : program.op_lists) {
    for (Op& op : list.ops) {
      if (op.kind == OpKind::kSend) op.work = 2;
    }
  }
  EXPECT_THAT(MustRun(*simulation, program).duration.value(), DoubleNear(0.096, kTolerance_s));
}

// Worker i computes for (i+1) x 10 ms, then all meet, then 5 ms more.
Program Meeting(int workers, double bytes) {
  Program program;
  program.works = {WorkOf(0.005, Part::kOptimizer)};
  program.collectives = {{.kind = CollectiveKind::kAllReduce, .bytes = Bytes(bytes)}};
  program.groups.push_back({});
  for (int i = 0; i < workers; ++i) {
    program.works.push_back(WorkOf(0.010 * (i + 1), Part::kBackward));
    OpList list;
    list.ops = {Compute(i + 1), Collective(1, 0), After(Compute(0), 1)};
    program.op_lists.push_back(list);
    program.workers.push_back({i, 8, i, {}, {0}});
    program.groups[0].workers.push_back(i);
  }
  return program;
}

TEST(Executor, CollectiveStartsWhenTheLastMemberArrives) {
  SmallFleet small({.hosts_per_leaf = 4});
  auto simulation = small.Load();
  const Program program = Meeting(4, 400e6);
  const CollectivePlan plan = PlanCollective(CollectiveKind::kAllReduce, Bytes(400e6),
                                             simulation->Place(program, program.groups[0]));
  const double duration = simulation->RunPattern({plan})->value();
  const ProgramRecord record = MustRun(*simulation, program);
  EXPECT_THAT(record.duration.value(), DoubleNear(0.040 + duration + 0.005, kTolerance_s));
  for (int i = 0; i < 4; ++i) {
    const WorkerRecord& worker = record.workers[i];
    EXPECT_THAT(PartOf(worker, Part::kBubble), DoubleNear(0.010 * (3 - i), kTolerance_s));
    EXPECT_THAT(PartOf(worker, Part::kDataExposed), DoubleNear(duration, kTolerance_s));
    EXPECT_THAT(PartOf(worker, Part::kOptimizer), DoubleNear(0.005, kTolerance_s));
  }
}

TEST(Executor, FixedDurationNeedsNoNetwork) {
  SmallFleet small({.hosts_per_leaf = 4});
  auto simulation = small.Load();
  Program program = Meeting(4, 400e6);
  program.collectives[0].fixed_duration = Seconds(0.007);
  const ProgramRecord record = MustRun(*simulation, program);
  EXPECT_THAT(record.duration.value(), DoubleNear(0.040 + 0.007 + 0.005, kTolerance_s));
  EXPECT_EQ(record.network_bytes, 0.0);
}

// A folded program's collective and transfer take their measured times where they are alone, and
// share the NIC where they meet. Worker 0 sends 200 MB while its group of one moves 400 MB in 20
// ms.
Program Folded(bool with_collective) {
  Program program;
  program.works = {WorkOf(0.005, Part::kForward), WorkOf(0.008, Part::kPipelineExposed)};
  program.collectives = {{.kind = CollectiveKind::kReduceScatter,
                          .bytes = Bytes(1.0),
                          .fixed_duration = Seconds(0.020),
                          .nic_bytes = Bytes(400e6)}};
  program.groups = {{.workers = {0}}};
  Op send = Send(1, 0, 200e6, 0);
  send.work = 1;
  program.op_lists.resize(2);
  program.op_lists[0].ops = {Compute(0), send};
  if (with_collective) program.op_lists[0].ops.push_back(Collective(3, 0));
  program.op_lists[1].ops = {Recv(2, 0)};
  program.workers = {{0, 8, 0, {1}, {0}}, {1, 8, 1, {0}, {}}};
  return program;
}

TEST(Executor, MeasuredTransferAloneTakesItsTime) {
  SmallFleet small({.hosts_per_leaf = 4});
  auto simulation = small.Load();
  const ProgramRecord record = MustRun(*simulation, Folded(false));
  EXPECT_THAT(record.duration.value(), DoubleNear(0.005 + 0.008, kTolerance_s));
}

TEST(Executor, MeasuredTrafficSharesTheNic) {
  SmallFleet small({.hosts_per_leaf = 4});
  auto simulation = small.Load();
  const ProgramRecord record = MustRun(*simulation, Folded(true), {.timeline = true});
  // Alone the send moves at 25 GB/s and the collective at 20 GB/s: 45 of the NIC's 50 GB/s.
  EXPECT_THAT(record.duration.value(), DoubleNear(0.005 + 0.020, kTolerance_s));
  // At twice the bytes in the same times both get 25 GB/s of it. The send needs 16 ms instead of 8;
  // the collective has the NIC for itself from then on: 400 of its 800 MB are left, at 40 GB/s.
  Program twice = Folded(true);
  twice.op_lists[0].ops[1].bytes = 400e6;
  twice.collectives[0].nic_bytes = Bytes(800e6);
  const double duration = MustRun(*simulation, twice).duration.value();
  EXPECT_THAT(duration, DoubleNear(0.005 + 0.016 + 400e6 / 40e9, 1e-5));  // but for latencies
}

TEST(Executor, MeasuredCollectiveWithoutAnIdleHostTakesItsTime) {
  SmallFleet small;
  auto simulation = small.Load();
  EXPECT_THAT(MustRun(*simulation, Folded(true)).duration.value(), DoubleNear(0.025, kTolerance_s));
}

TEST(Executor, PlacementOfAGroup) {
  SmallFleet small({.leaves = 2});
  auto simulation = small.Load();
  Program program = Meeting(4, 1.0);
  const GroupPlacement ring = simulation->Place(program, program.groups[0]);
  EXPECT_THAT(ring.hosts, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(ring.ranks_per_host, 1);
  EXPECT_EQ(ring.nic_share.value(), 50e9);
  // Two hops inside a leaf and two across: (2 + 3 + 2 + 3) / 4 us.
  EXPECT_THAT(ring.hop_latency.value(), DoubleNear(2.5e-6, 1e-15));
  // Two workers of two accelerators on each of two hosts.
  program.workers = {{0, 2, 0}, {0, 2, 0}, {1, 2, 0}, {1, 2, 0}};
  const GroupPlacement pairs = simulation->Place(program, program.groups[0]);
  EXPECT_THAT(pairs.hosts, testing::ElementsAre(0, 1));
  EXPECT_EQ(pairs.ranks_per_host, 2);
  EXPECT_EQ(pairs.nic_share.value(), 25e9);
}

TEST(Executor, WaitsOverlapWithCompute) {
  SmallFleet small;
  auto simulation = small.Load();
  // The collective (7 ms) hides behind 10 ms of compute on the compute stream.
  Program program = Meeting(2, 1.0);
  program.collectives[0].fixed_duration = Seconds(0.007);
  for (OpList& list : program.op_lists) {
    list.ops = {Compute(1), Collective(1, 0), Compute(1), After(Compute(0), 1)};
  }
  const ProgramRecord record = MustRun(*simulation, program);
  EXPECT_THAT(record.duration.value(), DoubleNear(0.025, kTolerance_s));
  EXPECT_EQ(PartOf(record.workers[0], Part::kDataExposed), 0.0);
}

TEST(Executor, DelaysAndOtherStreamsCount) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program;
  program.works = {WorkOf(0.010, Part::kForward), WorkOf(0.004, Part::kHost)};
  OpList list;
  // Compute, then a delay on stream 3 that the next compute waits for, then trailing work there.
  list.ops = {Compute(0),
              {.kind = OpKind::kDelay, .stream = 3, .work = 1, .after = {0, -1}},
              After(Compute(0), 1),
              {.kind = OpKind::kCompute, .stream = 3, .work = 0, .after = {2, -1}}};
  program.op_lists = {list};
  program.workers = {{0, 8, 0, {}, {}}};
  const ProgramRecord record = MustRun(*simulation, program);
  EXPECT_THAT(record.duration.value(), DoubleNear(0.034, kTolerance_s));
  EXPECT_THAT(PartOf(record.workers[0], Part::kHost), DoubleNear(0.004, kTolerance_s));
  EXPECT_THAT(PartOf(record.workers[0], Part::kForward), DoubleNear(0.030, kTolerance_s));
}

TEST(Executor, SpeedProfileStretchesCompute) {
  SmallFleet small({.extra_xml =
                        "<trace id=\"slow\" periodicity=\"-1\">0 1.0\n0.005 0.5\n</trace>"
                        "<trace_connect kind=\"SPEED\" trace=\"slow\" element=\"host-0\"/>"});
  small.fleet().hosts[0].varying_speed = true;
  auto simulation = small.Load();
  Program program = Meeting(2, 1.0);
  program.collectives[0].fixed_duration = Seconds(0.0);
  // Worker 0: 10 ms of work, half of it at half speed from 5 ms on: 15 ms. Worker 1: 20 ms. Then 5
  // ms of optimizer at half speed: 10 ms.
  const ProgramRecord record = MustRun(*simulation, program);
  EXPECT_THAT(record.duration.value(), DoubleNear(0.030, kTolerance_s));
  EXPECT_THAT(PartOf(record.workers[0], Part::kBackward), DoubleNear(0.015, kTolerance_s));
  EXPECT_THAT(PartOf(record.workers[0], Part::kOptimizer), DoubleNear(0.010, kTolerance_s));
  EXPECT_THAT(PartOf(record.workers[1], Part::kOptimizer), DoubleNear(0.005, kTolerance_s));
}

TEST(Executor, ReceiveThatNobodySendsIsAnError) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program = TwoStages();
  program.op_lists[0].ops.resize(3);  // the second activation is never sent
  const auto record = simulation->RunProgram(program);
  EXPECT_THAT(std::string(record.status().message()), HasSubstr("the program never ends"));
}

TEST(Executor, HostThatIsOffIsAnError) {
  SmallFleet small({.extra_xml =
                        "<trace id=\"dead\" periodicity=\"-1\">0 1\n0.001 0\n</trace>"
                        "<trace_connect kind=\"HOST_AVAIL\" trace=\"dead\" element=\"host-1\"/>"});
  auto simulation = small.Load();
  const auto record = simulation->RunProgram(TwoStages());
  EXPECT_THAT(std::string(record.status().message()), HasSubstr("host \"host-1\" is off"));
}

TEST(Executor, StorageIsRefused) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program;
  program.op_lists = {{{{.kind = OpKind::kStorage, .bytes = 1.0}}}};
  program.workers = {{0, 8, 0, {}, {}}};
  EXPECT_THAT(std::string(simulation->RunProgram(program).status().message()),
              HasSubstr("storage is not modelled"));
}

TEST(Executor, NoWorkersNoTime) {
  SmallFleet small;
  auto simulation = small.Load();
  EXPECT_EQ(MustRun(*simulation, Program()).duration.value(), 0.0);
}

// A property, on the pipeline: more bandwidth is never slower.
class ExecutorBandwidth : public testing::TestWithParam<double> {};

TEST_P(ExecutorBandwidth, TransfersFollowTheNic) {
  SmallFleet small({.nic_bytes_per_s = GetParam()});
  auto simulation = small.Load();
  const double x = 50e6 / GetParam() + 2e-6;
  EXPECT_THAT(MustRun(*simulation, TwoStages()).duration.value(),
              DoubleNear(0.090 + 2 * x, kTolerance_s));
}

INSTANTIATE_TEST_SUITE_P(Rates, ExecutorBandwidth, testing::Values(10e9, 25e9, 50e9, 100e9));

}  // namespace
}  // namespace fleetsim
