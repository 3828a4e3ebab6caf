// fleetsim collective: one collective over message sizes, as nccl-tests prints it.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/commands/byte_range.h"
#include "sim/commands/collective_run.h"
#include "sim/commands/command.h"
#include "sim/inputs/catalog_location.h"
#include "sim/inputs/catalog_reader.h"
#include "sim/platform/read.h"
#include "sim/report/format.h"
#include "sim/report/table.h"

namespace fleetsim {
namespace {

struct CollectiveFlags {
  std::string operation, platform;
  std::string bytes = "1KiB..8GiB";
  double factor = 2.0;
  RankLayout layout;
  std::string format = "text", output;
};

absl::Status CheckCounts(const CollectiveFlags& flags) {
  const auto at_least = [](const char* flag, double value, double least) {
    if (value >= least) return absl::OkStatus();
    return InputError({.file = flag}, absl::StrCat("is ", value), absl::StrCat(least, " or more"));
  };
  RETURN_IF_ERROR(at_least("--ranks", flags.layout.ranks, flags.layout.ranks == 0 ? 0 : 2));
  RETURN_IF_ERROR(at_least("--ranks-per-host", flags.layout.ranks_per_host, 0));
  RETURN_IF_ERROR(at_least("--groups", flags.layout.groups, 1));
  RETURN_IF_ERROR(at_least("--stride", flags.layout.stride, 1));
  if (flags.factor > 1.0) return absl::OkStatus();
  return InputError({.file = "--factor"}, absl::StrCat("is ", flags.factor), "more than 1");
}

Table TableOf(const CollectiveOperation& operation, const std::vector<CollectiveTiming>& timings,
              bool text) {
  std::vector<Column> columns;
  if (text) columns.push_back({"size", "size"});
  columns.push_back({"message_bytes", "bytes", "", 1.0, 15});
  columns.insert(columns.end(), {{"algorithm", "algorithm"},
                                 {"protocol", "protocol"},
                                 {"time_s", "time", "us", 1e-6},
                                 {"algorithm_bandwidth_bytes_per_s", "algbw", "GB/s", 1e9},
                                 {"bus_bandwidth_bytes_per_s", "busbw", "GB/s", 1e9},
                                 {"limit", "limited by"}});
  Table table(std::move(columns));
  for (const CollectiveTiming& timing : timings) {
    std::vector<Cell> row;
    if (text) row.push_back(ByteSizeText(timing.bytes));
    row.push_back(timing.bytes.value());
    row.push_back(AlgorithmName(timing, operation));
    const CollectiveProtocol* protocol = timing.choice.protocol;
    row.push_back(protocol == nullptr || protocol->name.empty() ? Cell() : Cell(protocol->name));
    row.push_back(timing.time.value());
    row.push_back(timing.algorithm_bandwidth);
    row.push_back(timing.bus_bandwidth);
    row.push_back(timing.limit);
    table.AddRow(std::move(row));
  }
  return table;
}

std::string Heading(const CollectiveOperation& operation, const PlacedRanks& placed,
                    const Fleet& fleet) {
  const Leaf& leaf = fleet.LeafOf(placed.hosts.front().front());
  const int hosts = static_cast<int>(placed.hosts.front().size());
  std::string text = absl::StrCat(operation.name, " on ", fleet.name, ": ", placed.layout.ranks,
                                  " ranks, ", placed.layout.ranks_per_host, " on each of ", hosts,
                                  hosts == 1 ? " host" : " hosts");
  if (placed.layout.groups > 1)
    absl::StrAppend(&text, ", ", placed.layout.groups, " groups at once");
  absl::StrAppend(&text, "\n", leaf.accelerator->name, " (",
                  leaf.scale_up == nullptr ? "host bus" : leaf.scale_up->name, " ",
                  FormatBandwidth(leaf.scale_up_bandwidth), " each)");
  if (hosts > 1) {
    absl::StrAppend(&text, ", ", leaf.scale_out->name, " ", FormatBandwidth(leaf.nic_bandwidth),
                    " a host");
  }
  return text + "\n\n";
}

absl::StatusOr<std::string> RunCollective(const CollectiveFlags& flags, const CommonFlags& common) {
  ASSIGN_OR_RETURN(const TableFormat format, ParseTableFormat(flags.format));
  ASSIGN_OR_RETURN(const CollectiveOperation operation, ParseOperation(flags.operation));
  RETURN_IF_ERROR(CheckCounts(flags));
  ASSIGN_OR_RETURN(const std::vector<Bytes> sizes,
                   ParseByteRange("--bytes", flags.bytes, flags.factor));
  ASSIGN_OR_RETURN(const std::string root, LocateCatalog(common.catalog));
  ASSIGN_OR_RETURN(const Catalog catalog, ReadCatalog(root));
  ASSIGN_OR_RETURN(const Fleet fleet, ReadFleet(flags.platform, catalog));
  ASSIGN_OR_RETURN(const PlacedRanks placed, PlaceRanks(flags.layout, fleet));
  if (placed.layout.ranks < 2) {
    return InputError({flags.platform}, "has one accelerator", "two or more for a collective");
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Simulation> simulation, Simulation::Load(fleet));
  std::vector<CollectiveTiming> timings;
  Progress progress("sizes simulated", static_cast<int>(sizes.size()));
  for (const Bytes bytes : sizes) {
    ASSIGN_OR_RETURN(CollectiveTiming timing,
                     TimeCollective(operation, bytes, placed, fleet, *simulation));
    timings.push_back(std::move(timing));
    progress.Report(static_cast<int>(timings.size()));
  }
  const bool text = format == TableFormat::kText;
  return (text ? Heading(operation, placed, fleet) : std::string()) +
         TableOf(operation, timings, text).Render(format);
}

}  // namespace

void AddCollectiveCommand(CLI::App& app, const CommonFlags& common, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "collective", "Times a collective over message sizes on a platform, as nccl-tests does");
  const auto flags = std::make_shared<CollectiveFlags>();
  command->add_option("OP", flags->operation, absl::StrCat("Operation: ", OperationNames()))
      ->required();
  command->add_option("--platform,-p", flags->platform, "Platform file")
      ->required()
      ->type_name("XML");
  command->add_option("--ranks,-n", flags->layout.ranks,
                      "Ranks of one group; absent: all accelerators");
  command->add_option("--ranks-per-host", flags->layout.ranks_per_host,
                      "Ranks of a group on one host; absent: all its accelerators");
  command
      ->add_option("--groups", flags->layout.groups,
                   "Groups at the same time: side by side on the same hosts first")
      ->capture_default_str();
  command
      ->add_option("--stride", flags->layout.stride,
                   "Hosts from one of a group to its next; other groups take those between")
      ->capture_default_str();
  command->add_option("--bytes,-b", flags->bytes, "Message size or range of them")
      ->capture_default_str();
  command->add_option("--factor,-f", flags->factor, "From one size to the next")
      ->capture_default_str();
  command->add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "File instead of standard output");
  command->footer(
      "Sizes are one rank's full buffer and bandwidths nccl-tests' definitions.\n"
      "Examples:\n"
      "  fleetsim collective all-reduce --platform platforms/h100-16k-ndr.xml --ranks 64\n"
      "  fleetsim collective all-reduce -p platforms/h20-1k-roce.xml --ranks 16 "
      "--ranks-per-host 1 --groups 8\n"
      "The second: 8 groups of one accelerator a host, as data-parallel groups beside tensor "
      "parallelism.");
  command->callback([flags, &common, &exit_code] {
    const absl::StatusOr<std::string> text = RunCollective(*flags, common);
    const absl::Status status = text.ok() ? Deliver(*text, flags->output) : text.status();
    exit_code = status.ok() ? 0 : Complain(status);
  });
}

}  // namespace fleetsim
