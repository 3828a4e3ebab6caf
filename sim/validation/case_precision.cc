#include "sim/validation/case_precision.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fleetsim {
namespace {

struct NamedFormat {
  const char* text;  // that the column `precision` starts with; the longest first
  DataType dtype;
  Scaling scaling;  // none: the stack's
};
constexpr std::array<NamedFormat, 10> kFormats = {{
    {"bf16", DataType::kBf16, Scaling::kNone},
    {"fp16", DataType::kFp16, Scaling::kNone},
    {"fp8 (current scaling)", DataType::kFp8, Scaling::kTensor},
    {"fp8 tensorwise", DataType::kFp8, Scaling::kTensor},
    {"fp8 rowwise", DataType::kFp8, Scaling::kRow},
    {"fp8 or nvfp4", DataType::kFp4, Scaling::kNv},
    {"fp8", DataType::kFp8, Scaling::kNone},
    {"mxfp8", DataType::kFp8, Scaling::kMx},
    {"nvfp4", DataType::kFp4, Scaling::kNv},
    {"int8", DataType::kInt8, Scaling::kRow},
}};

}  // namespace

absl::Status SetPrecision(const MeasuredCase& measured, TrainingSpec& spec,
                          std::vector<std::string>& rules) {
  if (measured.precision.empty()) {
    rules.push_back("precision not stated: BF16");
    return absl::OkStatus();
  }
  for (const NamedFormat& format : kFormats) {
    if (!absl::StartsWith(measured.precision, format.text)) continue;
    spec.precision = format.dtype;
    spec.recipe.scaling = format.scaling;
    if (measured.precision == "fp8 or nvfp4") {
      rules.push_back("both FP8 and NVFP4 recipes are published for it: NVFP4");
    }
    CompleteRecipe(spec);
    return absl::OkStatus();
  }
  return absl::UnimplementedError(absl::StrCat("training in ", measured.precision));
}

}  // namespace fleetsim
