// Market quantities with their spread.
#ifndef SIM_INPUTS_PRICE_RANGE_H_
#define SIM_INPUTS_PRICE_RANGE_H_

#include "sim/base/status.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

namespace proto {
class Range;
}

// Errors at `where`: nothing stated, or not low <= typical <= high.
absl::StatusOr<PriceRange> ReadPriceRange(const proto::Range& range, const Location& where);

}  // namespace fleetsim

#endif  // SIM_INPUTS_PRICE_RANGE_H_
