#include "sim/inputs/precision_reader.h"

#include "proto/workload.pb.h"
#include "sim/inputs/data_type.h"

namespace fleetsim {
namespace {

// Which scalings a narrow format is trained with, and their names for messages.
bool GoesWith(DataType precision, Scaling scaling) {
  switch (scaling) {
    case Scaling::kNone:
      return true;
    case Scaling::kTensorDelayed:
    case Scaling::kTensor:
    case Scaling::kRow:
      return precision == DataType::kFp8 || precision == DataType::kInt8;
    case Scaling::kBlock:
      return precision == DataType::kFp8;
    case Scaling::kMx:
      return precision == DataType::kFp8 || precision == DataType::kFp4;
    case Scaling::kNv:
      return precision == DataType::kFp4;
  }
  return false;
}

const char* ScalingsOf(DataType precision) {
  if (precision == DataType::kFp8) {
    return "PER_TENSOR_DELAYED, PER_TENSOR, PER_ROW, PER_BLOCK or MX with FP8";
  }
  return precision == DataType::kFp4 ? "NV or MX with FP4"
                                     : "PER_TENSOR_DELAYED, PER_TENSOR or PER_ROW with INT8";
}

absl::Status CheckNarrow(const FieldCheck& check, absl::string_view field, bool wanted,
                         DataType precision) {
  if (!wanted || precision == DataType::kFp8) return absl::OkStatus();
  return check.Wrong(field, absl::StrCat("is true with ", DataTypeName(precision)),
                     "false, or precision FP8");
}

}  // namespace

absl::StatusOr<DataType> ReadPrecision(const FieldCheck& check, int precision) {
  constexpr absl::string_view kFormats = "give BF16, FP16, FP8, FP4, INT8, TF32 or FP32";
  if (precision == proto::DATA_TYPE_UNSPECIFIED) {
    return check.Wrong("precision", "is missing", kFormats);
  }
  if (precision == proto::INT4 || !proto::DataType_IsValid(precision)) {
    return check.Wrong(
        "precision",
        absl::StrCat("is ", proto::DataType_Name(static_cast<proto::DataType>(precision))),
        kFormats);
  }
  return ReadDataType(precision, check.At("precision"));
}

absl::StatusOr<PrecisionRecipe> ReadPrecisionRecipe(const FieldCheck& check,
                                                    const proto::PrecisionRecipe& entry,
                                                    DataType precision, int layers) {
  if (!IsNarrow(precision)) {
    return check.Wrong("", absl::StrCat("is given with ", DataTypeName(precision)),
                       "a recipe with FP8, FP4 or INT8 only");
  }
  PrecisionRecipe recipe;
  recipe.scaling = static_cast<Scaling>(entry.scaling());
  if (!GoesWith(precision, recipe.scaling)) {
    return check.Wrong("scaling", absl::StrCat("is ", proto::Scaling_Name(entry.scaling())),
                       ScalingsOf(precision));
  }
  RETURN_IF_ERROR(check.InRange("first_wide_layers", entry.first_wide_layers(), 0, layers));
  RETURN_IF_ERROR(check.InRange("last_wide_layers", entry.last_wide_layers(), 0,
                                layers - entry.first_wide_layers()));
  RETURN_IF_ERROR(CheckNarrow(check, "narrow_attention", entry.narrow_attention(), precision));
  RETURN_IF_ERROR(CheckNarrow(check, "narrow_parameters", entry.narrow_parameters(), precision));
  recipe.first_wide_layers = entry.first_wide_layers();
  recipe.last_wide_layers = entry.last_wide_layers();
  recipe.narrow_attention = entry.narrow_attention();
  if (entry.has_narrow_parameters()) recipe.narrow_parameters = entry.narrow_parameters();
  return recipe;
}

}  // namespace fleetsim
