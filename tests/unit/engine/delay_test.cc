// Who a program waits for, on programs small enough to follow by hand.
#include <gmock/gmock.h>

#include "sim/engine/simulation.h"
#include "tests/unit/engine/small_fleet.h"

namespace fleetsim {
namespace {

using ::testing::DoubleNear;
using ::testing::IsEmpty;

constexpr double kTolerance_s = 1e-8;
constexpr double kBytes = 50e6;  // a millisecond between two hosts, and twice 1 us

Work WorkOf(double seconds) {
  Work work{.duration = Seconds(seconds)};
  work.parts[static_cast<int>(Part::kForward)] = Seconds(seconds);
  work.activities[static_cast<int>(Activity::kMatrix)] = Seconds(seconds);
  return work;
}

Op Compute(int work) { return {.kind = OpKind::kCompute, .work = work}; }
Op Send(int after) {
  return {.kind = OpKind::kSend, .stream = 1, .peer = 0, .bytes = kBytes, .after = {after, -1}};
}
Op Receive() { return {.kind = OpKind::kRecv, .stream = 2, .peer = 0}; }
Op After(Op op, int before) {
  op.after[0] = before;
  return op;
}

// Half speed on host 0, from the first moment on.
SmallFleetSpec HalfSpeed() {
  return {.extra_xml =
              "<trace id=\"slow\" periodicity=\"-1\">0 0.5</trace>"
              "<trace_connect kind=\"SPEED\" trace=\"slow\" element=\"host-0\"/>"};
}

ProgramRecord Record(Simulation& simulation, const Program& program,
                     const ExecutorOptions& options = {}) {
  auto record = simulation.RunProgram(program, options);
  EXPECT_TRUE(record.ok()) << record.status();
  return record.ok() ? *std::move(record) : ProgramRecord();
}

// Two workers compute, meet, and compute again: 10 and 30 ms, then 5 ms each.
Program Meeting() {
  Program program;
  program.works = {WorkOf(0.010), WorkOf(0.030), WorkOf(0.005)};
  program.collectives = {{.kind = CollectiveKind::kAllReduce, .bytes = Bytes(8.0)}};
  program.collectives[0].fixed_duration = Seconds(0.0);
  for (const int work : {0, 1}) {
    program.op_lists.push_back(
        {{Compute(work), {.kind = OpKind::kCollective, .group = 0, .collective = 0}, Compute(2)}});
  }
  program.workers = {{0, 8, 0, {}, {0}}, {1, 8, 1, {}, {0}}};
  program.groups = {{.workers = {0, 1}, .lanes = 8}};
  return program;
}

TEST(Delay, IsOfWhoComesLast) {
  SmallFleet small(HalfSpeed());
  small.fleet().hosts[0].varying_speed = true;
  auto simulation = small.Load();
  // 20 ms of worker 0 are over before the 30 of worker 1: only the 10 for 5 after it hold up the
  // end.
  const ProgramRecord record = Record(*simulation, Meeting());
  EXPECT_THAT(record.duration.value(), DoubleNear(0.040, kTolerance_s));
  ASSERT_EQ(record.delays.size(), 1u);
  EXPECT_EQ(record.delays[0].host, 0);
  EXPECT_THAT(record.delays[0].delay.value(), DoubleNear(0.005, kTolerance_s));
  EXPECT_THAT(record.workers[0].computing.value(), DoubleNear(0.030, kTolerance_s));
  EXPECT_THAT(record.workers[0].nominal_computing.value(), DoubleNear(0.015, kTolerance_s));
  const ProgramRecord nominal = Record(*simulation, Meeting(), {.nominal_speeds = true});
  EXPECT_THAT(nominal.duration.value(), DoubleNear(0.035, kTolerance_s));
  EXPECT_THAT(nominal.delays, IsEmpty());
}

// A pass on worker 0, one on worker 1, and one on worker 0 again, 10 ms each at nominal speed.
Program ThereAndBack() {
  Program program;
  program.works = {WorkOf(0.010)};
  program.op_lists = {{{Compute(0), Send(0), Receive(), After(Compute(0), 2)}},
                      {{Receive(), After(Compute(0), 0), Send(1)}}};
  program.workers = {{0, 8, 0, {1}, {}}, {1, 8, 1, {0}, {}}};
  return program;
}

TEST(Delay, GoesThroughTransfers) {
  SmallFleet small(HalfSpeed());
  small.fleet().hosts[0].varying_speed = true;
  auto simulation = small.Load();
  const ProgramRecord record = Record(*simulation, ThereAndBack());
  const double transfer = 0.001 + 2e-6;
  EXPECT_THAT(record.duration.value(), DoubleNear(0.050 + 2 * transfer, kTolerance_s));
  ASSERT_EQ(record.delays.size(), 1u);
  EXPECT_EQ(record.delays[0].host, 0);
  EXPECT_THAT(record.delays[0].delay.value(), DoubleNear(0.020, kTolerance_s));
}

// Slower hardware instead of a profile: worker 1 has a list of its own, and says which is nominal.
TEST(Delay, OfSlowerHardware) {
  SmallFleet small;
  auto simulation = small.Load();
  Program program = ThereAndBack();
  program.works.push_back(WorkOf(0.016));
  program.op_lists.push_back(program.op_lists[1]);
  program.op_lists[1].ops[1].work = 1;
  program.workers[1].nominal_op_list = 2;
  const ProgramRecord record = Record(*simulation, program);
  ASSERT_EQ(record.delays.size(), 1u);
  EXPECT_EQ(record.delays[0].host, 1);
  EXPECT_THAT(record.delays[0].delay.value(), DoubleNear(0.006, kTolerance_s));
}

TEST(Delay, IsNotTracedWhereAllAreAlike) {
  SmallFleet small;
  auto simulation = small.Load();
  const ProgramRecord record = Record(*simulation, ThereAndBack());
  EXPECT_THAT(record.delays, IsEmpty());
  EXPECT_EQ(record.workers[0].computing, Seconds());
}

}  // namespace
}  // namespace fleetsim
