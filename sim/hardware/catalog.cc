#include "sim/hardware/catalog.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/base/nearest.h"

namespace fleetsim {
namespace {

// Kernel classes and prices go by their names alone.
template <class T>
std::vector<std::string> AliasesOf(const T& entry) {
  if constexpr (requires { entry.aliases; }) return entry.aliases;
  return {};
}

template <class T>
bool Answers(const T& entry, absl::string_view name) {
  if (absl::EqualsIgnoreCase(entry.name, name)) return true;
  for (const std::string& alias : AliasesOf(entry)) {
    if (absl::EqualsIgnoreCase(alias, name)) return true;
  }
  return false;
}

template <class T>
absl::StatusOr<const T*> Find(const std::map<std::string, T>& entries, absl::string_view kind,
                              absl::string_view name) {
  const auto exact = entries.find(std::string(name));
  if (exact != entries.end()) return &exact->second;
  std::vector<std::string> names, all;
  for (const auto& [key, entry] : entries) {
    if (Answers(entry, name)) return &entry;
    names.push_back(key);
    all.push_back(key);
    for (const std::string& alias : AliasesOf(entry)) all.push_back(alias);
  }
  const bool near = !NearestNames(name, all).empty();
  return absl::NotFoundError(
      absl::StrCat("unknown ", kind, " \"", name, "\"; ", DidYouMean(name, near ? all : names)));
}

}  // namespace

absl::StatusOr<const Accelerator*> FindAccelerator(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.accelerators, "accelerator", name);
}
absl::StatusOr<const Server*> FindServer(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.servers, "server", name);
}
absl::StatusOr<const Fabric*> FindFabric(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.fabrics, "fabric", name);
}
absl::StatusOr<const KernelClass*> FindKernelClass(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.kernel_classes, "kernel class", name);
}
absl::StatusOr<const SoftwareStack*> FindStack(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.stacks, "software stack", name);
}
absl::StatusOr<const ServingEngine*> FindEngine(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.engines, "serving engine", name);
}
absl::StatusOr<const Region*> FindRegion(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.regions, "region", name);
}
absl::StatusOr<const Prices*> FindPrices(const Catalog& catalog, absl::string_view name) {
  return Find(catalog.prices, "prices entry", name);
}
absl::StatusOr<const FailureRecord*> FindFailureRecord(const Catalog& catalog,
                                                       absl::string_view name) {
  return Find(catalog.failure_records, "reliability entry", name);
}

}  // namespace fleetsim
