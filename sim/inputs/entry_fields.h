// A catalog entry as a list of fields with what vouches for each: for people who want to see it.
#ifndef SIM_INPUTS_ENTRY_FIELDS_H_
#define SIM_INPUTS_ENTRY_FIELDS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/status.h"
#include "sim/hardware/accelerator.h"

namespace fleetsim {

struct EntryField {
  std::string name;  // as in the file, with the place in a list: "peak[BF16].flops_per_s"
  std::variant<std::string, double, bool> value;
  std::optional<Evidence> evidence;
};

// The set fields of one entry in the order of its schema, texts of a list joined by commas. `kind`
// is the folder: accelerators, servers, fabrics, stacks, engines, regions, prices, reliability,
// kernels or models.
absl::StatusOr<std::vector<EntryField>> ReadEntryFields(const std::string& kind,
                                                        const std::string& file);

}  // namespace fleetsim

#endif  // SIM_INPUTS_ENTRY_FIELDS_H_
