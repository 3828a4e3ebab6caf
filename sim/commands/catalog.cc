// fleetsim catalog: lists and shows the entries of the catalog and the models.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "sim/base/nearest.h"
#include "sim/commands/catalog_list.h"
#include "sim/commands/catalog_show.h"
#include "sim/commands/command.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/inputs/model_reader.h"

namespace fleetsim {
namespace {

struct ListFlags {
  std::string kind = "accelerators", vendor, sort, format = "text", output;
};
struct ShowFlags {
  std::string name, kind, format = "text", output;
};

// All that can be listed, and where its files are.
struct Shelf {
  std::string root, models_root;
  Catalog catalog;
  Models models;

  std::string FileOf(const std::string& kind, const std::string& name) const {
    const std::string folder = kind == "models" ? models_root : absl::StrCat(root, "/", kind);
    return absl::StrCat(folder, "/", name, ".textproto");
  }
};

absl::StatusOr<Shelf> ReadShelf(const CommonFlags& common) {
  Shelf shelf;
  ASSIGN_OR_RETURN(shelf.root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(shelf.catalog, ReadCatalog(shelf.root));
  shelf.models_root = ModelsBeside(shelf.root);
  ASSIGN_OR_RETURN(shelf.models, ReadModels(shelf.models_root));
  return shelf;
}

absl::Status List(const ListFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const Shelf shelf, ReadShelf(common));
  ASSIGN_OR_RETURN(Table table,
                   CatalogTable(shelf.catalog, shelf.models, flags.kind, flags.vendor));
  if (!flags.sort.empty()) {
    const absl::Status sorted = table.SortBy(flags.sort);
    if (!sorted.ok()) return absl::NotFoundError(absl::StrCat("--sort: ", sorted.message()));
  }
  return Deliver(table.Render(format), flags.output);
}

// An entry found by name, with its kind; others of other kinds that answer to the same name.
struct Found {
  std::string kind, name;
};

class Search {
 public:
  explicit Search(const std::string& name) : name_(name) {}

  template <class T>
  void In(const std::string& kind, const std::map<std::string, T>& entries,
          const absl::StatusOr<const T*>& entry) {
    for (const auto& [key, value] : entries) AddNames(value);
    if (entry.ok()) found_.push_back({kind, (*entry)->name});
  }

  void InModels(const Models& models, const std::string& root) {
    for (const auto& [key, model] : models) AddNames(model);
    const auto model = FindModel(name_, root);
    if (model.ok() && models.count(model->name) > 0) found_.push_back({"models", model->name});
  }

