#include "sim/engine/delay_chain.h"

#include <algorithm>
#include <map>

namespace fleetsim {

std::vector<HostDelay> DelayChains::Delays(Chain chain) const {
  std::map<int, Seconds> by_host;
  for (; chain != kNone; chain = links_[chain].before) {
    by_host[links_[chain].host] += links_[chain].delay;
  }
  std::vector<HostDelay> delays;
  for (const auto& [host, delay] : by_host) delays.push_back({host, delay});
  std::stable_sort(delays.begin(), delays.end(),
                   [](const HostDelay& a, const HostDelay& b) { return a.delay > b.delay; });
  return delays;
}

}  // namespace fleetsim
