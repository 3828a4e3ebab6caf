#include "sim/training/step.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/engine/group_placement.h"
#include "sim/model/flops.h"
#include "sim/parallel/memory.h"
#include "sim/parallel/placement.h"
#include "sim/training/fit.h"
#include "sim/training/lowering.h"
#include "sim/training/network_times.h"
#include "sim/training/slow_hosts.h"

namespace fleetsim {
namespace {

bool SameHardware(const Leaf& a, const Leaf& b) {
  return a.accelerator == b.accelerator && a.speed == b.speed && a.scale_up == b.scale_up &&
         a.scale_up_bandwidth == b.scale_up_bandwidth && a.accelerators == b.accelerators;
}

absl::StatusOr<WorkerKinds> KindsOf(const TrainingSpec& spec, const Placement& placement,
                                    const Fleet& fleet, const Catalog& catalog) {
  WorkerKinds kinds;
  std::vector<const Leaf*> seen;
  for (const WorkerPlace& place : placement.workers) {
    const Leaf& leaf = fleet.LeafOf(place.host);
    auto same = std::find_if(seen.begin(), seen.end(),
                             [&](const Leaf* other) { return SameHardware(leaf, *other); });
    if (same == seen.end()) {
      ASSIGN_OR_RETURN(const WorkerHardware hardware,
                       HardwareOf(leaf, catalog, spec.LinearFormat(), spec.stack->year));
      kinds.hardware.push_back(hardware);
      same = seen.insert(seen.end(), &leaf);
    }
    kinds.kind.push_back(static_cast<int>(same - seen.begin()));
  }
  return kinds;
}

void AddAssumptions(const TrainingSpec& spec, const WorkerKinds& kinds, StepResult& result) {
  for (const WorkerHardware& hardware : kinds.hardware) {
    const Accelerator& accelerator = *hardware.device.accelerator;
    result.assumptions.push_back({absl::StrCat("kernel times of ", accelerator.name, " from class ",
                                               accelerator.kernel_class),
                                  accelerator.kernel_class_inferred ? "inferred" : "measured",
                                  accelerator.kernel_class_inferred
                                      ? "nearest relative with measurements"
                                      : "fitted on kernel measurements, see docs/kernels.md"});
    if (hardware.device.clock_ratio < 1.0) {
      result.assumptions.push_back(
          {absl::StrFormat("%s at %.0f%% of the clock of short kernel loops: settled at its power "
                           "limit",
                           accelerator.name, 100.0 * hardware.device.clock_ratio),
           "inferred", "endless matrix products against short ones, see docs/kernels.md"});
    }
  }
  if (IsNarrow(spec.precision)) {
    const std::vector<MatrixFormat>& known = kinds.hardware.front().device.kernels->matrix;
    const bool measured = std::any_of(known.begin(), known.end(), [&](const MatrixFormat& format) {
      return format.dtype == spec.precision;
    });
    result.assumptions.push_back({absl::StrCat(DataTypeName(spec.precision), " products scaled ",
                                               ScalingName(spec.recipe.scaling),
                                               "; loss head, router and attention core in 16 bits"),
                                  measured ? "measured" : "inferred",
                                  measured ? "products of that format, see docs/kernels.md"
                                           : "share of peak as the class's first format"});
  }
  result.assumptions.push_back({absl::StrCat("software stack ", spec.stack->name), "estimated",
                                "catalog entry, see docs/step.md"});
}

void AddWork(const TrainingSpec& spec, StepResult& result) {
  const double tokens = spec.GlobalBatch() * spec.sequence_length;
  result.tokens = tokens;
  result.real_tokens = tokens * spec.rows.real_share;
  const double length = spec.rows.attended > 0.0 ? spec.rows.attended : spec.sequence_length;
  const auto model_flops = [&](AttentionCount count) {
    return ModelFlopsPerToken(*spec.model, length, count, spec.trainable) * tokens;
  };
  const auto hardware_flops = [&](AttentionCount count) {
    return HardwareFlopsPerToken(*spec.model, length, count, spec.recompute, spec.trainable) *
           tokens;
  };
  result.model_flops = model_flops(AttentionCount::kCausal);
  result.model_flops_full_attention = model_flops(AttentionCount::kFullSquare);
  result.hardware_flops = hardware_flops(AttentionCount::kCausal);
  result.hardware_flops_full_attention = hardware_flops(AttentionCount::kFullSquare);
}

// Means over workers, which all hold equally many accelerators. The record holds one of `replicas`
// that are alike.
void AddRecord(const ProgramRecord& record, int replicas, StepResult& result) {
  result.duration = record.duration;
  const double share = 1.0 / static_cast<double>(record.workers.size());
  for (const WorkerRecord& worker : record.workers) {
    for (int i = 0; i < kParts; ++i) result.parts[i] += worker.parts[i] * share;
    for (int i = 0; i < kActivities; ++i) result.activities[i] += worker.activities[i] * share;
  }
  result.network_bytes = record.network_bytes * replicas;
  result.simulated_activities = record.activities;
}

absl::Status CheckFormat(const Accelerator& accelerator, NumberFormat format) {
  std::string lacks;
  if (accelerator.Peak(format.dtype).value() <= 0.0) {
    lacks = DataTypeName(format.dtype);
  } else if (format.scaling == Scaling::kMx && !accelerator.ScalesGroups()) {
    lacks = absl::StrCat(DataTypeName(format.dtype), " with MX scaling in its");
  } else {
    return absl::OkStatus();
  }
  std::vector<std::string> has;
  for (int i = 0; i < kDataTypes; ++i) {
    if (accelerator.peak[i].value() > 0.0) has.push_back(DataTypeName(static_cast<DataType>(i)));
  }
  return Infeasible(absl::StrCat(accelerator.name, " has no ", lacks,
                                 " matrix units in the catalog; it has ",
                                 absl::StrJoin(has, ", ")));
}

// The step as a program: one replica with its network times measured, or all of them. What ranks
// exchange inside their works is measured in either case.
absl::StatusOr<Program> Lower(const TrainingSpec& spec, const Placement& placement,
                              const WorkerKinds& kinds, const Fleet& fleet, Detail detail,
                              Simulation& simulation) {
  PatternTimes times(spec, placement, kinds, fleet, simulation);
  const NetworkTimes folded{
      .collective = [&](GroupKind kind, int stage,
                        CollectiveSpec& collective) { times.Collective(kind, stage, collective); },
      .transfer = [&](int from, int to, Bytes bytes) { return times.Transfer(from, to, bytes); }};
  const auto exchanges = [&](int stage, int kind, const RankExchange& exchange) {
    return times.Exchange(stage, kind, exchange);
  };
  Program program =
      LowerStep(spec, placement, kinds, detail == Detail::kFolded ? &folded : nullptr, exchanges);
  RETURN_IF_ERROR(times.status());
  return program;
}

// Workers are alike, and nothing else changes over time.
bool MayFold(const WorkerKinds& kinds, const Fleet& fleet, const StepOptions& options) {
  const bool profiles = options.nominal_speeds ? fleet.has_other_profiles : fleet.has_profiles;
  return options.detail == Detail::kFolded && kinds.hardware.size() == 1 && !profiles;
}

// The record of one replica that stands for all, or of all.
struct StepRecord {
  ProgramRecord record;
  bool folded = false;
};

absl::StatusOr<StepRecord> RunNominal(const TrainingSpec& spec, const Placement& placement,
                                      const WorkerKinds& kinds, const Fleet& fleet,
                                      const StepOptions& options, Simulation& simulation) {
  if (MayFold(kinds, fleet, options)) {
    ASSIGN_OR_RETURN(const Program program,
                     Lower(spec, placement, kinds, fleet, Detail::kFolded, simulation));
    ASSIGN_OR_RETURN(ProgramRecord record,
                     simulation.RunProgram(program, {.nominal_speeds = true}));
    return StepRecord{std::move(record), true};
  }
  ASSIGN_OR_RETURN(const Program program,
                   Lower(spec, placement, kinds, fleet, Detail::kFull, simulation));
  ASSIGN_OR_RETURN(ProgramRecord record,
                   simulation.RunProgram(program, {.nominal_speeds = options.nominal_speeds}));
  return StepRecord{std::move(record)};
}

// Simulates the step and, where hosts are slower than they could be, what it would take without
// them; that one in the cheapest way, as folded and full agree.
absl::StatusOr<StepRecord> RunStep(const TrainingSpec& spec, const Placement& placement,
                                   const WorkerKinds& kinds, const Fleet& fleet,
                                   const StepOptions& options, Simulation& simulation,
                                   StepResult& result) {
  if (options.nominal_speeds || (kinds.hardware.size() == 1 && !fleet.has_profiles)) {
    return RunNominal(spec, placement, kinds, fleet, options, simulation);
  }
  WorkerKinds compared = kinds;
  compared.nominal = NominalKinds(kinds);
  ASSIGN_OR_RETURN(const Program program,
                   Lower(spec, placement, compared, fleet, Detail::kFull, simulation));
  ASSIGN_OR_RETURN(ProgramRecord record, simulation.RunProgram(program));
  if (!record.delays.empty()) {
    ASSIGN_OR_RETURN(const StepRecord without,
                     RunNominal(spec, placement, WithNominalKinds(kinds), fleet,
                                {.nominal_speeds = true}, simulation));
    result.nominal_duration = without.record.duration;
    result.slow_hosts = SlowHostsOf(program, record, fleet, result.nominal_duration);
  }
  return StepRecord{std::move(record)};
}

}  // namespace

absl::StatusOr<WorkerHardware> HardwareOf(const Leaf& leaf, const Catalog& catalog,
                                          NumberFormat format, int library_year) {
  const Accelerator& accelerator = *leaf.accelerator;
  RETURN_IF_ERROR(CheckFormat(accelerator, format));
  ASSIGN_OR_RETURN(const KernelClass* kernels, FindKernelClass(catalog, accelerator.kernel_class));
  const FlopsPerSecond peak = accelerator.Peak(DataType::kBf16).value() > 0.0
                                  ? accelerator.Peak(DataType::kBf16)
                                  : accelerator.Peak(DataType::kFp16);
  const double share = leaf.scale_out == nullptr ? 1.0 : leaf.scale_out->point_to_point_efficiency;
  const BytesPerSecond network = leaf.nic_bandwidth * (share / leaf.accelerators);
  // A job lasts: the board has settled at its power limit.
  return WorkerHardware{
      {&accelerator, kernels, leaf.speed / peak, kernels->settled_clock, library_year},
      LinksOf(leaf),
      network,
      leaf.server == nullptr ? BytesPerSecond() : leaf.server->host_link_bandwidth,
      leaf.server == nullptr ? BytesPerSecond()
                             : leaf.server->host_memory_bandwidth / leaf.accelerators};
}

absl::StatusOr<StepResult> SimulateStep(const TrainingSpec& spec, const Fleet& fleet,
                                        const Catalog& catalog, const StepOptions& options,
                                        Simulation& simulation) {
  ASSIGN_OR_RETURN(const Placement placement, Place(spec.strategy, fleet));
  ASSIGN_OR_RETURN(WorkerKinds kinds, KindsOf(spec, placement, fleet, catalog));
  if (options.nominal_speeds) kinds = WithNominalKinds(kinds);
  StepResult result;
  result.memory_capacity = kinds.hardware.front().device.accelerator->UsableMemory();
  for (const WorkerHardware& hardware : kinds.hardware) {
    result.memory_capacity =
        Min(result.memory_capacity, hardware.device.accelerator->UsableMemory());
  }
  result.memory = MemoryOf(spec);
  if (options.must_fit) RETURN_IF_ERROR(CheckFits(spec, result.memory_capacity).status());
  ASSIGN_OR_RETURN(const StepRecord run,
                   RunStep(spec, placement, kinds, fleet, options, simulation, result));
  AddRecord(run.record, run.folded ? placement.replicas : 1, result);
  if (result.slow_hosts.empty()) result.nominal_duration = result.duration;
  AddWork(spec, result);
  AddAssumptions(spec, kinds, result);
  const Device& device = kinds.hardware.front().device;
  result.peak = device.accelerator->Peak(spec.precision) * device.speed_ratio;
  result.accelerators = spec.strategy.Accelerators();
  result.strategy = spec.strategy;
  result.detail = run.folded ? "folded" : "full";
  return result;
}

}  // namespace fleetsim
