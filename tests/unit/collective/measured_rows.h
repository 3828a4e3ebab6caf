// Rows of measured tables, and how far the model is from them by table, operation and ranks. The
// tables are not part of the project: FLEETSIM_SHARED, by default ../shared.
#ifndef TESTS_UNIT_COLLECTIVE_MEASURED_ROWS_H_
#define TESTS_UNIT_COLLECTIVE_MEASURED_ROWS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/unit/collective/fabrics_for_tests.h"

namespace fleetsim {

inline std::string MeasuredPath(const std::string& name) {
  const char* shared = std::getenv("FLEETSIM_SHARED");
  const std::string root =
      shared != nullptr ? shared : std::string(FLEETSIM_SOURCE_DIR) + "/../shared";
  return root + "/measured/" + name;
}

// One row: its cells by column.
using MeasuredRow = std::map<std::string, std::string>;

inline double Number(const MeasuredRow& row, const std::string& column) {
  double value = 0;
  EXPECT_TRUE(absl::SimpleAtod(row.at(column), &value)) << column << " " << row.at(column);
  return value;
}

// Empty where the table is not there. Cells of these tables have no quotes.
inline std::vector<MeasuredRow> ReadMeasured(const std::string& name) {
  const std::string path = MeasuredPath(name);
  std::vector<MeasuredRow> rows;
  if (!std::filesystem::exists(path)) return rows;
  const bool packed = path.ends_with(".xz");
  std::FILE* input = popen(((packed ? "xz -dc '" : "cat '") + path + "'").c_str(), "r");
  std::vector<std::string> header;
  char line[4096];
  while (input != nullptr && std::fgets(line, sizeof line, input) != nullptr) {
    std::vector<std::string> cells = absl::StrSplit(absl::StripAsciiWhitespace(line), ',');
    if (header.empty()) {
      header = cells;
      continue;
    }
    MeasuredRow row;
    for (size_t i = 0; i < header.size() && i < cells.size(); ++i) row[header[i]] = cells[i];
    rows.push_back(row);
  }
  if (input != nullptr) pclose(input);
  return rows;
}

// Absolute errors by what a line of the summary stands for.
class Errors {
 public:
  void Add(const std::string& line, double bytes, Seconds model, double measured_s) {
    const double error = std::abs(model.value() / measured_s - 1.0);
    (bytes > kMiB ? large_ : small_)[line].push_back(error);
    (bytes > kMiB ? large_ : small_)[kAll].push_back(error);
  }
  // Medians of all rows; zero without any.
  double Large() const { return Median(large_, kAll); }
  double Small() const { return Median(small_, kAll); }
  // As a table for docs/collectives.md.
  void Print(const std::string& table) const {
    std::map<std::string, int> lines;
    for (const auto& [line, errors] : small_) lines[line] += static_cast<int>(errors.size());
    for (const auto& [line, errors] : large_) lines[line] += static_cast<int>(errors.size());
    for (const auto& [line, count] : lines) {
      std::cout << absl::StrFormat("| %s | %s | %d | %s | %s |\n", table, line, count,
                                   Percent(small_, line), Percent(large_, line));
    }
  }

 private:
  static constexpr char kAll[] = "all";
  using ByLine = std::map<std::string, std::vector<double>>;
  static double Median(const ByLine& errors, const std::string& line) {
    const auto found = errors.find(line);
    if (found == errors.end()) return 0;
    std::vector<double> values = found->second;
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
  }
  static std::string Percent(const ByLine& errors, const std::string& line) {
    return errors.count(line) ? absl::StrFormat("%.1f", 100 * Median(errors, line)) : "";
  }

  ByLine small_, large_;
};

// A machine of the tables as the model sees it.
struct Machine {
  std::string fabric;
  double bandwidth = 0;  // one accelerator, one direction
  int domain = 8;
};

// By the name that aiconfigurator gives it.
inline const std::map<std::string, Machine>& Machines() {
  static const std::map<std::string, Machine> machines = {
      {"a100_sxm", {"nvlink3", 300e9, 8}},         {"h100_sxm", {"nvlink4", 450e9, 8}},
      {"h200_sxm", {"nvlink4", 450e9, 8}},         {"b200_sxm", {"nvlink5", 900e9, 8}},
      {"b300_sxm", {"nvlink5", 900e9, 8}},         {"gb200", {"nvlink5-nvl72", 900e9, 72}},
      {"gb300", {"nvlink5-nvl72", 900e9, 72}},     {"l40s", {"pcie4", 31e9, 8}},
      {"rtx_pro_6000_server", {"pcie5", 63e9, 8}}, {"b60", {"pcie5-x8", 31.5e9, 8}},
  };
  return machines;
}

// What a loop of calls holds beside the collective where the host launches each: it can go no
// faster than the host, and what is not registered with the library (as a graph's buffers are) is
// copied once in the device's memory.
struct LaunchedLoop {
  double launch_us = 0;           // of the host; median of the table's messages up to 64 KiB
  double memory_bytes_per_s = 0;  // data sheet; a copy reads and writes at 0.87 of it
  Seconds Of(Seconds device, Bytes copied) const {
    constexpr double kCopyRatio = 0.87;
    const Seconds copy(2 * copied.value() / (kCopyRatio * memory_bytes_per_s));
    return Max(Seconds(launch_us * 1e-6), device + copy);
  }
};

// Hosts of aiconfigurator's table of engines: AMD Rome beside A100, Intel Xeon beside H100 to B300,
// Nvidia Grace beside GB200 and GB300. The same host has much the same time in every engine.
inline const std::map<std::string, LaunchedLoop>& LaunchedLoops() {
  static const std::map<std::string, LaunchedLoop> loops = {{"a100_sxm", {45, 2.039e12}},
                                                            {"h100_sxm", {21, 3.35e12}},
                                                            {"h200_sxm", {21, 4.8e12}},
                                                            {"b200_sxm", {21, 8e12}},
                                                            {"b300_sxm", {21, 8e12}},
                                                            {"gb200", {50, 8e12}},
                                                            {"gb300", {48, 8e12}},
                                                            {"l40s", {57, 0.864e12}},
                                                            {"rtx_pro_6000_server", {25, 1.6e12}},
                                                            {"b60", {48, 0.456e12}}};
  return loops;
}

inline const Fabric& FabricNamed(const std::string& name) {
  static std::map<std::string, Fabric> fabrics;
  const auto found = fabrics.find(name);
  return found != fabrics.end() ? found->second
                                : fabrics.emplace(name, CatalogFabric(name)).first->second;
}

inline DomainLinks LinksOf(const Machine& machine) {
  DomainLinks links = LinksOf(FabricNamed(machine.fabric), machine.bandwidth);
  links.domain_accelerators = machine.domain;
  return links;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_COLLECTIVE_MEASURED_ROWS_H_
