// Tables of catalog entries, one line an entry.
#ifndef SIM_COMMANDS_CATALOG_LIST_H_
#define SIM_COMMANDS_CATALOG_LIST_H_

#include <map>
#include <string>
#include <vector>

#include "sim/hardware/catalog.h"
#include "sim/model/architecture.h"
#include "sim/report/table.h"

namespace fleetsim {

using Models = std::map<std::string, Architecture>;

// The kinds of entries, as their folders are called: accelerators, servers, ..., models.
const std::vector<std::string>& CatalogKinds();

// All entries of a kind by name. `vendor` (accelerators and servers only; any part of the name,
// ignoring case) keeps those of one maker. NotFound for an unknown kind or vendor, with the
// nearest.
absl::StatusOr<Table> CatalogTable(const Catalog& catalog, const Models& models,
                                   const std::string& kind, const std::string& vendor);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_CATALOG_LIST_H_
