// Every open instance in turn.
#include "sim/serving/router.h"

namespace fleetsim {

int RouteRoundRobin(const RouteChoices& choices, const Request& request) {
  const int count = static_cast<int>(choices.instances.size());
  for (int i = 0; i < count; ++i) {
    const int index = (choices.cursor + i) % count;
    if (choices.Open(*choices.instances[index], request)) return index;
  }
  return -1;
}

}  // namespace fleetsim
