// Every dispatch and combine of the measured tables: medians of the error at most 10 % above 1 MiB
// and 20 % below, with the catalog's kernels.
#include <gmock/gmock.h>

#include "sim/collective/expert.h"
#include "tests/unit/collective/measured_rows.h"

namespace fleetsim {
namespace {

constexpr double kLarge = 0.10, kSmall = 0.20;
constexpr double kFp8 = 1 + 4.0 / 128;  // a 4-byte scale for 128 elements

// `hosts` hosts of 8 on one NDR NIC an accelerator, or one NVL72 domain's hosts of 4 alone.
GroupPlacement Group(const std::string& system, int hosts) {
  GroupPlacement group;
  for (int i = 0; i < hosts; ++i) group.hosts.push_back(i);
  group.ranks_per_host = system.starts_with("gb") ? 4 : 8;
  group.local = LinksOf(Machines().at(system));
  group.scale_out = &FabricNamed("infiniband-ndr");
  group.nic_share = BytesPerSecond(50e9 * group.ranks_per_host);
  group.hop_latency = group.scale_out->hop_latency;
  group.one_leaf = true;
  return group;
}

ExpertExchange ExchangeOf(const MeasuredRow& row, ExpertLibrary library, bool dispatch) {
  ExpertExchange exchange;
  exchange.library = library;
  exchange.phase = dispatch ? ExpertPhase::kDispatch : ExpertPhase::kCombine;
  exchange.tokens = Number(row, "tokens");
  exchange.token = Bytes(Number(row, "hidden") * (dispatch ? kFp8 : 2.0));
  exchange.experts = static_cast<int>(Number(row, "experts"));
  exchange.experts_per_token = static_cast<int>(Number(row, "topk"));
  return exchange;
}

Errors DeepEp(const std::vector<MeasuredRow>& rows, ExpertLibrary library) {
  Errors errors;
  for (const MeasuredRow& row : rows) {
    const int hosts = static_cast<int>(Number(row, "nodes"));
    const GroupPlacement group = Group(row.at("system"), hosts);
    for (const std::string phase : {"dispatch", "combine"}) {
      ExpertExchange exchange = ExchangeOf(row, library, phase == "dispatch");
      double measured_us = Number(row, phase + "_us");
      if (library == ExpertLibrary::kNormal) {
        exchange.processors = static_cast<int>(Number(row, phase + "_sms"));
        measured_us += Number(row, phase + "_notify_us");
      }
      errors.Add(absl::StrCat(phase, ", ", hosts * group.ranks_per_host),
                 exchange.tokens * exchange.token.value(),
                 CollectiveTime(PlanExpertExchange(exchange, group)), measured_us * 1e-6);
    }
  }
  return errors;
}

TEST(MeasuredExperts, DeepEpNormal) {
  const auto rows = ReadMeasured("aiconfigurator/deepep_normal.csv.xz");
  if (rows.empty()) GTEST_SKIP() << "no measured tables; see FLEETSIM_SHARED";
  const Errors errors = DeepEp(rows, ExpertLibrary::kNormal);
  errors.Print("DeepEP normal");
  EXPECT_LE(errors.Large(), kLarge);
  EXPECT_LE(errors.Small(), kSmall);
}

TEST(MeasuredExperts, DeepEpLowLatency) {
  const auto rows = ReadMeasured("aiconfigurator/deepep_low_latency.csv.xz");
  if (rows.empty()) GTEST_SKIP() << "no measured tables; see FLEETSIM_SHARED";
  const Errors errors = DeepEp(rows, ExpertLibrary::kLowLatency);
  errors.Print("DeepEP low latency");
  EXPECT_LE(errors.Large(), kLarge);
  EXPECT_LE(errors.Small(), kSmall);
}

// Dispatch and combine of one kind of kernels; the table has a second kind, for NVFP4 alone,
// without saying which row is whose: the first of equal rows is of the first kind. Of its other
// operations, preparing moves no tokens and the combine in low precision has a quantisation inside.
TEST(MeasuredExperts, OneSidedOnNvl72) {
  const auto rows = ReadMeasured("aiconfigurator/nvlink_alltoall_gb200.csv.xz");
  if (rows.empty()) GTEST_SKIP() << "no measured tables; see FLEETSIM_SHARED";
  const std::map<std::string, double> element = {
      {"bfloat16", 2.0}, {"fp8", 1.0}, {"nvfp4", 0.5 + 1.0 / 16}};
  Errors errors, second;
  std::map<std::string, int> seen;
  for (const MeasuredRow& row : rows) {
    const std::string op = row.at("op");
    if (op != "alltoall_dispatch" && op != "alltoall_combine") continue;
    const int ranks = static_cast<int>(Number(row, "ep"));
    const bool dispatch = op == "alltoall_dispatch";
    ExpertExchange exchange = ExchangeOf(row, ExpertLibrary::kOneSided, dispatch);
    exchange.spread = true;
    if (dispatch) exchange.token = Bytes(Number(row, "hidden") * element.at(row.at("dtype")));
    const bool first = seen[absl::StrCat(op, row.at("dtype"), ranks, ",", row.at("tokens"))]++ == 0;
    (first ? errors : second)
        .Add(absl::StrCat(op, ", ", ranks), exchange.tokens * exchange.token.value(),
             LocalExpertTime(exchange, ranks, LinksOf(Machines().at("gb200"))),
             Number(row, "lat_us") * 1e-6);
  }
  errors.Print("NVLink all-to-all");
  second.Print("NVLink all-to-all, second kind");
  EXPECT_LE(errors.Large(), kLarge);
  EXPECT_LE(errors.Small(), kSmall);
}

}  // namespace
}  // namespace fleetsim
