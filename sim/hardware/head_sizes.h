// Ratios of attention kernels that are known at some head sizes.
#ifndef SIM_HARDWARE_HEAD_SIZES_H_
#define SIM_HARDWARE_HEAD_SIZES_H_

#include <algorithm>
#include <vector>

namespace fleetsim {

// `ratio` at `head_dim`, on straight lines between points (at least one, by rising head_dim) and as
// at the nearest one beyond them.
template <class Point>
double AtHeadSize(const std::vector<Point>& points, double head_dim, double Point::*ratio) {
  const auto above = std::find_if(points.begin(), points.end(),
                                  [&](const Point& point) { return point.head_dim >= head_dim; });
  if (above == points.end()) return points.back().*ratio;
  if (above == points.begin()) return points.front().*ratio;
  const auto below = above - 1;
  const double share = (head_dim - below->head_dim) / (above->head_dim - below->head_dim);
  return *below.*ratio + share * (*above.*ratio - *below.*ratio);
}

}  // namespace fleetsim

#endif  // SIM_HARDWARE_HEAD_SIZES_H_
