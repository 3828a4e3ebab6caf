// Writes a SimGrid platform from a spec: one <cluster> a leaf, one link a leaf's uplinks together,
// pods and core as zones of one router each.
#ifndef SIM_PLATFORM_WRITE_H_
#define SIM_PLATFORM_WRITE_H_

#include <string>

#include "sim/base/status.h"
#include "sim/platform/spec.h"

namespace fleetsim {

// The text of the platform file. Errors name the part of the spec that does not fit the catalog or
// is missing there.
absl::StatusOr<std::string> PlatformXml(const PlatformSpec& spec, const Catalog& catalog);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_WRITE_H_
