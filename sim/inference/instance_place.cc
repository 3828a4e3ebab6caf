#include "sim/inference/instance_place.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "absl/strings/str_join.h"

namespace fleetsim {
namespace {

constexpr int kAllThereAre = std::numeric_limits<int>::max();

// Which leaves a pool may use.
struct LeafFilter {
  const Accelerator* accelerator = nullptr;  // null: any
  std::string cluster;                       // empty: any

  bool Takes(const Leaf& leaf) const {
    return (accelerator == nullptr || leaf.accelerator == accelerator) &&
           (cluster.empty() || leaf.id == cluster);
  }
};

absl::StatusOr<LeafFilter> FilterOf(const PoolRequest& pool, const Fleet& fleet,
                                    const Catalog& catalog) {
  LeafFilter filter{nullptr, pool.cluster};
  const auto at = [&pool](absl::string_view field) {
    Location place = pool.place;
    place.field += absl::StrCat(place.field.empty() ? "" : ".", field);
    return place;
  };
  std::set<std::string> clusters;
  for (const Leaf& leaf : fleet.leaves) clusters.insert(leaf.id);
  if (!pool.cluster.empty() && clusters.count(pool.cluster) == 0) {
    return InputError(at("cluster"), absl::StrCat("\"", pool.cluster, "\" is none of ", fleet.file),
                      absl::StrCat("give one of ", absl::StrJoin(clusters, ", ")));
  }
  if (pool.accelerator.empty()) return filter;
  const auto found = FindAccelerator(catalog, pool.accelerator);
  if (!found.ok()) return InputError(at("accelerator"), found.status().message(), "");
  filter.accelerator = *found;
  return filter;
}

int Wanted(const PoolRequest& pool) {
  if (pool.autoscale) return pool.autoscale->max_instances;
  return pool.instances.value_or(kAllThereAre);
}

// Takes what is free, one instance after another.
class FreeHosts {
 public:
  explicit FreeHosts(const Fleet& fleet) : fleet_(fleet) {
    for (const Host& host : fleet.hosts) free_.push_back(fleet.leaves[host.leaf].accelerators);
  }

  // Up to `most` instances of so many accelerators, by leaf.
  std::vector<PoolPlace> Take(const LeafFilter& filter, int accelerators, int most) {
    std::vector<PoolPlace> places;
    int host = 0;
    while (most > 0 && host < std::ssize(fleet_.hosts)) {
      const int leaf = fleet_.hosts[host].leaf;
      const std::vector<int> hosts =
          filter.Takes(fleet_.leaves[leaf]) ? Instance(host, accelerators) : std::vector<int>();
      if (hosts.empty()) {
        ++host;
        continue;
      }
      if (places.empty() || places.back().leaf != leaf) places.push_back({0, leaf, {}});
      places.back().instances.push_back(hosts);
      --most;
    }
    return places;
  }

 private:
  // Hosts of an instance that begins on `first`, empty where there is no room from there on.
  std::vector<int> Instance(int first, int accelerators) {
    const int leaf = fleet_.hosts[first].leaf;
    const int domain = fleet_.leaves[leaf].accelerators;
    if (accelerators <= domain) {
      if (free_[first] < accelerators) return {};
      free_[first] -= accelerators;
      return {first};
    }
    std::vector<int> hosts;
    for (int host = first; host < std::ssize(fleet_.hosts) && accelerators > 0; ++host) {
      if (fleet_.hosts[host].leaf != leaf || free_[host] < domain) return {};
      hosts.push_back(host);
      accelerators -= domain;
    }
    if (accelerators > 0) return {};
    for (const int host : hosts) free_[host] = 0;
    return hosts;
  }

  const Fleet& fleet_;
  std::vector<int> free_;  // accelerators of each host
};

int Count(const std::vector<PoolPlace>& places) {
  std::size_t count = 0;
  for (const PoolPlace& place : places) count += place.instances.size();
  return static_cast<int>(count);
}

absl::Status NoRoom(const PoolRequest& pool, int wanted, int room, const Fleet& fleet) {
  const std::string what =
      wanted == kAllThereAre ? "an instance" : absl::StrCat(wanted, " instances");
  const std::string where =
      absl::StrCat(pool.cluster.empty() ? "" : absl::StrCat(" in cluster ", pool.cluster),
                   pool.accelerator.empty() ? "" : absl::StrCat(" on ", pool.accelerator));
  return Infeasible(absl::StrCat(
      pool.place.field, ": no room for ", what, " of ", pool.layout.Accelerators(), " accelerators",
      where, "; ", fleet.name, " has ", fleet.Accelerators(), " accelerators in all and room for ",
      room, room > 0 ? absl::StrCat(": give instances: ", room) : ": give a smaller layout"));
}

}  // namespace

absl::StatusOr<std::vector<PoolPlace>> PlaceInstances(const ServingJob& job, const Fleet& fleet,
                                                      const Catalog& catalog) {
  std::vector<int> order;
  for (int i = 0; i < std::ssize(job.pools); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&job](int a, int b) {
    return (Wanted(job.pools[a]) != kAllThereAre) > (Wanted(job.pools[b]) != kAllThereAre);
  });
  FreeHosts free(fleet);
  std::vector<PoolPlace> all;
  for (const int index : order) {
    const PoolRequest& pool = job.pools[index];
    ASSIGN_OR_RETURN(const LeafFilter filter, FilterOf(pool, fleet, catalog));
    const int wanted = Wanted(pool);
    std::vector<PoolPlace> places = free.Take(filter, pool.layout.Accelerators(), wanted);
    const int room = Count(places);
    if (room == 0 || (wanted != kAllThereAre && room < wanted)) {
      return NoRoom(pool, wanted, room, fleet);
    }
    for (PoolPlace& place : places) place.request = index;
    all.insert(all.end(), places.begin(), places.end());
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const PoolPlace& a, const PoolPlace& b) { return a.request < b.request; });
  return all;
}

}  // namespace fleetsim
