// Properties that hold whatever the program: checked on programs drawn at random. Each simulation
// runs in a process of its own.
#include <random>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/base/isolated.h"
#include "tests/unit/engine/small_fleet.h"

namespace fleetsim {
namespace {

constexpr int kWorkers = 8;
constexpr int kRounds = 30;

// Every worker works, sends to a neighbour or meets all others, round by round; transfers and
// collectives run beside the work of the next round. Works and bytes scale with `time` and `data`.
Program RandomProgram(unsigned seed, double time, double data) {
  // The engine's own stream of numbers: distributions differ between standard libraries.
  std::mt19937 random(seed);
  const auto draw = [&random](int limit) { return static_cast<int>(random() % limit); };
  Program program;
  for (int i = 0; i < 5; ++i) {
    Work work;
    work.duration = work.parts[i] = Seconds(time * 1e-3 * (1 + draw(20)));
    work.activities[i] = work.duration;
    program.works.push_back(work);
  }
  program.collectives = {{.kind = CollectiveKind::kAllReduce, .bytes = Bytes(data * 40e6)},
                         {.kind = CollectiveKind::kAllGather, .bytes = Bytes(data * 20e6)}};
  program.groups.push_back({.lanes = 8});
  for (int worker = 0; worker < kWorkers; ++worker) {
    program.op_lists.push_back({});
    const int next = (worker + 1) % kWorkers, previous = (worker + kWorkers - 1) % kWorkers;
    program.workers.push_back({worker, 8, worker, {previous, next}, {0}});
    program.groups[0].workers.push_back(worker);
  }
  std::vector<int> waits(kWorkers, -1);  // op that the next work waits for
  for (int round = 0; round < kRounds; ++round) {
    const int what = draw(3), collective = draw(2);
    for (int worker = 0; worker < kWorkers; ++worker) {
      std::vector<Op>& ops = program.op_lists[worker].ops;
      const int compute = static_cast<int>(ops.size());
      ops.push_back({.kind = OpKind::kCompute, .work = draw(5), .after = {waits[worker], -1}});
      if (what == 0) {
        ops.push_back({.kind = OpKind::kSend,
                       .stream = 1,
                       .peer = 1,
                       .bytes = data * 1e6 * (1 + draw(100)),
                       .after = {compute, -1}});
        ops.push_back({.kind = OpKind::kRecv, .stream = 2, .peer = 0});
      } else if (what == 1) {
        ops.push_back({.kind = OpKind::kCollective,
                       .stream = 3,
                       .group = 0,
                       .collective = collective,
                       .after = {compute, -1}});
      }
      waits[worker] = draw(2) == 0 ? static_cast<int>(ops.size()) - 1 : -1;
      if (waits[worker] == compute) waits[worker] = -1;  // same stream: in order anyway
    }
  }
  return program;
}

struct Setting {
  unsigned seed = 1;
  double time = 1.0, data = 1.0;          // of the program
  double bandwidth = 1.0, latency = 1.0;  // of the fleet
  std::string host_prefix = "host-";
};

// The whole record as text: 17 digits tell doubles apart.
std::string RecordText(const ProgramRecord& record) {
  std::string text = absl::StrFormat("%.17g %.17g %d\n", record.duration.value(),
                                     record.network_bytes, record.activities);
  for (const WorkerRecord& worker : record.workers) {
    for (const Seconds part : worker.parts) absl::StrAppendFormat(&text, "%.17g ", part.value());
    absl::StrAppendFormat(&text, "%.17g\n", worker.finished.value());
  }
  return text;
}

IsolatedTask TaskOf(const Setting& setting) {
  return [setting]() -> absl::StatusOr<std::string> {
    SmallFleet small({.leaves = 2,
                      .hosts_per_leaf = kWorkers / 2,
                      .nic_bytes_per_s = 50e9 * setting.bandwidth,
                      .nic_latency_s = 1e-6 * setting.latency,
                      .uplink_bytes_per_s = 100e9 * setting.bandwidth,
                      .uplink_latency_s = 0.5e-6 * setting.latency,
                      .scale_up_bytes_per_s = 100e9 * setting.bandwidth,
                      .host_prefix = setting.host_prefix});
    const auto simulation = Simulation::Load(small.fleet());
    if (!simulation.ok()) return simulation.status();
    const auto record =
        (*simulation)->RunProgram(RandomProgram(setting.seed, setting.time, setting.data));
    if (!record.ok()) return record.status();
    return RecordText(*record);
  };
}

std::vector<std::string> RunAll(const std::vector<Setting>& settings) {
  std::vector<IsolatedTask> tasks;
  for (const Setting& setting : settings) tasks.push_back(TaskOf(setting));
  std::vector<std::string> texts;
  // One at a time: they share a platform file's name.
  for (const auto& result : RunIsolated(tasks, 1)) {
    EXPECT_TRUE(result.ok()) << result.status();
    texts.push_back(result.value_or(""));
  }
  return texts;
}

double DurationOf(const std::string& text) { return std::stod(text); }

class ExecutorProperty : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ExecutorProperty, testing::Values(1, 2, 3, 4, 5));

TEST_P(ExecutorProperty, PartsSumToDuration) {
  SmallFleet small({.leaves = 2, .hosts_per_leaf = kWorkers / 2});
  auto simulation = small.Load();
  const auto record = simulation->RunProgram(RandomProgram(GetParam(), 1.0, 1.0));
  ASSERT_TRUE(record.ok()) << record.status();
  for (const WorkerRecord& worker : record->workers) {
    double parts = 0.0, activities = 0.0;
    for (const Seconds part : worker.parts) parts += part.value();
    for (const Seconds activity : worker.activities) activities += activity.value();
    EXPECT_NEAR(parts, record->duration.value(), 1e-12);
    EXPECT_NEAR(activities, record->duration.value(), 1e-12);
    EXPECT_LE(worker.finished, record->duration);
  }
}

TEST_P(ExecutorProperty, SameInputSameRecord) {
  const auto texts = RunAll({{.seed = GetParam()}, {.seed = GetParam()}});
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_P(ExecutorProperty, HostNamesDoNotMatter) {
  const auto texts = RunAll({{.seed = GetParam()}, {.seed = GetParam(), .host_prefix = "node_"}});
  EXPECT_EQ(texts[0], texts[1]);
}

TEST_P(ExecutorProperty, TwiceAsFastHardwareTakesHalfTheTime) {
  const auto texts = RunAll(
      {{.seed = GetParam()}, {.seed = GetParam(), .time = 0.5, .bandwidth = 2.0, .latency = 0.5}});
  EXPECT_NEAR(DurationOf(texts[1]) / DurationOf(texts[0]), 0.5, 1e-6);
}

TEST_P(ExecutorProperty, MoreBandwidthIsNeverSlower) {
  const auto texts = RunAll({{.seed = GetParam()},
                             {.seed = GetParam(), .bandwidth = 1.25},
                             {.seed = GetParam(), .bandwidth = 4.0}});
  EXPECT_LE(DurationOf(texts[1]), DurationOf(texts[0]) * (1 + 1e-9));
  EXPECT_LE(DurationOf(texts[2]), DurationOf(texts[1]) * (1 + 1e-9));
}

TEST_P(ExecutorProperty, LessDataIsNeverSlower) {
  const auto texts = RunAll({{.seed = GetParam()}, {.seed = GetParam(), .data = 0.5}});
  EXPECT_LE(DurationOf(texts[1]), DurationOf(texts[0]) * (1 + 1e-9));
}

}  // namespace
}  // namespace fleetsim
