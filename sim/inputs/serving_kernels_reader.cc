#include "sim/inputs/serving_kernels_reader.h"

#include <string>
#include <utility>
#include <vector>

#include "proto/serving_kernels.pb.h"

namespace fleetsim {
namespace {

constexpr int kMostSplits = 1024;
constexpr double kLargestCount = 1000;
constexpr double kLargestHead = 4096;

absl::StatusOr<DataType> ReadElement(const KernelFields& fields, const std::string& path,
                                     proto::DataType dtype) {
  if (dtype == proto::DATA_TYPE_UNSPECIFIED || !proto::DataType_IsValid(dtype)) {
    return fields.Wrong(path, "is missing", "one of FP32, TF32, BF16, FP16, FP8, INT8, FP4, INT4");
  }
  return static_cast<DataType>(dtype - 1);  // the proto's enumeration starts with "unspecified"
}

absl::Status ReadSeconds(const KernelFields& fields, const std::string& path, double value,
                         Seconds* result) {
  *result = Seconds(value);
  return fields.Within(path, value, 0, kLongestStartUpSeconds);
}

absl::Status ReadRatio(const KernelFields& fields, const std::string& path, double value,
                       double* result) {
  *result = value;
  return fields.Above(path, value, 0, 1);
}

absl::Status ReadWithin(const KernelFields& fields, const std::string& path, double value,
                        double low, double high, double* result) {
  *result = value;
  return fields.Within(path, value, low, high);
}

absl::Status ReadTiles(const proto::ServingKernels& entry,
                       const proto::ServingKernels::Product& product, const KernelFields& fields,
                       const std::string& path, ServingProduct* result) {
  if (product.tile_ratio_size() != entry.tile_size()) {
    return fields.Wrong(path + "tile_ratio", absl::StrCat("has ", product.tile_ratio_size()),
                        absl::StrCat("one for each of the ", entry.tile_size(), " tiles"));
  }
  for (int i = 0; i < entry.tile_size(); ++i) {
    const std::string tile = absl::StrCat("serving.tile[", i, "].");
    MatrixTile read;
    RETURN_IF_ERROR(
        ReadWithin(fields, tile + "rows", entry.tile(i).rows(), 1, kLargestTile, &read.rows));
    RETURN_IF_ERROR(ReadWithin(fields, tile + "columns", entry.tile(i).columns(), 1, kLargestTile,
                               &read.columns));
    read.efficiency = product.tile_ratio(i);
    RETURN_IF_ERROR(
        fields.Above(absl::StrCat(path, "tile_ratio"), read.efficiency, 0, kLargestUnitRatio));
    result->tiles.push_back(read);
  }
  return absl::OkStatus();
}

absl::StatusOr<ServingProduct> ReadProduct(const proto::ServingKernels& entry, int index,
                                           const KernelFields& fields) {
  const proto::ServingKernels::Product& product = entry.product(index);
  const std::string path = absl::StrCat("serving.product[", index, "].");
  ServingProduct result;
  result.library = static_cast<KernelLibrary>(product.library());
  ASSIGN_OR_RETURN(result.weights.dtype, ReadElement(fields, path + "weights", product.weights()));
  result.weights.scaling = static_cast<Scaling>(product.scaling());
  result.weights_only = product.weights_only();
  RETURN_IF_ERROR(ReadTiles(entry, product, fields, path, &result));
  RETURN_IF_ERROR(
      ReadRatio(fields, path + "sustained_ratio", product.sustained_ratio(), &result.sustained));
  RETURN_IF_ERROR(ReadWithin(fields, path + "ramp_depth", product.ramp_depth(), 0, kDeepestRamp,
                             &result.ramp_depth));
  RETURN_IF_ERROR(ReadRatio(fields, path + "memory_ratio", product.memory_ratio(), &result.memory));
  RETURN_IF_ERROR(ReadWithin(fields, path + "overlap_loss_ratio", product.overlap_loss_ratio(), 0,
                             1, &result.overlap_loss));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "start_up_s", product.start_up_s(), &result.start_up));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "split_latency_s", product.split_latency_s(),
                              &result.split_latency));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "vector_start_up_s", product.vector_start_up_s(),
                              &result.vector_start_up));
  RETURN_IF_ERROR(
      ReadWithin(fields, path + "vector_ratio", product.vector_ratio(), 0, 1, &result.vector));
  return result;
}