  const std::vector<Found>& found() const { return found_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  template <class T>
  void AddNames(const T& entry) {
    names_.push_back(entry.name);
    if constexpr (requires { entry.aliases; }) {
      names_.insert(names_.end(), entry.aliases.begin(), entry.aliases.end());
    }
  }

  std::string name_;
  std::vector<Found> found_;
  std::vector<std::string> names_;
};

absl::StatusOr<Found> Find(const Shelf& shelf, const ShowFlags& flags) {
  const Catalog& catalog = shelf.catalog;
  Search search(flags.name);
  const auto wanted = [&](const char* kind) { return flags.kind.empty() || flags.kind == kind; };
  if (wanted("accelerators")) {
    search.In("accelerators", catalog.accelerators, FindAccelerator(catalog, flags.name));
  }
  if (wanted("servers")) search.In("servers", catalog.servers, FindServer(catalog, flags.name));
  if (wanted("fabrics")) search.In("fabrics", catalog.fabrics, FindFabric(catalog, flags.name));
  if (wanted("stacks")) search.In("stacks", catalog.stacks, FindStack(catalog, flags.name));
  if (wanted("engines")) search.In("engines", catalog.engines, FindEngine(catalog, flags.name));
  if (wanted("regions")) search.In("regions", catalog.regions, FindRegion(catalog, flags.name));
  if (wanted("prices")) search.In("prices", catalog.prices, FindPrices(catalog, flags.name));
  if (wanted("reliability")) {
    search.In("reliability", catalog.failure_records, FindFailureRecord(catalog, flags.name));
  }
  if (wanted("kernels")) {
    search.In("kernels", catalog.kernel_classes, FindKernelClass(catalog, flags.name));
  }
  if (wanted("models")) search.InModels(shelf.models, shelf.models_root);
  if (!search.found().empty()) return search.found().front();
  if (search.names().empty()) {
    return absl::NotFoundError(absl::StrCat("--kind: unknown kind \"", flags.kind, "\"; ",
                                            DidYouMean(flags.kind, CatalogKinds())));
  }
  const bool near = !NearestNames(flags.name, search.names()).empty();
  return absl::NotFoundError(absl::StrCat("nothing in the catalog is called \"", flags.name, "\"; ",
                                          near ? DidYouMean(flags.name, search.names())
                                               : "`fleetsim catalog list` shows what there is"));
}

// What follows from the fields of an accelerator.
void AddDerived(const Accelerator& accelerator, std::vector<EntryField>& fields) {
  std::optional<EntryField> notes;  // stay last
  if (fields.back().name == "notes") {
    notes = fields.back();
    fields.pop_back();
  }
  const std::string rule = "US export rule 3A090, technical note: dense rate x operand bits";
  const Evidence computed{{}, EvidenceKind::kEstimated, rule, 0, "computed from the peaks above"};
  if (!accelerator.stated_tpp) {
    fields.push_back(
        {"total_processing_performance", TotalProcessingPerformance(accelerator), computed});
  }
  if (const auto density = PerformanceDensity(accelerator)) {
    fields.push_back({"performance_density", *density,
                      Evidence{{}, EvidenceKind::kEstimated, rule, 0, "over die_area_mm2"}});
  }
  if (notes) fields.push_back(*notes);
}

absl::Status Show(const ShowFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const Shelf shelf, ReadShelf(common));
  ASSIGN_OR_RETURN(const Found found, Find(shelf, flags));
  ASSIGN_OR_RETURN(std::vector<EntryField> fields,
                   ReadEntryFields(found.kind, shelf.FileOf(found.kind, found.name)));
  if (found.kind == "accelerators") {
    AddDerived(shelf.catalog.accelerators.at(found.name), fields);
  }
  const std::string text = format == TableFormat::kText
                               ? EntryText(absl::StrCat(found.kind, "/", found.name), fields)
                               : EntryTable(fields).Render(format);
  return Deliver(text, flags.output);
}

void AddOutputFlags(CLI::App& command, std::string& format, std::string& output) {
  command.add_option("--format", format, "text, csv or json")->capture_default_str();
  command.add_option("--output,-o", output, "File instead of standard output")->type_name("FILE");
}

void AddList(CLI::App& catalog, const CommonFlags& common, int& exit_code) {
  CLI::App* command = catalog.add_subcommand("list", "Lists the entries of one kind");
  const auto flags = std::make_shared<ListFlags>();
  command->add_option("--kind", flags->kind, absl::StrJoin(CatalogKinds(), ", "))
      ->capture_default_str();
  command->add_option("--vendor", flags->vendor, "Only those of one maker, e.g. nvidia");
  command->add_option("--sort", flags->sort, "Column: numbers from large to small");
  AddOutputFlags(*command, flags->format, flags->output);
  command->footer(
      "Example:\n  fleetsim catalog list --vendor huawei --sort total_processing_performance");
  command->callback([flags, &common, &exit_code] {
    const absl::Status status = List(*flags, common);
    if (!status.ok()) exit_code = Complain(status);
  });
}

void AddShow(CLI::App& catalog, const CommonFlags& common, int& exit_code) {
  CLI::App* command =
      catalog.add_subcommand("show", "Shows one entry: units, and the evidence of each number");
  const auto flags = std::make_shared<ShowFlags>();
  command->add_option("NAME", flags->name, "Name or alias of any entry")->required();
  command->add_option("--kind", flags->kind, "Where several kinds have an entry of that name");
  AddOutputFlags(*command, flags->format, flags->output);
  command->footer("Example:\n  fleetsim catalog show nvidia-h100-sxm-80gb");
  command->callback([flags, &common, &exit_code] {
    const absl::Status status = Show(*flags, common);
    if (!status.ok()) exit_code = Complain(status);
  });
}

}  // namespace

void AddCatalogCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("catalog", "Lists and shows accelerators, servers, fabrics, ...");
  command->require_subcommand(1);
  command->fallthrough();
  command->footer("Example:\n  fleetsim catalog list --kind servers");
  AddList(*command, common, exit_code);
  AddShow(*command, common, exit_code);
}

}  // namespace fleetsim
