// Number formats of matrix products and their widths.
#ifndef SIM_BASE_DTYPE_H_
#define SIM_BASE_DTYPE_H_

#include <array>

namespace fleetsim {

enum class DataType { kFp32, kTf32, kBf16, kFp16, kFp8, kInt8, kFp4, kInt4 };
inline constexpr int kDataTypes = 8;

// Bytes of one stored element.
constexpr double ElementBytes(DataType dtype) {
  constexpr std::array<double, kDataTypes> kBytes = {4, 4, 2, 2, 1, 1, 0.5, 0.5};
  return kBytes[static_cast<int>(dtype)];
}

// Bit length as export rules count it: the width of the operands (TF32 counts 19 stored bits as
// 32).
constexpr double OperandBits(DataType dtype) { return 8 * ElementBytes(dtype); }

constexpr const char* DataTypeName(DataType dtype) {
  constexpr std::array<const char*, kDataTypes> kNames = {"FP32", "TF32", "BF16", "FP16",
                                                          "FP8",  "INT8", "FP4",  "INT4"};
  return kNames[static_cast<int>(dtype)];
}

}  // namespace fleetsim

#endif  // SIM_BASE_DTYPE_H_