absl::Status ReadPoints(
    const google::protobuf::RepeatedPtrField<proto::ServingKernels::Prefill::Point>& points,
    const KernelFields& fields, const std::string& parent, std::vector<HeadPoint>* result) {
  double previous = 0;
  for (int i = 0; i < points.size(); ++i) {
    const std::string path = absl::StrCat(parent, "point[", i, "].");
    const double head_dim = points[i].head_dim();
    RETURN_IF_ERROR(fields.Above(path + "head_dim", head_dim, previous, kLargestHead));
    RETURN_IF_ERROR(fields.Above(path + "ratio", points[i].ratio(), 0, 1));
    result->push_back({head_dim, points[i].ratio()});
    previous = head_dim;
  }
  return absl::OkStatus();
}

absl::StatusOr<PrefillKernel> ReadPrefill(const proto::ServingKernels& entry, int index,
                                          const KernelFields& fields) {
  const proto::ServingKernels::Prefill& prefill = entry.prefill(index);
  const std::string path = absl::StrCat("serving.prefill[", index, "].");
  PrefillKernel result;
  result.library = static_cast<KernelLibrary>(prefill.library());
  ASSIGN_OR_RETURN(result.arithmetic,
                   ReadElement(fields, path + "arithmetic", prefill.arithmetic()));
  ASSIGN_OR_RETURN(result.cache, ReadElement(fields, path + "cache", prefill.cache()));
  result.latent = prefill.latent();
  result.packs_groups = prefill.packs_groups();
  RETURN_IF_ERROR(ReadWithin(fields, path + "query_tile", prefill.query_tile(), 1, kLargestTile,
                             &result.query_tile));
  RETURN_IF_ERROR(
      ReadWithin(fields, path + "key_tile", prefill.key_tile(), 1, kLargestTile, &result.key_tile));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "start_up_s", prefill.start_up_s(), &result.start_up));
  RETURN_IF_ERROR(ReadWithin(fields, path + "ramp_tokens", prefill.ramp_tokens(), 0, kDeepestRamp,
                             &result.ramp_tokens));
  RETURN_IF_ERROR(
      ReadWithin(fields, path + "tail_rounds", prefill.tail_rounds(), 0, 1, &result.tail_rounds));
  RETURN_IF_ERROR(ReadRatio(fields, path + "memory_ratio", prefill.memory_ratio(), &result.memory));
  RETURN_IF_ERROR(ReadWithin(fields, path + "overlap_loss_ratio", prefill.overlap_loss_ratio(), 0,
                             1, &result.overlap_loss));
  RETURN_IF_ERROR(fields.NotEmpty(path + "point", prefill.point_size()));
  RETURN_IF_ERROR(ReadPoints(prefill.point(), fields, path, &result.points));
  return result;
}

absl::StatusOr<DecodeKernel> ReadDecode(const proto::ServingKernels& entry, int index,
                                        const KernelFields& fields) {
  const proto::ServingKernels::Decode& decode = entry.decode(index);
  const std::string path = absl::StrCat("serving.decode[", index, "].");
  DecodeKernel result;
  result.library = static_cast<KernelLibrary>(decode.library());
  ASSIGN_OR_RETURN(result.cache, ReadElement(fields, path + "cache", decode.cache()));
  result.latent = decode.latent();
  result.grouped = decode.grouped();
  RETURN_IF_ERROR(ReadPoints(decode.point(), fields, path, &result.points));
  RETURN_IF_ERROR(ReadRatio(fields, path + "memory_ratio", decode.memory_ratio(), &result.memory));
  RETURN_IF_ERROR(
      ReadRatio(fields, path + "arithmetic_ratio", decode.arithmetic_ratio(), &result.arithmetic));
  RETURN_IF_ERROR(ReadWithin(fields, path + "unit_share", decode.unit_share(), 0.01, kLargestCount,
                             &result.unit_share));
  RETURN_IF_ERROR(
      ReadWithin(fields, path + "key_tile", decode.key_tile(), 1, kLargestTile, &result.key_tile));
  RETURN_IF_ERROR(ReadWithin(fields, path + "max_split", decode.max_split(), 1, kMostSplits,
                             &result.max_split));
  if (decode.has_parts_per_unit()) {
    RETURN_IF_ERROR(ReadWithin(fields, path + "parts_per_unit", decode.parts_per_unit(), 1,
                               kLargestCount, &result.parts_per_unit));
  }
  RETURN_IF_ERROR(ReadWithin(fields, path + "ramp_tokens", decode.ramp_tokens(), 0, kDeepestRamp,
                             &result.ramp_tokens));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "start_up_s", decode.start_up_s(), &result.start_up));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "split_latency_s", decode.split_latency_s(),
                              &result.split_latency));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "query_latency_s", decode.query_latency_s(),
                              &result.query_latency));
  return result;
}

