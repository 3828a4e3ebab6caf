// Fills in what a platform spec leaves to the catalog, and refuses what cannot be built.
#ifndef SIM_PLATFORM_SPEC_CHECK_H_
#define SIM_PLATFORM_SPEC_CHECK_H_

#include "sim/base/status.h"
#include "sim/platform/spec.h"

namespace fleetsim {

// The spec with every pool's accelerator, NICs, speed and site, and every WAN link's bandwidth.
absl::StatusOr<PlatformSpec> CompleteSpec(PlatformSpec spec);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_SPEC_CHECK_H_
