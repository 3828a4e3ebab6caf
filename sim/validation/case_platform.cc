#include "sim/validation/case_platform.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "sim/inputs/file.h"
#include "sim/platform/read.h"
#include "sim/platform/write.h"

namespace fleetsim {
namespace {

PoolSpec PoolOf(const FleetRequest& request) {
  return {.server = request.server,
          .accelerator = request.accelerator,
          .fabric = request.fabric,
          .hosts = request.hosts,
          .nics = request.nics,
          .hosts_per_leaf = 32,
          .power_cap_w = request.power_cap_w};
}

}  // namespace

absl::StatusOr<CasePlatform> CasePlatform::Make(const FleetRequest& request,
                                                const Catalog& catalog) {
  PlatformSpec spec{.name = "case",
                    .sites = {{.name = "site", .pue = 1.0, .cooling = request.cooling}}};
  spec.pools.push_back(PoolOf(request));
  for (const FleetRequest& other : request.others) spec.pools.push_back(PoolOf(other));
  ASSIGN_OR_RETURN(const std::string xml, PlatformXml(spec, catalog));
  std::string path = (std::filesystem::temp_directory_path() / "fleetsim-XXXXXX.xml").string();
  const int file = mkstemps(path.data(), 4);
  if (file < 0) return absl::InternalError(absl::StrCat("cannot write ", path));
  close(file);
  CasePlatform platform;
  platform.path_ = path;
  RETURN_IF_ERROR(WriteFileAtomically(path, xml));
  ASSIGN_OR_RETURN(platform.fleet_, ReadFleet(path, catalog));
  return platform;
}

CasePlatform::CasePlatform(CasePlatform&& other) noexcept
    : path_(std::exchange(other.path_, {})), fleet_(std::move(other.fleet_)) {}

CasePlatform::~CasePlatform() {
  if (!path_.empty()) unlink(path_.c_str());
}

}  // namespace fleetsim
