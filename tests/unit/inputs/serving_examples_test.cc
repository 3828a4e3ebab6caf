#include <gtest/gtest.h>

#include <filesystem>

#include "sim/inputs/workload_reader.h"

namespace fleetsim {
namespace {

TEST(ServingExamples, AllAreServingJobs) {
  int read = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(FLEETSIM_SOURCE_DIR "/workloads/inference")) {
    const auto workload =
        ReadWorkload(file.path().string(), FLEETSIM_SOURCE_DIR "/workloads/models");
    ASSERT_TRUE(workload.ok()) << workload.status();
    for (const Job& job : workload->jobs) EXPECT_TRUE(job.serving.has_value()) << job.id;
    ++read;
  }
  EXPECT_GE(read, 1);
}

}  // namespace
}  // namespace fleetsim
