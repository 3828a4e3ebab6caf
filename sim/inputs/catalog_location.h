// Where the catalog is.
#ifndef SIM_INPUTS_CATALOG_LOCATION_H_
#define SIM_INPUTS_CATALOG_LOCATION_H_

#include <string>

#include "sim/base/status.h"

namespace fleetsim {

// The catalog's folder: `flag` (of --catalog) if not empty, else the environment's
// FLEETSIM_CATALOG, else platforms/catalog of the source tree this was built from, else
// platforms/catalog beside the program or one level up. What a user names must exist.
absl::StatusOr<std::string> LocateCatalog(const std::string& flag);

// The models' folder of the same tree, workloads/models; the source tree's where there is none.
std::string ModelsBeside(const std::string& catalog_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_CATALOG_LOCATION_H_
