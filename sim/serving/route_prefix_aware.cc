// Prompt blocks still to be computed, those of this request that are cached there left out, plus
// blocks in use: the cost function of NVIDIA Dynamo's KV-aware router with its default weight of 1.
#include "sim/serving/router.h"

namespace fleetsim {

int RoutePrefixAware(const RouteChoices& choices, const Request& request) {
  return CheapestInstance(choices, request, [&](const Instance& instance) {
    const std::int64_t to_compute =
        instance.load().pending_tokens + request.input_tokens - instance.CachedTokens(request);
    return static_cast<double>(to_compute) / instance.pool().engine.block_tokens +
           static_cast<double>(instance.UsedBlocks());
  });
}

}  // namespace fleetsim
