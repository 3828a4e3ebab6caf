#include "sim/inputs/data_type.h"

#include "proto/catalog.pb.h"

namespace fleetsim {

absl::StatusOr<DataType> ReadDataType(int proto_data_type, const Location& where) {
  switch (proto_data_type) {
    case proto::FP32:
      return DataType::kFp32;
    case proto::TF32:
      return DataType::kTf32;
    case proto::BF16:
      return DataType::kBf16;
    case proto::FP16:
      return DataType::kFp16;
    case proto::FP8:
      return DataType::kFp8;
    case proto::INT8:
      return DataType::kInt8;
    case proto::FP4:
      return DataType::kFp4;
    case proto::INT4:
      return DataType::kInt4;
    default:
      return InputError(where, "no number format",
                        "one of FP32, TF32, BF16, FP16, FP8, INT8, FP4, INT4");
  }
}

}  // namespace fleetsim
