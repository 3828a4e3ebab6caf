#include "sim/hardware/tiled_product.h"

#include <cmath>
#include <limits>

namespace fleetsim {
namespace {

// Partial results of a split product are 32-bit: written once and read once.
constexpr double kPartialBytes = 8;

// All tiles of one shape, with the depth cut into `split` parts.
Seconds TiledTime(const TileRates& rates, const GemmShape& shape, const MatrixTile& tile,
                  double tiles, int split) {
  const double depth = std::ceil(shape.k / split) + rates.ramp_depth;
  const Flops round(2 * tile.rows * tile.columns * depth);
  Seconds time = Rounds(rates.units, tiles * split) * (round / (rates.unit_rate * tile.efficiency));
  if (split > 1) {
    const Bytes partials(kPartialBytes * split * shape.m * shape.n * shape.batch);
    time += rates.split_latency + partials / rates.memory;
  }
  return time;
}

}  // namespace

double Rounds(double units, double pieces) {
  return units > 0 ? std::ceil(pieces / units) : pieces;
}

// Splitting pays only while there are fewer tiles than compute units.
Seconds BestTiledTime(const TileRates& rates, const GemmShape& shape) {
  Seconds best(std::numeric_limits<double>::infinity());
  for (const MatrixTile& tile : rates.tiles) {
    const double tiles =
        std::ceil(shape.m / tile.rows) * std::ceil(shape.n / tile.columns) * shape.batch;
    best = Min(best, TiledTime(rates, shape, tile, tiles, 1));
    for (int split = 2; split <= rates.max_split; split *= 2) {
      if (tiles * split > 2 * rates.units || shape.k < split * rates.min_split_depth) break;
      best = Min(best, TiledTime(rates, shape, tile, tiles, split));
    }
  }
  return best;
}

}  // namespace fleetsim
