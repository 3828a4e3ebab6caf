#include "sim/validation/serving_formats.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fleetsim {
namespace {

constexpr ProductFormat kWide = {DataType::kBf16, DataType::kBf16};
constexpr ProductFormat kFp8Static = {{DataType::kFp8, Scaling::kTensor},
                                      {DataType::kFp8, Scaling::kTensorDelayed}};
constexpr ProductFormat kFp8Dynamic = {{DataType::kFp8, Scaling::kTensor},
                                       {DataType::kFp8, Scaling::kRow}};
constexpr ProductFormat kFp8Block = {{DataType::kFp8, Scaling::kBlock},
                                     {DataType::kFp8, Scaling::kBlock}};
constexpr ProductFormat kInt8 = {{DataType::kInt8, Scaling::kRow},
                                 {DataType::kInt8, Scaling::kRow}};
constexpr ProductFormat kInt8Only = {{DataType::kInt8, Scaling::kRow}, DataType::kBf16};
constexpr ProductFormat kInt4Only = {DataType::kInt4, DataType::kBf16};
constexpr ProductFormat kInt4Int8 = {DataType::kInt4, {DataType::kInt8, Scaling::kRow}};
constexpr ProductFormat kNvfp4 = {{DataType::kFp4, Scaling::kNv}, {DataType::kFp4, Scaling::kNv}};
constexpr ProductFormat kMxfp4Only = {{DataType::kFp4, Scaling::kMx}, DataType::kBf16};
constexpr ProductFormat kMxfp4Mxfp8 = {{DataType::kFp4, Scaling::kMx},
                                       {DataType::kFp8, Scaling::kMx}};

bool Multiplies(const Accelerator& accelerator, DataType dtype) {
  return accelerator.Peak(dtype).value() > 0;
}

// Whose publishers' 8-bit checkpoints have scales of 128 x 128 blocks.
bool PublishedInBlocks(const Architecture& model, const std::string& name) {
  if (model.latent) return true;
  for (const char* series : {"MiniMax", "Qwen3"}) {
    if (absl::StartsWith(name, series)) return true;
  }
  return false;
}

// Formats of MXFP4 experts: narrow activations where there are units of 4 bits.
ProductFormat Mxfp4On(const Accelerator& accelerator) {
  return Multiplies(accelerator, DataType::kFp4) ? kMxfp4Mxfp8 : kMxfp4Only;
}

absl::StatusOr<ProductFormat> EightBits(const ServingCase& point, const Architecture& model,
                                        const Accelerator& accelerator,
                                        std::vector<std::string>& rules) {
  const MeasuredCase& measured = point.measured;
  if (!Multiplies(accelerator, DataType::kFp8)) {
    if (Multiplies(accelerator, DataType::kInt8)) return kInt8;
    return absl::UnimplementedError("accelerator without units of 8 bits in the catalog");
  }
  if (absl::StrContains(measured.notes, "W8A8")) return kInt8;
  if (absl::StrContains(measured.notes, "fp8-dynamic")) return kFp8Dynamic;
  if (PublishedInBlocks(model, measured.model) && !absl::StrContains(measured.notes, "static")) {
    rules.push_back("8 bits: FP8 in blocks of 128, as the publisher's checkpoint");
    return kFp8Block;
  }
  if (!absl::StrContains(measured.notes, "fp8-static")) rules.push_back("8 bits: static FP8");
  return kFp8Static;
}

absl::StatusOr<ProductFormat> ByBits(const ServingCase& point, const Architecture& model,
                                     const Accelerator& accelerator,
                                     std::vector<std::string>& rules) {
  const double weights = point.weight_bits.value_or(16);
  const double activations = point.activation_bits.value_or(weights == 4 ? 0 : weights);
  if (weights == 16 && activations == 16) return kWide;
  if (weights == 8 && activations == 8) return EightBits(point, model, accelerator, rules);
  if (weights == 8 && activations == 16) return kInt8Only;
  if (weights == 4 && activations == 4) return kNvfp4;
  if (weights == 4 && activations == 8) return kInt4Int8;
  if (weights == 4 && activations == 16) return kInt4Only;
  if (weights == 4 && activations == 0) return Mxfp4On(accelerator);
  return absl::UnimplementedError(
      absl::StrCat("weights of ", weights, " bits with activations of ", activations));
}

absl::StatusOr<ProductFormat> ByName(const std::string& name, const ServingCase& point,
                                     const Architecture& model, const Accelerator& accelerator,
                                     std::vector<std::string>& rules) {
  if (name == "nvfp4") return kNvfp4;
  if (name == "fp8_block") return kFp8Block;
  if (name == "int4_wo") return kInt4Only;
  if (name == "fp8") return EightBits(point, model, accelerator, rules);
  if (name.empty() || name == "bfloat16") return kWide;
  return absl::UnimplementedError(absl::StrCat("format ", name));
}

// Checkpoints in 4 bits of latent-attention models (DeepSeek, Kimi) and gpt-oss: experts alone.
bool ExpertsAlone(const Architecture& model, const ServingPrecision& precision) {
  const DataType dtype = precision.products.weights.dtype;
  const bool four = dtype == DataType::kFp4 || dtype == DataType::kInt4;
  return four && model.experts &&
         (model.latent || absl::StartsWith(absl::AsciiStrToLower(model.name), "gpt-oss"));
}

DataType CacheOf(const ServingCase& point, const ServingPrecision& precision,
                 const Accelerator& accelerator, std::vector<std::string>& rules) {
  const DataType narrow =
      Multiplies(accelerator, DataType::kFp8) ? DataType::kFp8 : DataType::kInt8;
  if (point.cache_bits) return *point.cache_bits <= 8 ? narrow : DataType::kBf16;
  // InferenceX's recipes: --kv-cache-dtype fp8 with every engine where there are units of 4 bits,
  // and with Llama on Hopper too.
  if (point.benchmark == Benchmark::kInferenceX &&
      precision.products.weights.dtype != DataType::kBf16 &&
      (Multiplies(accelerator, DataType::kFp4) ||
       absl::StartsWith(point.measured.model, "Llama-3"))) {
    rules.push_back("cache format not stated: FP8, as InferenceX's recipes");
    return DataType::kFp8;
  }
  const bool tensorrt = absl::StartsWithIgnoreCase(point.engine, "trt");
  const bool is_narrow = tensorrt && IsNarrow(precision.products.activations.dtype);
  rules.push_back(is_narrow ? "cache format not stated: FP8, as ModelOpt's checkpoints"
                            : "cache format not stated: 16 bits");
  return is_narrow ? narrow : DataType::kBf16;
}

}  // namespace

absl::StatusOr<ServingPrecision> FormatsOf(const ServingCase& point, const Architecture& model,
                                           const Accelerator& accelerator,
                                           std::vector<std::string>& rules) {
  ServingPrecision precision;
  const bool gpt_oss = absl::StartsWith(absl::AsciiStrToLower(point.measured.model), "gpt-oss");
  if (gpt_oss) {
    precision.products = Mxfp4On(accelerator);
  } else if (!point.weight_bits) {
    if (point.weight_format.empty()) rules.push_back("format not stated: BF16");
    ASSIGN_OR_RETURN(precision.products,
                     ByName(point.weight_format, point, model, accelerator, rules));
  } else {
    ASSIGN_OR_RETURN(precision.products, ByBits(point, model, accelerator, rules));
  }
  precision.experts = precision.products;
  precision.cache = CacheOf(point, precision, accelerator, rules);
  if (ExpertsAlone(model, precision)) {
    rules.push_back("4 bits: routed experts alone, the rest in 16 bits");
    precision.products = kWide;
  }
  return precision;
}

}  // namespace fleetsim
