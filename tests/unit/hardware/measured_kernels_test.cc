// Kernels of serving against the rows of the measured tables that scripts/fit/serving_fit.py leaves
// out: a tenth, drawn by the generator that numpy's RandomState(0) is.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sim/hardware/serving_kernel.h"
#include "sim/inputs/catalog_reader.h"
#include "tests/unit/collective/measured_rows.h"

namespace fleetsim {
namespace {

constexpr double kHeldOut = 0.1;

const Catalog& TheCatalog() {
  static const Catalog* catalog =
      new Catalog(*ReadCatalog(std::string(FLEETSIM_SOURCE_DIR) + "/platforms/catalog"));
  return *catalog;
}

Device DeviceNamed(const std::string& accelerator) {
  Device device;
  device.accelerator = *FindAccelerator(TheCatalog(), accelerator);
  device.kernels = *FindKernelClass(TheCatalog(), device.accelerator->kernel_class);
  return device;
}

using Keep = std::function<bool(const MeasuredRow&)>;

// Distinct rows that `keep` keeps, and of those the ones held out.
std::vector<MeasuredRow> HeldOut(const std::string& table, const std::vector<std::string>& keys,
                                 const Keep& keep) {
  std::vector<MeasuredRow> held;
  std::set<std::vector<std::string>> seen;
  std::mt19937 generator(0);
  for (const MeasuredRow& row : ReadMeasured("aiconfigurator/" + table + ".csv.xz")) {
    if (!keep(row)) continue;
    std::vector<std::string> cells;
    for (const std::string& key : keys) cells.push_back(row.at(key));
    if (!seen.insert(cells).second) continue;
    const double high = static_cast<double>(generator() >> 5);
    const double low = static_cast<double>(generator() >> 6);
    if ((high * 67108864 + low) / 9007199254740992.0 < kHeldOut) held.push_back(row);
  }
  return held;
}

struct Spread {
  double median = 0, p90 = 0;
};

Spread SpreadOf(std::vector<double> errors) {
  std::sort(errors.begin(), errors.end());
  return {errors[errors.size() / 2], errors[errors.size() * 9 / 10]};
}

// Errors of `time` on the rows, printed under `name`.
void AddErrors(const std::string& name, const std::vector<MeasuredRow>& rows,
               const std::function<Seconds(const MeasuredRow&)>& time, std::vector<double>* all) {
  if (rows.empty()) return;
  std::vector<double> errors;
  for (const MeasuredRow& row : rows) {
    errors.push_back(std::abs(time(row).value() / (Number(row, "lat_us") * 1e-6) - 1));
  }
  const Spread spread = SpreadOf(errors);
  std::cout << absl::StrFormat("%s: %d rows, median %.1f %%, 90th percentile %.1f %%\n", name,
                               errors.size(), 100 * spread.median, 100 * spread.p90);
  all->insert(all->end(), errors.begin(), errors.end());
}

struct Part {
  std::string system, accelerator, engine;  // engine of the attention tables
  KernelLibrary library = KernelLibrary::kAny;
};

const std::vector<Part> kParts = {
    {"h100_sxm", "nvidia-h100-sxm-80gb", "vllm-0.24.0"},
    {"h200_sxm", "nvidia-h200-sxm-141gb", "vllm-0.22.0"},
    {"b200_sxm", "nvidia-b200-sxm-180gb", "vllm-0.22.0"},
    {"gb200", "nvidia-gb200-186gb", "vllm-0.22.0"},
    {"b300_sxm", "nvidia-b300-sxm-288gb", "trtllm-1.3.0rc20"},
};

Seconds ProductAndRounding(const Device& device, const ProductFormat& format,
                           const MeasuredRow& row) {
  const double m = Number(row, "m"), k = Number(row, "k");
  return ServingGemm(device, format, {m, Number(row, "n"), k}).time +
         QuantiseActivations(device, format.activations, m, k, false);
}

TEST(MeasuredKernelsTest, ProductsHeldOut) {
  const std::vector<std::pair<std::string, NumberFormat>> formats = {
      {"bfloat16", DataType::kBf16},
      {"fp8", {DataType::kFp8, Scaling::kTensor}},
      {"fp8_block", {DataType::kFp8, Scaling::kBlock}},
      {"nvfp4", {DataType::kFp4, Scaling::kNv}}};
  std::vector<double> all;
  for (const Part& part : kParts) {
    const Device device = DeviceNamed(part.accelerator);
    for (const auto& [name, format] : formats) {
      const auto rows = HeldOut("gemm_" + part.system, {"m", "n", "k"}, [&](const auto& row) {
        return row.at("stack") == "trtllm-1.3.0rc20" && row.at("dtype") == name;
      });
      const ProductFormat both{format, format};
      AddErrors(
          part.system + " " + name, rows,
          [&](const auto& row) { return ProductAndRounding(device, both, row); }, &all);
    }
  }
  if (all.empty()) GTEST_SKIP() << "no measured tables";
  EXPECT_LE(SpreadOf(all).median, 0.08);
  EXPECT_LE(SpreadOf(all).p90, 0.25);
}

const std::vector<std::string> kAttentionKeys = {"batch",   "past",       "isl",
                                                 "n_heads", "n_kv_heads", "head_dim"};

Keep AttentionRows(const Part& part, const std::string& cache, bool decode) {
  return [part, cache, decode](const MeasuredRow& row) {
    if (row.at("stack") != part.engine || row.at("attn_dtype") != "bfloat16") return false;
    if (row.at("kv_dtype") != cache) return false;
    return decode ? Number(row, "n_heads") <= 32 * Number(row, "n_kv_heads")
                  : Number(row, "isl") >= 16;
  };
}

Seconds Decode(const Device& device, DataType cache, const MeasuredRow& row) {
  const double size = Number(row, "head_dim");
  return DecodeAttention(device, {.batch = Number(row, "batch"),
                                  .heads = Number(row, "n_heads"),
                                  .kv_heads = Number(row, "n_kv_heads"),
                                  .head_dim = size,
                                  .value_dim = size,
                                  .kv_tokens = Number(row, "past") + Number(row, "isl"),
                                  .cache = cache})
      .time;
}

Seconds Prefill(const Device& device, DataType cache, const MeasuredRow& row) {
  const double size = Number(row, "head_dim");
  return PrefillAttention(device, {.batch = Number(row, "batch"),
                                   .heads = Number(row, "n_heads"),
                                   .kv_heads = Number(row, "n_kv_heads"),
                                   .head_dim = size,
                                   .value_dim = size,
                                   .query_tokens = Number(row, "isl"),
                                   .past_tokens = Number(row, "past"),
                                   .cache = cache})
      .time;
}

TEST(MeasuredKernelsTest, AttentionHeldOut) {
  std::vector<Part> parts = kParts;
  for (const Part& part : kParts) {
    if (part.engine == "trtllm-1.3.0rc20") continue;
    parts.push_back(
        {part.system, part.accelerator, "trtllm-1.3.0rc20", KernelLibrary::kTensorRtLlm});
  }
  std::vector<double> all;
  for (const Part& part : parts) {
    Device device = DeviceNamed(part.accelerator);
    device.serving = part.library;
    for (const auto& [name, cache] : std::vector<std::pair<std::string, DataType>>{
             {"bfloat16", DataType::kBf16}, {"fp8", DataType::kFp8}}) {
      const DataType held = cache;
      AddErrors(
          part.system + " " + part.engine + " decode, cache " + name,
          HeldOut("attn_decode_" + part.system, kAttentionKeys, AttentionRows(part, name, true)),
          [&](const auto& row) { return Decode(device, held, row); }, &all);
      AddErrors(
          part.system + " " + part.engine + " prefill, cache " + name,
          HeldOut("attn_context_" + part.system, kAttentionKeys, AttentionRows(part, name, false)),
          [&](const auto& row) { return Prefill(device, held, row); }, &all);
    }
  }
  if (all.empty()) GTEST_SKIP() << "no measured tables";
  EXPECT_LE(SpreadOf(all).median, 0.08);
  EXPECT_LE(SpreadOf(all).p90, 0.25);
}

}  // namespace
}  // namespace fleetsim
