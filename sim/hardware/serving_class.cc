#include "sim/hardware/serving_class.h"

#include "sim/hardware/kernel_class.h"

namespace fleetsim {
namespace {

ServingProduct ProductOf(const KernelClass& kernels, const MatrixFormat& format) {
  ServingProduct product;
  product.weights = {format.dtype, format.scaling};
  product.tiles = kernels.tiles;
  for (MatrixTile& tile : product.tiles) tile.efficiency *= format.unit;
  product.sustained = format.sustained;
  product.ramp_depth = format.ramp_depth;
  product.memory = kernels.memory_efficiency;
  product.overlap_loss = kernels.overlap_loss;
  product.start_up = kernels.start_up;
  product.split_latency = kernels.split_latency;
  return product;
}

ExpertLayerKernel ExpertsOf(const ServingProduct& product) {
  ExpertLayerKernel kernel;
  kernel.weights = product.weights;
  kernel.weights_only = product.weights_only;
  kernel.arithmetic = product.sustained;
  kernel.memory = product.memory;
  kernel.overlap_loss = product.overlap_loss;
  kernel.start_up = 4 * product.start_up;  // sort, two products, put back
  return kernel;
}

PrefillKernel PrefillOf(const KernelClass& kernels, bool latent) {
  const FlashAttention& flash = kernels.attention.back();
  PrefillKernel kernel;
  kernel.latent = latent;
  kernel.query_tile = flash.query_tile;
  kernel.key_tile = flash.kv_tile;
  kernel.start_up = flash.start_up;
  kernel.ramp_tokens = flash.ramp_tokens;
  kernel.memory = kernels.memory_efficiency;
  for (const FlashAttention::Point& point : flash.points) {
    kernel.points.push_back({point.head_dim, point.forward});
  }
  return kernel;
}

DecodeKernel DecodeOf(const KernelClass& kernels, bool latent) {
  DecodeKernel kernel;
  kernel.latent = latent;
  kernel.memory = kernels.memory_efficiency;
  kernel.arithmetic = kernels.attention.back().points.back().forward;
  kernel.start_up = kernels.attention.back().start_up;
  kernel.split_latency = kernels.split_latency;
  return kernel;
}

}  // namespace

ServingKernels ServingOf(const KernelClass& kernels) {
  ServingKernels serving;
  for (const MatrixFormat& format : kernels.matrix) {
    serving.products.push_back(ProductOf(kernels, format));
  }
  for (const DataType dtype : {DataType::kInt8, DataType::kInt4, DataType::kFp8, DataType::kFp4}) {
    ServingProduct product = ProductOf(kernels, kernels.matrix.front());
    product.weights = dtype;
    product.weights_only = true;
    serving.products.push_back(product);
  }
  for (const ServingProduct& product : serving.products) {
    serving.experts.push_back(ExpertsOf(product));
  }
  for (const bool latent : {false, true}) {
    serving.prefill.push_back(PrefillOf(kernels, latent));
    serving.decode.push_back(DecodeOf(kernels, latent));
  }
  serving.scale_start_up = serving.cast_start_up = kernels.stream_start_up;
  return serving;
}

}  // namespace fleetsim
