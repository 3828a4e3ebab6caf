#include "sim/serving/router.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/base/check.h"

namespace fleetsim {

namespace {

constexpr RoutePolicyRow kPolicies[] = {
    {RoutePolicy::kRoundRobin, "round-robin", RouteRoundRobin},
    {RoutePolicy::kFewestRequests, "fewest-requests", RouteFewestRequests},
    {RoutePolicy::kFewestTokens, "fewest-tokens", RouteFewestTokens},
    {RoutePolicy::kPrefixAware, "prefix-aware", RoutePrefixAware},
};

}  // namespace

const RoutePolicyRow& RoutePolicyOf(RoutePolicy policy) {
  const auto* row = std::find_if(std::begin(kPolicies), std::end(kPolicies),
                                 [&](const auto& candidate) { return candidate.policy == policy; });
  FLEETSIM_CHECK(row != std::end(kPolicies));
  return *row;
}

bool RouteChoices::Open(const Instance& instance, const Request& request) const {
  return instance.state == ServiceState::kServing && (limit == 0 || instance.requests() < limit) &&
         instance.Fits(request);
}

Router::Router(const RouterOptions& options, std::vector<Instance*> instances)
    : policy_(options.policy), choices_{std::move(instances), options.instance_limit} {}

bool Router::Fits(const Request& request) const {
  return std::any_of(choices_.instances.begin(), choices_.instances.end(),
                     [&](const Instance* instance) { return instance->Fits(request); });
}

Instance* Router::Choose(const Request& request) {
  const int index = RoutePolicyOf(policy_).choose(choices_, request);
  if (index < 0) return nullptr;
  choices_.cursor = (index + 1) % static_cast<int>(choices_.instances.size());
  return choices_.instances[index];
}

}  // namespace fleetsim
