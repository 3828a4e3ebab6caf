// Number formats of matrix products: widths of elements, and how narrow ones are scaled.
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

// Elements of less than 16 bits, which need scales.
constexpr bool IsNarrow(DataType dtype) { return ElementBytes(dtype) < 2; }

// Which elements share a scale, and when it is found.
enum class Scaling {
  kNone,           // 16 bits and more; with a narrow format: its usual scaling, not told apart
  kTensorDelayed,  // one a tensor, from the largest values of earlier steps
  kTensor,         // one a tensor, from the tensor itself ("current")
  kRow,            // one a row
  kBlock,          // 1 x 128 of activations, 128 x 128 of weights (DeepSeek-V3)
  kMx,             // 32 elements (OCP MXFP8, MXFP4)
  kNv,             // 16 elements, and one a tensor (NVFP4)
};
inline constexpr int kScalings = 7;

constexpr const char* ScalingName(Scaling scaling) {
  constexpr std::array<const char*, kScalings> kNames = {
      "none",   "per tensor, delayed", "per tensor", "per row", "blocks of 128", "MX (32)",
      "NV (16)"};
  return kNames[static_cast<int>(scaling)];
}

// A format of matrix products. A plain DataType is one without a particular scaling.
struct NumberFormat {
  constexpr NumberFormat(DataType element = DataType::kBf16,  // NOLINT(google-explicit-constructor)
                         Scaling scale = Scaling::kNone)
      : dtype(element), scaling(scale) {}
  DataType dtype;
  Scaling scaling;
};

// Bytes of one stored element, its share of the scales included: FP32 of 128 (DeepSeek-V3, section
// 3.3), E8M0 of 32 (OCP MX specification 1.0, section 5), E4M3 of 16 (arXiv 2509.25149, section 2).
constexpr double StoredBytes(NumberFormat format) {
  const double element = ElementBytes(format.dtype);
  if (format.scaling == Scaling::kBlock) return element + 4.0 / 128;
  if (format.scaling == Scaling::kMx) return element + 1.0 / 32;
  if (format.scaling == Scaling::kNv) return element + 1.0 / 16;
  return element;
}

}  // namespace fleetsim

#endif  // SIM_BASE_DTYPE_H_
