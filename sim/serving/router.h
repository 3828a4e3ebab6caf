// Which instance takes a request: one policy a file, one row each in router.cc.
#ifndef SIM_SERVING_ROUTER_H_
#define SIM_SERVING_ROUTER_H_

#include <vector>

#include "sim/serving/deployment.h"
#include "sim/serving/instance.h"
#include "sim/serving/queue_order.h"

namespace fleetsim {

// What a policy chooses from.
struct RouteChoices {
  std::vector<Instance*> instances;
  int limit = 0;   // unfinished requests of one instance; 0: none
  int cursor = 0;  // where the next look begins, so that equals take turns

  // Serves, has room and can hold this request.
  bool Open(const Instance& instance, const Request& request) const;
};

struct RoutePolicyRow {
  RoutePolicy policy;
  const char* name;
  // Index of the chosen instance, -1: none is open.
  int (*choose)(const RouteChoices& choices, const Request& request);
};
const RoutePolicyRow& RoutePolicyOf(RoutePolicy policy);

int RouteRoundRobin(const RouteChoices& choices, const Request& request);
int RouteFewestRequests(const RouteChoices& choices, const Request& request);
int RouteFewestTokens(const RouteChoices& choices, const Request& request);
int RoutePrefixAware(const RouteChoices& choices, const Request& request);

// The open instance with the least cost, the first one from the cursor on among equals.
template <class Cost>
int CheapestInstance(const RouteChoices& choices, const Request& request, Cost cost) {
  const int count = static_cast<int>(choices.instances.size());
  int best = -1;
  double least = 0.0;
  for (int i = 0; i < count; ++i) {
    const int index = (choices.cursor + i) % count;
    const Instance& instance = *choices.instances[index];
    if (!choices.Open(instance, request)) continue;
    const double own = cost(instance) / instance.pool().weight;
    if (best < 0 || own < least) best = index, least = own;
  }
  return best;
}

class Router {
 public:
  Router(const RouterOptions& options, std::vector<Instance*> instances);
  bool empty() const { return choices_.instances.empty(); }
  // Some instance could hold it, were it idle.
  bool Fits(const Request& request) const;
  // Null: none is open now.
  Instance* Choose(const Request& request);
  WaitQueue& held() { return held_; }  // requests that no instance was open for
  const std::vector<Instance*>& instances() const { return choices_.instances; }

 private:
  RoutePolicy policy_;
  RouteChoices choices_;
  WaitQueue held_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_ROUTER_H_
