// fleetsim platform: writes, draws and checks platform files.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "sim/commands/command.h"
#include "sim/commands/platform_stock.h"
#include "sim/commands/platform_tree.h"
#include "sim/engine/simulation.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/platform/bisection.h"
#include "sim/platform/quantity.h"
#include "sim/platform/read.h"
#include "sim/platform/spec_text.h"
#include "sim/platform/write.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

struct NewFlags {
  std::string name = "site", output;
  std::string server, accelerator, fabric, region, cooling, speed;
  PoolSpec pool;
  double pue = 0.0;
  std::vector<std::string> pools, sites, wans, slow;
};

struct ShowFlags {
  std::string file, format = "text", output;
};

absl::StatusOr<Catalog> OpenCatalog(const CommonFlags& common) {
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  return ReadCatalog(root);
}

// An entry named by a flag; null where the flag is not there.
template <class T>
absl::StatusOr<const T*> Named(const char* flag, const std::string& name, const Catalog& catalog,
                               absl::StatusOr<const T*> (*find)(const Catalog&,
                                                                absl::string_view)) {
  if (name.empty()) return nullptr;
  absl::StatusOr<const T*> entry = find(catalog, name);
  if (!entry.ok()) return InputError({.file = flag}, entry.status().message(), "");
  return entry;
}

absl::StatusOr<PlatformSpec> SpecOf(const NewFlags& flags, const Catalog& catalog) {
  PlatformSpec spec{.name = flags.name};
  PoolSpec pool = flags.pool;
  ASSIGN_OR_RETURN(pool.server, Named("--server", flags.server, catalog, &FindServer));
  ASSIGN_OR_RETURN(pool.accelerator,
                   Named("--accelerator", flags.accelerator, catalog, &FindAccelerator));
  ASSIGN_OR_RETURN(pool.fabric, Named("--fabric", flags.fabric, catalog, &FindFabric));
  if (!flags.speed.empty()) {
    const auto speed = ParseSpeed(flags.speed);
    if (!speed.ok()) return InputError({.file = "--speed"}, speed.status().message(), "");
    if (speed->value() <= 0.0) {
      return InputError({.file = "--speed"}, absl::StrCat("is ", flags.speed),
                        "above 0: \"120Tf\"");
    }
    pool.speed = *speed;
  }
  spec.pools.push_back(pool);
  for (const std::string& text : flags.pools) {
    ASSIGN_OR_RETURN(PoolSpec more, ParsePool("--add", text, catalog));
    spec.pools.push_back(std::move(more));
  }
  for (const std::string& text : flags.sites) {
    ASSIGN_OR_RETURN(SiteSpec site, ParseSite("--site", text, catalog));
    spec.sites.push_back(std::move(site));
  }
  if (spec.sites.empty()) {
    SiteSpec site{.name = flags.name, .pue = flags.pue, .cooling = flags.cooling};
    ASSIGN_OR_RETURN(site.region, Named("--region", flags.region, catalog, &FindRegion));
    spec.sites.push_back(std::move(site));
  }
  for (const std::string& text : flags.wans) {
    ASSIGN_OR_RETURN(WanSpec wan, ParseWan("--wan", text, catalog));
    spec.wans.push_back(std::move(wan));
  }
  for (const std::string& text : flags.slow) {
    ASSIGN_OR_RETURN(SlowHostSpec slow, ParseSlowHost("--slow", text));
    spec.slow_hosts.push_back(std::move(slow));
  }
  return spec;
}

absl::Status RunNew(const NewFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const Catalog catalog, OpenCatalog(common));
  ASSIGN_OR_RETURN(const PlatformSpec spec, SpecOf(flags, catalog));
  ASSIGN_OR_RETURN(const std::string xml, PlatformXml(spec, catalog));
  // What cannot be read back is never written.
  RETURN_IF_ERROR(
      ParsePlatform(flags.output.empty() ? "platform" : flags.output, xml, catalog).status());
  return Deliver(xml, flags.output);
}

std::string Summary(const Platform& platform) {
  const Fleet& fleet = platform.fleet;
  FlopsPerSecond peak;
  for (const Host& host : fleet.hosts) {
    peak += fleet.leaves[host.leaf].speed * fleet.leaves[host.leaf].accelerators;
  }
  const auto bisection = BisectionBandwidth(platform);
  return absl::StrFormat("%s, %s BF16, bisection %s",
                         CountText(fleet.Accelerators(), static_cast<int>(fleet.hosts.size())),
                         FormatRate(peak), bisection ? FormatBandwidth(*bisection) : "unknown");
}

absl::Status Show(const ShowFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const Catalog catalog, OpenCatalog(common));
  ASSIGN_OR_RETURN(const Platform platform, ReadPlatform(flags.file, catalog));
  ASSIGN_OR_RETURN(const Prices* prices, FindPrices(catalog, "default"));
  const Table stock = StockTable(TakeStock(platform, *prices));
  if (format != TableFormat::kText) return Deliver(stock.Render(format), flags.output);
  std::string text =
      absl::StrCat(Summary(platform), "\n\n", PlatformTree(platform), "\n", stock.Text());
  for (const std::string& note : platform.notes) absl::StrAppend(&text, "note: ", note, "\n");
  return Deliver(text, flags.output);
}

