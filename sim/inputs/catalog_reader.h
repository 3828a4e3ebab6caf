// The catalog from its folder: one file an entry, KIND/NAME.textproto.
#ifndef SIM_INPUTS_CATALOG_READER_H_
#define SIM_INPUTS_CATALOG_READER_H_

#include <string>

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"

namespace fleetsim {

// Reads accelerators/, servers/, fabrics/, kernels/, stacks/, engines/, regions/, prices/ and
// reliability/ under `root`; a kind whose folder is absent has no entries. Errors name file, line
// and field: what a kind's reader finds, a name that is not the file's, a name or alias used twice
// within a kind (ignoring case), a reference to an entry that is not there. References by alias
// become names.
absl::StatusOr<Catalog> ReadCatalog(const std::string& root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_CATALOG_READER_H_
