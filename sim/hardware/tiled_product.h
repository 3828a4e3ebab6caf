// The arithmetic of a matrix product cut into tiles: what products of training and of serving
// share.
#ifndef SIM_HARDWARE_TILED_PRODUCT_H_
#define SIM_HARDWARE_TILED_PRODUCT_H_

#include <vector>

#include "sim/base/units.h"
#include "sim/hardware/kernel_class.h"

namespace fleetsim {

// C[m,n] += A[m,k] B[k,n], `batch` of them in one launch.
struct GemmShape {
  double m = 0, n = 0, k = 0;
  double batch = 1;
};

// What a device and a number format give a product.
struct TileRates {
  const std::vector<MatrixTile>& tiles;
  double units = 0;            // compute units; 0: unknown, rounds do not count whole
  FlopsPerSecond unit_rate;    // of one unit with the best tile
  BytesPerSecond memory;       // for partial results
  double ramp_depth = 0;       // of a tile, as extra depth k
  int max_split = 1;           // most parts of the depth
  double min_split_depth = 0;  // shortest part
  Seconds split_latency;       // of adding up the parts
};

// Rounds of work that `pieces` take on the compute units: the last round counts whole.
double Rounds(double units, double pieces);

// The fastest of all tile shapes and splits of the depth. docs/kernels.md, "Matrix products".
Seconds BestTiledTime(const TileRates& rates, const GemmShape& shape);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_TILED_PRODUCT_H_
