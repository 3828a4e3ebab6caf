#include "sim/inputs/catalog_reader.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "proto/catalog.pb.h"
#include "proto/kernel_class.pb.h"
#include "proto/reliability.pb.h"
#include "proto/serving_engine.pb.h"
#include "proto/stack.pb.h"
#include "sim/inputs/accelerator_reader.h"
#include "sim/inputs/fabric_reader.h"
#include "sim/inputs/failure_record_reader.h"
#include "sim/inputs/kernel_class_reader.h"
#include "sim/inputs/region_reader.h"
#include "sim/inputs/server_reader.h"
#include "sim/inputs/serving_engine_reader.h"
#include "sim/inputs/stack_reader.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kExtension = ".textproto";

// The files of one kind in alphabetical order.
absl::StatusOr<std::vector<std::string>> EntryFiles(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code failure;
  if (!fs::exists(folder, failure)) return files;
  for (const auto& item : fs::directory_iterator(folder, failure)) {
    const std::string name = item.path().filename();
    if (name[0] == '.' || item.path().extension() == ".md") continue;
    if (!absl::EndsWith(name, kExtension)) {
      return InputError(Location{item.path()}, "is no catalog entry",
                        absl::StrCat("entries end in ", kExtension));
    }
    files.push_back(item.path());
  }
  if (failure) {
    return InputError(Location{folder}, absl::StrCat("cannot be listed: ", failure.message()), "");
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Where each entry came from, for errors found once all are read.
struct Origin {
  std::string file;
  FieldLines lines;
  Location At(const std::string& field) const { return {file, lines.LineOf(field), field}; }
};
using Origins = std::map<std::string, Origin>;

// Names and aliases of one kind, in lower case, and the file that took them.
class NameBook {
 public:
  template <class Entry>
  absl::Status Add(const Entry& entry, const Origin& origin) {
    const std::string stem = fs::path(origin.file).stem();
    if (entry.name() != stem) {
      return InputError(origin.At("name"), absl::StrCat("is \"", entry.name(), "\""),
                        absl::StrCat("the file's name, \"", stem, "\""));
    }
    RETURN_IF_ERROR(Take(entry.name(), "name", origin));
    if constexpr (requires { entry.alias(); }) {
      for (int i = 0; i < entry.alias_size(); ++i) {
        RETURN_IF_ERROR(Take(entry.alias(i), absl::StrCat("alias[", i, "]"), origin));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Take(const std::string& name, const std::string& field, const Origin& origin) {
    if (name.empty()) return InputError(origin.At(field), "is empty", "leave it out");
    const auto [taken, fresh] = taken_.emplace(absl::AsciiStrToLower(name), origin.file);
    if (fresh) return absl::OkStatus();
    return InputError(origin.At(field), absl::StrCat("\"", name, "\" is taken by ", taken->second),
                      "names and aliases are unique within a kind, ignoring case");
  }

  std::map<std::string, std::string> taken_;
};

// All entries of one kind.
template <class Message, class Struct>
absl::Status ReadKind(const std::string& folder,
                      absl::StatusOr<Struct> (*read)(const Message&, const std::string&,
                                                     const FieldLines&),
                      std::map<std::string, Struct>& entries, Origins* origins = nullptr) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, EntryFiles(folder));
  NameBook names;
  for (const std::string& file : files) {
    Message message;
    ASSIGN_OR_RETURN(FieldLines lines, ParseProtoFile(file, &message));
    Origin origin{file, std::move(lines)};
    RETURN_IF_ERROR(names.Add(message, origin));
    ASSIGN_OR_RETURN(Struct entry, read(message, file, origin.lines));
    const std::string name = entry.name;
    entries.emplace(name, std::move(entry));
    if (origins != nullptr) origins->emplace(name, std::move(origin));
  }
  return absl::OkStatus();
}

// Replaces a reference by the name of the entry that answers to it. Empty references stay.
template <class T>
absl::Status Resolve(absl::StatusOr<const T*> (*find)(const Catalog&, absl::string_view),
                     const Catalog& catalog, const Location& where, std::string& reference) {
  if (reference.empty()) return absl::OkStatus();
  const auto found = find(catalog, reference);
  if (!found.ok()) return InputError(where, found.status().message(), "");
  reference = (*found)->name;
  return absl::OkStatus();
}

absl::Status ResolveAccelerators(Catalog& catalog, const Origins& origins) {
  for (auto& [name, accelerator] : catalog.accelerators) {
    const Origin& origin = origins.at(name);
    RETURN_IF_ERROR(
        Resolve(FindFabric, catalog, origin.At("scale_up_fabric"), accelerator.scale_up_fabric));
    RETURN_IF_ERROR(
        Resolve(FindKernelClass, catalog, origin.At("kernel_class"), accelerator.kernel_class));
  }
  return absl::OkStatus();
}

absl::Status ResolveServers(Catalog& catalog, const Origins& origins) {
  for (auto& [name, server] : catalog.servers) {
    const Origin& origin = origins.at(name);
    RETURN_IF_ERROR(
        Resolve(FindFabric, catalog, origin.At("scale_up_fabric"), server.scale_up_fabric));
    for (std::size_t i = 0; i < server.accelerator_names.size(); ++i) {
      RETURN_IF_ERROR(Resolve(FindAccelerator, catalog,
                              origin.At(absl::StrCat("accelerator[", i, "]")),
                              server.accelerator_names[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status ResolveFailureRecords(Catalog& catalog, const Origins& origins) {
  for (auto& [name, record] : catalog.failure_records) {
    for (std::size_t i = 0; i < record.accelerators.size(); ++i) {
      RETURN_IF_ERROR(Resolve(FindAccelerator, catalog,
                              origins.at(name).At(absl::StrCat("accelerator[", i, "]")),
                              record.accelerators[i]));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Catalog> ReadCatalog(const std::string& root) {
  const fs::path folder(root);
  std::error_code failure;
  if (!fs::is_directory(folder / "accelerators", failure)) {
    return InputError(Location{root}, "is no catalog",
                      "a folder with accelerators/, servers/, fabrics/, ...");
  }
  Catalog catalog;
  Origins accelerators, servers, failure_records;
  RETURN_IF_ERROR(
      ReadKind(folder / "accelerators", ReadAccelerator, catalog.accelerators, &accelerators));
  RETURN_IF_ERROR(ReadKind(folder / "servers", ReadServer, catalog.servers, &servers));
  RETURN_IF_ERROR(ReadKind(folder / "fabrics", ReadFabric, catalog.fabrics));
  RETURN_IF_ERROR(ReadKind(folder / "kernels", ReadKernelClass, catalog.kernel_classes));
  RETURN_IF_ERROR(ReadKind(folder / "stacks", ReadSoftwareStack, catalog.stacks));
  RETURN_IF_ERROR(ReadKind(folder / "engines", ReadServingEngine, catalog.engines));
  RETURN_IF_ERROR(ReadKind(folder / "regions", ReadRegion, catalog.regions));
  RETURN_IF_ERROR(ReadKind(folder / "prices", ReadPrices, catalog.prices));
  RETURN_IF_ERROR(ReadKind(folder / "reliability", ReadFailureRecord, catalog.failure_records,
                           &failure_records));
  RETURN_IF_ERROR(ResolveAccelerators(catalog, accelerators));
  RETURN_IF_ERROR(ResolveServers(catalog, servers));
  RETURN_IF_ERROR(ResolveFailureRecords(catalog, failure_records));
  return catalog;
}

}  // namespace fleetsim
