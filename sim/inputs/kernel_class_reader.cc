#include "sim/inputs/kernel_class_reader.h"

#include <utility>
#include <vector>

#include "proto/kernel_class.pb.h"
#include "sim/inputs/evidence.h"
#include "sim/inputs/kernel_fields.h"
#include "sim/inputs/serving_kernels_reader.h"

namespace fleetsim {
namespace {

absl::StatusOr<DataType> ReadFormat(const KernelFields& fields, const std::string& path,
                                    proto::DataType dtype) {
  if (dtype == proto::DATA_TYPE_UNSPECIFIED || !proto::DataType_IsValid(dtype)) {
    return fields.Wrong(path, "is missing", "one of FP32, TF32, BF16, FP16, FP8, INT8, FP4, INT4");
  }
  // The two enumerations have the same order; the proto's starts with "unspecified".
  return static_cast<DataType>(dtype - 1);
}

absl::StatusOr<AttentionKernel> ReadGeneration(const KernelFields& fields, const std::string& path,
                                               proto::SoftwareStack::AttentionKernel generation) {
  switch (generation) {
    case proto::SoftwareStack::FLASH1:
      return AttentionKernel::kFlash1;
    case proto::SoftwareStack::FLASH2:
      return AttentionKernel::kFlash2;
    case proto::SoftwareStack::FLASH3:
      return AttentionKernel::kFlash3;
    default:
      return fields.Wrong(path, "is no flash generation", "one of FLASH1, FLASH2, FLASH3");
  }
}

absl::Status ReadTiles(const KernelFields& fields, const proto::KernelClass& entry,
                       KernelClass* result) {
  RETURN_IF_ERROR(fields.NotEmpty("tile", entry.tile_size()));
  for (int i = 0; i < entry.tile_size(); ++i) {
    const proto::KernelClass::Tile& tile = entry.tile(i);
    const std::string path = absl::StrCat("tile[", i, "].");
    RETURN_IF_ERROR(fields.Within(path + "rows", tile.rows(), 1, kLargestTile));
    RETURN_IF_ERROR(fields.Within(path + "columns", tile.columns(), 1, kLargestTile));
    RETURN_IF_ERROR(fields.Above(path + "efficiency_ratio", tile.efficiency_ratio(), 0, 1));
    result->tiles.push_back({static_cast<double>(tile.rows()), static_cast<double>(tile.columns()),
                             tile.efficiency_ratio()});
  }
  return absl::OkStatus();
}

absl::Status ReadMatrix(const KernelFields& fields, const proto::KernelClass& entry,
                        KernelClass* result) {
  RETURN_IF_ERROR(fields.NotEmpty("matrix", entry.matrix_size()));
  for (int i = 0; i < entry.matrix_size(); ++i) {
    const proto::KernelClass::Matrix& matrix = entry.matrix(i);
    const std::string path = absl::StrCat("matrix[", i, "].");
    MatrixFormat format;
    ASSIGN_OR_RETURN(format.dtype, ReadFormat(fields, path + "dtype", matrix.dtype()));
    format.unit = matrix.unit_ratio();
    format.sustained = matrix.sustained_ratio();
    format.ramp_depth = matrix.ramp_depth();
    // The two enumerations have the same order.
    format.scaling = static_cast<Scaling>(matrix.scaling());
    if (matrix.has_full_accumulation_ratio()) {
      format.full_accumulation = matrix.full_accumulation_ratio();
      RETURN_IF_ERROR(
          fields.Above(path + "full_accumulation_ratio", format.full_accumulation, 0, 1));
    }
    for (const MatrixFormat& other : result->matrix) {
      if (other.dtype == format.dtype && other.scaling == format.scaling) {
        return fields.Wrong(path + "dtype", absl::StrCat(DataTypeName(format.dtype), " again"),
                            "each format and scaling once");
      }
    }
    RETURN_IF_ERROR(fields.Above(path + "unit_ratio", format.unit, 0, kLargestUnitRatio));
    RETURN_IF_ERROR(fields.Above(path + "sustained_ratio", format.sustained, 0, 1));
    RETURN_IF_ERROR(fields.Within(path + "ramp_depth", format.ramp_depth, 0, kDeepestRamp));
    result->matrix.push_back(format);
  }
  return absl::OkStatus();
}

absl::Status ReadPoints(const KernelFields& fields, const std::string& parent,
                        const proto::KernelClass::Attention& attention, FlashAttention* result) {
  RETURN_IF_ERROR(fields.NotEmpty(parent + "point", attention.point_size()));
  double previous = 0;
  for (int i = 0; i < attention.point_size(); ++i) {
    const proto::KernelClass::Attention::Point& point = attention.point(i);
    const std::string path = absl::StrCat(parent, "point[", i, "].");
    RETURN_IF_ERROR(fields.Above(path + "head_dim", point.head_dim(), previous, kLargestTile));
    RETURN_IF_ERROR(fields.Above(path + "forward_ratio", point.forward_ratio(), 0, 1));
    RETURN_IF_ERROR(fields.Above(path + "backward_ratio", point.backward_ratio(), 0, 1));
    previous = point.head_dim();
    result->points.push_back({previous, point.forward_ratio(), point.backward_ratio()});
  }
  return absl::OkStatus();
}

absl::Status ReadAttention(const KernelFields& fields, const proto::KernelClass& entry,
                           KernelClass* result) {
  RETURN_IF_ERROR(fields.NotEmpty("attention", entry.attention_size()));
  for (int i = 0; i < entry.attention_size(); ++i) {
    const proto::KernelClass::Attention& attention = entry.attention(i);
    const std::string path = absl::StrCat("attention[", i, "].");
    FlashAttention flash;
    ASSIGN_OR_RETURN(flash.generation,
                     ReadGeneration(fields, path + "generation", attention.generation()));
    if (i > 0 && flash.generation <= result->attention.back().generation) {
      return fields.Wrong(path + "generation", "is not later than the one before it",
                          "each generation once, oldest first");
    }
    flash.query_tile = attention.query_tile();
    flash.kv_tile = attention.kv_tile();
    flash.start_up = Seconds(attention.start_up_s());
    flash.ramp_tokens = attention.ramp_tokens();
    RETURN_IF_ERROR(fields.Within(path + "query_tile", flash.query_tile, 1, kLargestTile));
    RETURN_IF_ERROR(fields.Within(path + "kv_tile", flash.kv_tile, 1, kLargestTile));
    RETURN_IF_ERROR(
        fields.Within(path + "start_up_s", attention.start_up_s(), 0, kLongestStartUpSeconds));
    RETURN_IF_ERROR(fields.Within(path + "ramp_tokens", flash.ramp_tokens, 0, kDeepestRamp));
    RETURN_IF_ERROR(ReadPoints(fields, path, attention, &flash));
    result->attention.push_back(std::move(flash));
  }
  return absl::OkStatus();
}

absl::Status ReadLibraries(const KernelFields& fields, const proto::KernelClass& entry,
                           KernelClass* result) {
  double previous = 0;
  for (int i = 0; i < entry.library_size(); ++i) {
    const proto::KernelClass::Library& library = entry.library(i);
    const std::string path = absl::StrCat("library[", i, "].");
    RETURN_IF_ERROR(fields.Above(path + "until_year", library.until_year(), previous, 2100));
    RETURN_IF_ERROR(fields.Above(path + "matrix_ratio", library.matrix_ratio(), 0, 1));
    previous = library.until_year();
    result->libraries.push_back({library.until_year(), library.matrix_ratio()});
  }
  return absl::OkStatus();
}

absl::Status ReadScalars(const KernelFields& fields, const proto::KernelClass& entry,
                         KernelClass* result) {
  const double longest = kLongestStartUpSeconds;
  RETURN_IF_ERROR(fields.Within("max_split", entry.max_split(), 1, 64));
  RETURN_IF_ERROR(fields.Within("min_split_depth", entry.min_split_depth(), 0, kDeepestRamp));
  RETURN_IF_ERROR(fields.Within("split_latency_s", entry.split_latency_s(), 0, longest));
  RETURN_IF_ERROR(fields.Within("start_up_s", entry.start_up_s(), 0, longest));
  RETURN_IF_ERROR(fields.Within("overlap_loss_ratio", entry.overlap_loss_ratio(), 0, 1));
  RETURN_IF_ERROR(fields.Above("memory_efficiency_ratio", entry.memory_efficiency_ratio(), 0, 1));
  RETURN_IF_ERROR(fields.Above("stream_efficiency_ratio", entry.stream_efficiency_ratio(), 0, 1));
  RETURN_IF_ERROR(fields.Within("stream_start_up_s", entry.stream_start_up_s(), 0, longest));
  if (entry.has_settled_clock_ratio()) {
    RETURN_IF_ERROR(fields.Above("settled_clock_ratio", entry.settled_clock_ratio(), 0, 1));
    result->settled_clock = entry.settled_clock_ratio();
  }
  result->max_split = entry.max_split();
  result->min_split_depth = entry.min_split_depth();
  result->split_latency = Seconds(entry.split_latency_s());
  result->start_up = Seconds(entry.start_up_s());
  result->overlap_loss = entry.overlap_loss_ratio();
  result->memory_efficiency = entry.memory_efficiency_ratio();
  result->stream_efficiency = entry.stream_efficiency_ratio();
  result->stream_start_up = Seconds(entry.stream_start_up_s());
  result->quantise_efficiency = entry.stream_efficiency_ratio();
  if (entry.has_quantise_efficiency_ratio()) {
    RETURN_IF_ERROR(
        fields.Above("quantise_efficiency_ratio", entry.quantise_efficiency_ratio(), 0, 1));
    result->quantise_efficiency = entry.quantise_efficiency_ratio();
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KernelClass> ReadKernelClass(const proto::KernelClass& entry,
                                            const std::string& file, const FieldLines& lines) {
  const KernelFields fields(file, lines);
  KernelClass result;
  if (entry.name().empty()) return fields.Wrong("name", "is missing", "the name of the file");
  result.name = entry.name();
  result.notes = entry.notes();
  RETURN_IF_ERROR(ReadTiles(fields, entry, &result));
  RETURN_IF_ERROR(ReadMatrix(fields, entry, &result));
  RETURN_IF_ERROR(ReadLibraries(fields, entry, &result));
  RETURN_IF_ERROR(ReadScalars(fields, entry, &result));
  RETURN_IF_ERROR(ReadAttention(fields, entry, &result));
  result.serving = ServingOf(result);
  if (entry.has_serving()) {
    ASSIGN_OR_RETURN(result.serving, ReadServingKernels(entry.serving(), fields));
  }
  ASSIGN_OR_RETURN(result.evidence, ReadEvidence(entry, file, lines));
  return result;
}

}  // namespace fleetsim
