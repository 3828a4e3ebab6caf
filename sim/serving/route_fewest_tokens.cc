// Fewest prompt tokens of unfinished requests: a router knows prompts, not how long outputs will
// be.
#include "sim/serving/router.h"

namespace fleetsim {

int RouteFewestTokens(const RouteChoices& choices, const Request& request) {
  return CheapestInstance(choices, request, [](const Instance& instance) {
    return static_cast<double>(instance.load().prompt_tokens);
  });
}

}  // namespace fleetsim
