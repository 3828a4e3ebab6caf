#include "sim/base/isolated.h"

#include <csignal>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetsim {
namespace {

TEST(Isolated, ResultsComeInTheOrderOfTheTasks) {
  std::vector<IsolatedTask> tasks;
  for (int i = 0; i < 20; ++i) {
    tasks.push_back([i]() -> absl::StatusOr<std::string> { return std::to_string(i * i); });
  }
  std::vector<int> progress;
  const auto results = RunIsolated(tasks, 3, [&](int done) { progress.push_back(done); });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*results[i], std::to_string(i * i));
  EXPECT_EQ(progress.size(), 20u);
}

TEST(Isolated, StatusTravels) {
  const auto results = RunIsolated(
      {[]() -> absl::StatusOr<std::string> { return Infeasible("does not fit: 93 of 80 GB"); }}, 1);
  EXPECT_EQ(results[0].status(), Infeasible("does not fit: 93 of 80 GB"));
}

TEST(Isolated, ADeadProcessIsAnErrorOfItsOwn) {
  const auto results = RunIsolated({[]() -> absl::StatusOr<std::string> {
                                      std::raise(SIGKILL);
                                      return "never";
                                    },
                                    []() -> absl::StatusOr<std::string> { return "alive"; }},
                                   2);
  EXPECT_EQ(results[0].status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(results[0].status().message()), ::testing::HasSubstr("signal 9"));
  EXPECT_EQ(*results[1], "alive");
}

TEST(Isolated, LargeResultsArriveWhole) {
  const std::string large(3'000'000, 'x');
  const auto results = RunIsolated({[&]() -> absl::StatusOr<std::string> { return large; },
                                    [&]() -> absl::StatusOr<std::string> { return large + "y"; }},
                                   2);
  EXPECT_EQ(*results[0], large);
  EXPECT_EQ(results[1]->size(), large.size() + 1);
}

}  // namespace
}  // namespace fleetsim
