// Parts of a platform spec as a user writes them on one line: "server=hgx-h20,hosts=512,nics=8".
#ifndef SIM_PLATFORM_SPEC_TEXT_H_
#define SIM_PLATFORM_SPEC_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"
#include "sim/platform/spec.h"

namespace fleetsim {

// Keys: server, accelerator, hosts, fabric, nics, leaf, pod, oversubscription,
// pod-oversubscription, speed, site. `flag` is what errors call the text.
absl::StatusOr<PoolSpec> ParsePool(absl::string_view flag, absl::string_view text,
                                   const Catalog& catalog);

// Keys: name, region, pue, cooling.
absl::StatusOr<SiteSpec> ParseSite(absl::string_view flag, absl::string_view text,
                                   const Catalog& catalog);

// Keys: from, to, fabric, bandwidth (as in platform files), km.
absl::StatusOr<WanSpec> ParseWan(absl::string_view flag, absl::string_view text,
                                 const Catalog& catalog);

// "host=hgx-h100-7,speed=0.8".
absl::StatusOr<SlowHostSpec> ParseSlowHost(absl::string_view flag, absl::string_view text);

}  // namespace fleetsim

#endif  // SIM_PLATFORM_SPEC_TEXT_H_