absl::Status Check(const std::string& file, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const Catalog catalog, OpenCatalog(common));
  ASSIGN_OR_RETURN(const Platform platform, ReadPlatform(file, catalog));
  RETURN_IF_ERROR(Simulation::Load(platform.fleet).status());
  std::string text = absl::StrCat(file, ": good, ", Summary(platform), "\n");
  for (const std::string& note : platform.notes) absl::StrAppend(&text, "note: ", note, "\n");
  return Deliver(text, "");
}

void AddNew(CLI::App& platform, const CommonFlags& common, int& exit_code) {
  CLI::App* command = platform.add_subcommand("new", "Writes a platform file from a few numbers");
  auto flags = std::make_shared<NewFlags>();
  command->add_option("--server", flags->server, "Server of the catalog")->required();
  command->add_option("--accelerator", flags->accelerator,
                      "Accelerator, where the server takes several");
  command->add_option("--fabric", flags->fabric, "Scale-out fabric of the catalog")->required();
  command->add_option("--hosts", flags->pool.hosts, "Servers")->required();
  command->add_option("--nics", flags->pool.nics, "Scale-out ports of a host (the server's)");
  command->add_option("--leaf", flags->pool.hosts_per_leaf, "Hosts under one leaf (32)");
  command->add_option("--pod", flags->pool.leaves_per_pod, "Leaves of one pod (no pods)");
  command->add_option("--oversubscription", flags->pool.leaf_oversubscription,
                      "Bandwidth below a leaf over bandwidth above it (1)");
  command->add_option("--pod-oversubscription", flags->pool.pod_oversubscription,
                      "The same of a pod (1)");
  command->add_option("--speed", flags->speed, "BF16 peak of power-capped accelerators, 120Tf");
  command->add_option("--power-cap", flags->pool.power_cap_w,
                      "Watts of one accelerator below its TDP: the clock that it leaves, as speed");
  command->add_option("--name", flags->name, "Name of the site");
  auto* region = command->add_option("--region", flags->region, "Region of the catalog");
  auto* pue = command->add_option("--pue", flags->pue, "Power usage effectiveness (the region's)");
  auto* cooling = command->add_option("--cooling", flags->cooling, "air, liquid, ...");
  command
      ->add_option("--add", flags->pools,
                   "Another kind of server: server=..,hosts=..,fabric=.. (docs/platforms.md)")
      ->allow_extra_args(false);
  command
      ->add_option("--site", flags->sites,
                   "One of several sites: name=..,region=..,pue=..,cooling=..")
      ->allow_extra_args(false)
      ->excludes(region, pue, cooling);
  command
      ->add_option("--wan", flags->wans,
                   "Joins two sites: from=..,to=..,fabric=..,bandwidth=1.6Tbps,km=1000")
      ->allow_extra_args(false);
  command
      ->add_option("--slow", flags->slow,
                   "A host below its nominal speed: host=hgx-h20-7,speed=0.8")
      ->allow_extra_args(false);
  command->add_option("-o,--output", flags->output, "File to write (standard output)");
  command->footer(
      "fleetsim platform new --server hgx-h20 --hosts 512 --fabric rocev2-200g "
      "--oversubscription 2 -o h20.xml");
  command->callback([flags, &common, &exit_code] {
    const absl::Status status = RunNew(*flags, common);
    if (!status.ok()) exit_code = Complain(status);
  });
}

void AddShow(CLI::App& platform, const CommonFlags& common, int& exit_code) {
  CLI::App* command = platform.add_subcommand("show", "Draws what a platform file contains");
  auto flags = std::make_shared<ShowFlags>();
  command->add_option("FILE", flags->file, "Platform file")->required();
  command->add_option("--format", flags->format, "text, json or csv")->capture_default_str();
  command->add_option("-o,--output", flags->output, "File to write (standard output)");
  command->callback([flags, &common, &exit_code] {
    const absl::Status status = Show(*flags, common);
    if (!status.ok()) exit_code = Complain(status);
  });
}

void AddCheck(CLI::App& platform, const CommonFlags& common, int& exit_code) {
  CLI::App* command =
      platform.add_subcommand("check", "Holds a platform file against the catalog and SimGrid");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "Platform file")->required();
  command->callback([file, &common, &exit_code] {
    const absl::Status status = Check(*file, common);
    if (!status.ok()) exit_code = Complain(status);
  });
}

}  // namespace

void AddPlatformCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* platform =
      app.add_subcommand("platform", "Writes, draws and checks platform files (docs/platforms.md)");
  platform->require_subcommand(1);
  AddNew(*platform, common, exit_code);
  AddShow(*platform, common, exit_code);
  AddCheck(*platform, common, exit_code);
}

}  // namespace fleetsim
