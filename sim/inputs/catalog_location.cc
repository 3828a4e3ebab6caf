#include "sim/inputs/catalog_location.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

namespace fleetsim {
namespace {

namespace fs = std::filesystem;

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

absl::StatusOr<std::string> Named(const std::string& folder, absl::string_view by) {
  if (IsFolder(folder)) return folder;
  return InputError(Location{folder}, absl::StrCat("the catalog that ", by, " names is no folder"),
                    "a folder with accelerators/, servers/, fabrics/, ...");
}

}  // namespace

absl::StatusOr<std::string> LocateCatalog(const std::string& flag) {
  if (!flag.empty()) return Named(flag, "--catalog");
  const char* environment = std::getenv("FLEETSIM_CATALOG");
  if (environment != nullptr && *environment != '\0') return Named(environment, "FLEETSIM_CATALOG");
  const fs::path inside = fs::path("platforms") / "catalog";
  std::vector<fs::path> places = {fs::path(FLEETSIM_SOURCE_DIR) / inside};
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  if (!failure) {
    places.push_back(program.parent_path() / inside);
    places.push_back(program.parent_path().parent_path() / inside);
  }
  for (const fs::path& place : places) {
    if (IsFolder(place)) return place.string();
  }
  return InputError(Location{places.front()}, "no catalog there or beside the program",
                    "name its folder with --catalog or FLEETSIM_CATALOG");
}

std::string ModelsBeside(const std::string& catalog_root) {
  const fs::path inside = fs::path("workloads") / "models";
  const fs::path beside = fs::path(catalog_root) / ".." / ".." / inside;
  if (IsFolder(beside)) return beside.lexically_normal().string();
  return (fs::path(FLEETSIM_SOURCE_DIR) / inside).string();
}

}  // namespace fleetsim
