// One catalog entry for people: every field with its unit and what vouches for it.
#ifndef SIM_COMMANDS_CATALOG_SHOW_H_
#define SIM_COMMANDS_CATALOG_SHOW_H_

#include <string>
#include <vector>

#include "sim/inputs/entry_fields.h"
#include "sim/report/table.h"

namespace fleetsim {

// The value of a field in the unit that its name ends with: ("tdp_w", 700) -> "700 W".
std::string ShowValue(const EntryField& field);

// One line a field, then the numbered evidence.
std::string EntryText(const std::string& title, const std::vector<EntryField>& fields);

// One row a field with its evidence, values in base units.
Table EntryTable(const std::vector<EntryField>& fields);

}  // namespace fleetsim

#endif  // SIM_COMMANDS_CATALOG_SHOW_H_
