// Join the shortest queue: fewest unfinished requests, by the instances' weights.
#include "sim/serving/router.h"

namespace fleetsim {

int RouteFewestRequests(const RouteChoices& choices, const Request& request) {
  return CheapestInstance(choices, request, [](const Instance& instance) {
    return static_cast<double>(instance.requests());
  });
}

}  // namespace fleetsim
