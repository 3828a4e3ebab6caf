// The whole catalog in memory, found by name or alias.
#ifndef SIM_HARDWARE_CATALOG_H_
#define SIM_HARDWARE_CATALOG_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/fabric.h"
#include "sim/hardware/failure_record.h"
#include "sim/hardware/kernel_class.h"
#include "sim/hardware/region.h"
#include "sim/hardware/server.h"
#include "sim/hardware/serving_engine.h"
#include "sim/hardware/stack.h"

namespace fleetsim {

struct Catalog {
  // By name; iteration order is alphabetical and therefore deterministic.
  std::map<std::string, Accelerator> accelerators;
  std::map<std::string, Server> servers;
  std::map<std::string, Fabric> fabrics;
  std::map<std::string, KernelClass> kernel_classes;
  std::map<std::string, SoftwareStack> stacks;
  std::map<std::string, ServingEngine> engines;
  std::map<std::string, Region> regions;
  std::map<std::string, Prices> prices;
  std::map<std::string, FailureRecord> failure_records;
};

// The entry with this name or alias (aliases ignore case), or NotFound with the nearest names.
absl::StatusOr<const Accelerator*> FindAccelerator(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const Server*> FindServer(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const Fabric*> FindFabric(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const KernelClass*> FindKernelClass(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const SoftwareStack*> FindStack(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const ServingEngine*> FindEngine(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const Region*> FindRegion(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const Prices*> FindPrices(const Catalog& catalog, absl::string_view name);
absl::StatusOr<const FailureRecord*> FindFailureRecord(const Catalog& catalog,
                                                       absl::string_view name);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_CATALOG_H_
