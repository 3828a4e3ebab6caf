// A folder of the running test's own: tests run beside each other.
#ifndef TESTS_UNIT_INPUTS_TEST_FOLDER_H_
#define TESTS_UNIT_INPUTS_TEST_FOLDER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace fleetsim {

inline std::string TestFolder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::replace(name.begin(), name.end(), '/', '.');
  std::string folder = ::testing::TempDir() + "/fleetsim." + name;
  std::filesystem::create_directories(folder);
  return folder;
}

// Its path.
inline std::string WriteTestFile(const std::string& name, const std::string& content) {
  std::string path = TestFolder() + "/" + name;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_INPUTS_TEST_FOLDER_H_
