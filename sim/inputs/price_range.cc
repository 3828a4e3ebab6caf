#include "sim/inputs/price_range.h"

#include <algorithm>
#include <vector>

#include "proto/catalog.pb.h"

namespace fleetsim {

absl::StatusOr<PriceRange> ReadPriceRange(const proto::Range& range, const Location& where) {
  PriceRange prices;
  if (range.has_low()) prices.low = range.low();
  if (range.has_typical()) prices.typical = range.typical();
  if (range.has_high()) prices.high = range.high();
  std::vector<double> stated;
  for (const auto& value : {prices.low, prices.typical, prices.high}) {
    if (value) stated.push_back(*value);
  }
  if (stated.empty()) return InputError(where, "is empty", "state low, typical or high");
  if (!std::is_sorted(stated.begin(), stated.end())) {
    return InputError(where, "is out of order", "low <= typical <= high");
  }
  return prices;
}

}  // namespace fleetsim
