// Reads a SimGrid platform file and holds it against the catalog.
#ifndef SIM_PLATFORM_READ_H_
#define SIM_PLATFORM_READ_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/platform/platform.h"

namespace fleetsim {

// Errors name file, line, element and attribute: what is not XML or not a platform, unknown catalog
// names, facts that contradict the catalog, names used twice, leaves that no route joins. The
// result points into the catalog.
absl::StatusOr<Platform> ReadPlatform(const std::string& path, const Catalog& catalog);

// The same of a file's content; `path` is what errors call it.
absl::StatusOr<Platform> ParsePlatform(const std::string& path, const std::string& content,
                                       const Catalog& catalog);

// The same where only the fleet is wanted.
absl::StatusOr<Fleet> ReadFleet(const std::string& path, const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_READ_H_