absl::StatusOr<ExpertLayerKernel> ReadExperts(const proto::ServingKernels& entry, int index,
                                              const KernelFields& fields) {
  const proto::ServingKernels::Experts& experts = entry.experts(index);
  const std::string path = absl::StrCat("serving.experts[", index, "].");
  ExpertLayerKernel result;
  result.library = static_cast<KernelLibrary>(experts.library());
  ASSIGN_OR_RETURN(result.weights.dtype, ReadElement(fields, path + "weights", experts.weights()));
  result.weights.scaling = static_cast<Scaling>(experts.scaling());
  result.weights_only = experts.weights_only();
  RETURN_IF_ERROR(
      ReadWithin(fields, path + "row_tile", experts.row_tile(), 1, kLargestTile, &result.row_tile));
  RETURN_IF_ERROR(
      ReadRatio(fields, path + "arithmetic_ratio", experts.arithmetic_ratio(), &result.arithmetic));
  RETURN_IF_ERROR(ReadRatio(fields, path + "memory_ratio", experts.memory_ratio(), &result.memory));
  RETURN_IF_ERROR(ReadWithin(fields, path + "copy_passes", experts.copy_passes(), 0, kLargestCount,
                             &result.copy_passes));
  RETURN_IF_ERROR(ReadWithin(fields, path + "overlap_loss_ratio", experts.overlap_loss_ratio(), 0,
                             1, &result.overlap_loss));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "start_up_s", experts.start_up_s(), &result.start_up));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "touched_latency_s", experts.touched_latency_s(),
                              &result.touched_latency));
  RETURN_IF_ERROR(
      ReadSeconds(fields, path + "held_latency_s", experts.held_latency_s(), &result.held_latency));
  RETURN_IF_ERROR(ReadSeconds(fields, path + "routed_latency_s", experts.routed_latency_s(),
                              &result.routed_latency));
  return result;
}

}  // namespace

absl::StatusOr<ServingKernels> ReadServingKernels(const proto::ServingKernels& entry,
                                                  const KernelFields& fields) {
  ServingKernels result;
  RETURN_IF_ERROR(fields.NotEmpty("serving.tile", entry.tile_size()));
  RETURN_IF_ERROR(fields.NotEmpty("serving.product", entry.product_size()));
  RETURN_IF_ERROR(fields.NotEmpty("serving.prefill", entry.prefill_size()));
  RETURN_IF_ERROR(fields.NotEmpty("serving.decode", entry.decode_size()));
  RETURN_IF_ERROR(fields.NotEmpty("serving.experts", entry.experts_size()));
  for (int i = 0; i < entry.product_size(); ++i) {
    ASSIGN_OR_RETURN(ServingProduct product, ReadProduct(entry, i, fields));
    result.products.push_back(std::move(product));
  }
  for (int i = 0; i < entry.prefill_size(); ++i) {
    ASSIGN_OR_RETURN(PrefillKernel prefill, ReadPrefill(entry, i, fields));
    result.prefill.push_back(std::move(prefill));
  }
  for (int i = 0; i < entry.decode_size(); ++i) {
    ASSIGN_OR_RETURN(DecodeKernel decode, ReadDecode(entry, i, fields));
    result.decode.push_back(std::move(decode));
  }
  for (int i = 0; i < entry.experts_size(); ++i) {
    ASSIGN_OR_RETURN(ExpertLayerKernel experts, ReadExperts(entry, i, fields));
    result.experts.push_back(std::move(experts));
  }
  RETURN_IF_ERROR(ReadSeconds(fields, "serving.scale_start_up_s", entry.scale_start_up_s(),
                              &result.scale_start_up));
  RETURN_IF_ERROR(ReadSeconds(fields, "serving.cast_start_up_s", entry.cast_start_up_s(),
                              &result.cast_start_up));
  RETURN_IF_ERROR(ReadSeconds(fields, "serving.row_cast_element_s", entry.row_cast_element_s(),
                              &result.row_cast_element));
  return result;
}

}  // namespace fleetsim
