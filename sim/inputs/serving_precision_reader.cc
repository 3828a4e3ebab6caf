#include "sim/inputs/serving_precision_reader.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "proto/serving.pb.h"

namespace fleetsim {
namespace {

using Entry = proto::ServingPrecision;

// Which activations each format of weights is multiplied with, the first where none are given.
struct Pairing {
  Entry::Weights name;
  NumberFormat weights;
  std::vector<Entry::Activations> activations;
};

const std::vector<Pairing>& Pairings() {
  static const auto* const kPairings = new std::vector<Pairing>{
      {Entry::BF16, DataType::kBf16, {Entry::ACT_BF16}},
      {Entry::FP16, DataType::kFp16, {Entry::ACT_FP16}},
      {Entry::FP8_TENSOR,
       {DataType::kFp8, Scaling::kTensor},
       {Entry::ACT_FP8_STATIC, Entry::ACT_FP8, Entry::ACT_BF16, Entry::ACT_FP16}},
      {Entry::FP8_BLOCK,
       {DataType::kFp8, Scaling::kBlock},
       {Entry::ACT_FP8_BLOCK, Entry::ACT_BF16}},
      {Entry::INT8,
       {DataType::kInt8, Scaling::kRow},
       {Entry::ACT_INT8, Entry::ACT_INT8_STATIC, Entry::ACT_BF16, Entry::ACT_FP16}},
      {Entry::INT4, DataType::kInt4, {Entry::ACT_BF16, Entry::ACT_FP16, Entry::ACT_INT8}},
      {Entry::NVFP4,
       {DataType::kFp4, Scaling::kNv},
       {Entry::ACT_NVFP4, Entry::ACT_BF16, Entry::ACT_FP16}},
      {Entry::MXFP4,
       {DataType::kFp4, Scaling::kMx},
       {Entry::ACT_BF16, Entry::ACT_FP16, Entry::ACT_MXFP8}},
  };
  return *kPairings;
}

NumberFormat FormatOf(Entry::Activations activations) {
  switch (activations) {
    case Entry::ACT_FP16:
      return DataType::kFp16;
    case Entry::ACT_FP8_STATIC:
      return {DataType::kFp8, Scaling::kTensorDelayed};
    case Entry::ACT_FP8:
      return {DataType::kFp8, Scaling::kRow};
    case Entry::ACT_FP8_BLOCK:
      return {DataType::kFp8, Scaling::kBlock};
    case Entry::ACT_INT8_STATIC:
      return {DataType::kInt8, Scaling::kTensorDelayed};
    case Entry::ACT_INT8:
      return {DataType::kInt8, Scaling::kRow};
    case Entry::ACT_NVFP4:
      return {DataType::kFp4, Scaling::kNv};
    case Entry::ACT_MXFP8:
      return {DataType::kFp8, Scaling::kMx};
    default:
      return DataType::kBf16;
  }
}

struct Fields {
  const char* weights;
  const char* activations;
};

absl::StatusOr<ProductFormat> ReadProduct(const FieldCheck& check, const Fields& fields,
                                          int weights, int activations) {
  const auto& pairings = Pairings();
  const auto found = std::find_if(pairings.begin(), pairings.end(),
                                  [&](const Pairing& pairing) { return pairing.name == weights; });
  if (found == pairings.end()) {
    return check.Wrong(fields.weights, absl::StrCat("is ", weights),
                       "give BF16, FP16, FP8_TENSOR, FP8_BLOCK, INT8, INT4, NVFP4 or MXFP4");
  }
  if (activations == Entry::ACTIVATIONS_UNSPECIFIED) activations = found->activations.front();
  std::vector<std::string> names;
  for (const Entry::Activations allowed : found->activations) {
    if (allowed == activations) return ProductFormat{found->weights, FormatOf(allowed)};
    names.push_back(Entry::Activations_Name(allowed));
  }
  const std::string given = Entry::Activations_IsValid(activations)
                                ? Entry::Activations_Name(Entry::Activations(activations))
                                : absl::StrCat(activations);
  return check.Wrong(
      fields.activations,
      absl::StrCat("is ", given, " with ", Entry::Weights_Name(found->name), " ", fields.weights),
      absl::StrCat("give one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<DataType> ReadCache(const FieldCheck& check, int cache, DataType wide) {
  switch (cache) {
    case Entry::CACHE_UNSPECIFIED:
    case Entry::KV_16BIT:
      return wide;
    case Entry::KV_FP8:
      return DataType::kFp8;
    case Entry::KV_INT8:
      return DataType::kInt8;
    default:
      return check.Wrong("cache", absl::StrCat("is ", cache), "give KV_16BIT, KV_FP8 or KV_INT8");
  }
}

}  // namespace

absl::StatusOr<ServingPrecision> ReadServingPrecision(const FieldCheck& check, const Entry& entry,
                                                      const Architecture& model) {
  ServingPrecision precision;
  const int weights = entry.weights() == Entry::WEIGHTS_UNSPECIFIED ? static_cast<int>(Entry::BF16)
                                                                    : entry.weights();
  ASSIGN_OR_RETURN(precision.products,
                   ReadProduct(check, {"weights", "activations"}, weights, entry.activations()));
  precision.experts = precision.products;
  const bool for_experts = entry.expert_weights() != Entry::WEIGHTS_UNSPECIFIED;
  if (!for_experts && entry.expert_activations() != Entry::ACTIVATIONS_UNSPECIFIED) {
    return check.Wrong("expert_activations", "is given without expert_weights", "give both");
  }
  if (for_experts) {
    if (!model.experts) {
      return check.Wrong("expert_weights", "is given",
                         absl::StrCat(model.name, " has no experts: leave it out"));
    }
    ASSIGN_OR_RETURN(precision.experts,
                     ReadProduct(check, {"expert_weights", "expert_activations"},
                                 entry.expert_weights(), entry.expert_activations()));
  }
  const DataType activations = precision.products.activations.dtype;
  const DataType wide = activations == DataType::kFp16 ? DataType::kFp16 : DataType::kBf16;
  ASSIGN_OR_RETURN(precision.cache, ReadCache(check, entry.cache(), wide));
  return precision;
}

}  // namespace fleetsim
