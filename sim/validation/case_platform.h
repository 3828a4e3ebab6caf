// A platform file for a measured configuration, written and read back as any other.
#ifndef SIM_VALIDATION_CASE_PLATFORM_H_
#define SIM_VALIDATION_CASE_PLATFORM_H_

#include "sim/base/status.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/validation/translate.h"

namespace fleetsim {

// Leaves of 32 hosts of one kind on a core without oversubscription. The file is temporary; it is
// gone when this is.
class CasePlatform {
 public:
  static absl::StatusOr<CasePlatform> Make(const FleetRequest& request, const Catalog& catalog);
  CasePlatform(CasePlatform&& other) noexcept;
  CasePlatform& operator=(CasePlatform&&) = delete;
  ~CasePlatform();

  const Fleet& fleet() const { return fleet_; }

 private:
  CasePlatform() = default;
  std::string path_;
  Fleet fleet_;
};

}  // namespace fleetsim

#endif  // SIM_VALIDATION_CASE_PLATFORM_H_
