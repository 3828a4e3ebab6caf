#include "sim/reliability/resolve_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/base/nearest.h"
#include "sim/parallel/placement.h"
#include "sim/reliability/interval.h"

namespace fleetsim {
namespace {

// PCI Express 4.0 x16, where the accelerator's entry has no host link.
constexpr BytesPerSecond kAssumedHostLink{32e9};

// The job's hosts with one kind of accelerator.
struct Kind {
  const Accelerator* accelerator = nullptr;
  const FailureRecord* record = nullptr;
  int accelerators_per_host = 0;
  std::array<double, kFailureUnits> units{};

  double Units(FailureUnit unit) const { return units[static_cast<int>(unit)]; }
};

class RunResolver {
 public:
  explicit RunResolver(const RunQuestion& question)
      : question_(question), request_(*question.request) {}

  absl::StatusOr<ResolvedRun> Resolve() {
    RETURN_IF_ERROR(FindKinds());
    RunModel& model = run_.model;
    model.steps = question_.steps;
    model.step_time = question_.step->duration;
    model.elastic = request_.elastic;
    model.replicas = question_.spec->strategy.data;
    RETURN_IF_ERROR(AddPools());
    AddCauses();
    AddTimes();
    AddCheckpoint();
    AddSpread();
    return std::move(run_);
  }

 private:
  void Assume(const std::string& what, const std::string& evidence, const std::string& source) {
    run_.assumptions.push_back({what, evidence, source});
  }

  // What the workers stand on.
  absl::Status FindKinds() {
    ASSIGN_OR_RETURN(const Placement placement, Place(question_.spec->strategy, *question_.fleet));
    std::set<int> hosts, leaves;
    for (const WorkerPlace& place : placement.workers) {
      for (int i = 0; i < place.hosts; ++i) hosts.insert(place.host + i);
    }
    for (const int host : hosts) {
      const Leaf& leaf = question_.fleet->LeafOf(host);
      Kind& kind = KindOf(leaf);
      kind.units[static_cast<int>(FailureUnit::kHost)] += 1;
      kind.units[static_cast<int>(FailureUnit::kNic)] += leaf.nics;
      kind.units[static_cast<int>(FailureUnit::kAccelerator)] += leaf.accelerators;
      if (leaves.insert(question_.fleet->hosts[host].leaf).second) {
        kind.units[static_cast<int>(FailureUnit::kSwitch)] += 1;
      }
    }
    std::set<std::string> names;
    for (Kind& kind : kinds_) {
      ASSIGN_OR_RETURN(kind.record, RecordOf(*kind.accelerator));
      names.insert(kind.record->name);
    }
    run_.record = absl::StrJoin(names, " + ");
    return absl::OkStatus();
  }

  Kind& KindOf(const Leaf& leaf) {
    for (Kind& kind : kinds_) {
      if (kind.accelerator == leaf.accelerator) return kind;
    }
    kinds_.push_back({.accelerator = leaf.accelerator, .accelerators_per_host = leaf.accelerators});
    return kinds_.back();
  }

  absl::StatusOr<const FailureRecord*> RecordOf(const Accelerator& accelerator) {
    const Catalog& catalog = *question_.catalog;
    if (!request_.record.empty()) {
      auto record = FindFailureRecord(catalog, request_.record);
      if (!record.ok()) return InputError(request_.record_place, record.status().message(), "");
      return record;
    }
    for (const auto& [name, record] : catalog.failure_records) {
      const auto& on = record.accelerators;
      if (std::find(on.begin(), on.end(), accelerator.name) == on.end()) continue;
      Assume(absl::StrCat("failures of ", accelerator.name, " as in ", name), "reported",
             "reliability entry of the catalog");
      return &record;
    }
    Assume(absl::StrCat("failures of ", accelerator.name, " as in ", kAssumedFailureRecord),
           "assumed", "nobody published those of this accelerator: name a record, or a ratio");
    auto record = FindFailureRecord(catalog, kAssumedFailureRecord);
    if (!record.ok()) return InputError(request_.record_place, record.status().message(), "");
    return record;
  }

  absl::Status AddPools() {
    const Strategy& strategy = question_.spec->strategy;
    const double per_replica = strategy.tensor * strategy.pipeline * strategy.context;
    for (const Kind& kind : kinds_) {
      run_.model.pools.push_back({.name = kind.accelerator->name,
                                  .hosts = static_cast<int>(kind.Units(FailureUnit::kHost)),
                                  .always_replaced = request_.spares.empty(),
                                  .replicas_per_host = kind.accelerators_per_host / per_replica});
    }
    if (request_.spares.empty()) {
      Assume("a host that fails is replaced at once: spares are not counted", "assumed",
             "give reliability { spares { hosts: N } }");
      return absl::OkStatus();
    }
    run_.spare_hosts = 0;
    for (const SpareRequest& spares : request_.spares) RETURN_IF_ERROR(AddSpares(spares));
    return absl::OkStatus();
  }

  absl::Status AddSpares(const SpareRequest& spares) {
    std::vector<std::string> names;
    for (const Kind& kind : kinds_) names.push_back(kind.accelerator->name);
    int index = 0;
    if (!spares.accelerator.empty()) {
      const auto accelerator = FindAccelerator(*question_.catalog, spares.accelerator);
      if (!accelerator.ok()) return InputError(spares.place, accelerator.status().message(), "");
      const auto found = std::find(names.begin(), names.end(), (*accelerator)->name);
      if (found == names.end()) {
        return InputError(
            spares.place,
            absl::StrCat("\"", spares.accelerator, "\" is no kind of the job's hosts"),
            absl::StrCat("it runs on ", absl::StrJoin(names, ", ")));
      }
      index = static_cast<int>(found - names.begin());
    } else if (names.size() > 1) {
      return InputError(spares.place, "names no accelerator, and the job runs on several kinds",
                        absl::StrCat("one of ", absl::StrJoin(names, ", ")));
    }
    run_.model.pools[index].spares += spares.hosts;
    *run_.spare_hosts += spares.hosts;
    run_.spare_accelerators += spares.hosts * kinds_[index].accelerators_per_host;
    return absl::OkStatus();
  }

  void AddCauses() {
    if (request_.failure_rate <= 0.0) return;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      const Kind& kind = kinds_[i];
      const std::string suffix =
          kinds_.size() > 1 ? absl::StrCat(" (", kind.accelerator->name, ")") : "";
      for (const FailureCause& cause : kind.record->causes) {
        const Seconds of_one = kind.record->MeanTimeBetween(cause);
        run_.model.causes.push_back(
            {.name = cause.name + suffix,
             .mean_time_between = of_one / (kind.Units(cause.per) * request_.failure_rate),
             .shape = request_.failure_shape,
             .detection =
                 request_.detection.value_or(cause.detection.value_or(kind.record->detection)),
             .pool = cause.loses_host ? static_cast<int>(i) : -1});
      }
    }
  }

  // Of several kinds the slowest decides; planned stops are those of the first kind's record.
  void AddTimes() {
    RunModel& model = run_.model;
    for (const Kind& kind : kinds_) {
      const FailureRecord& record = *kind.record;
      model.restart = Max(model.restart, record.restart + record.restart_per_accelerator *
                                                              question_.step->accelerators);
      model.repair = Max(model.repair, record.repair);
      storage_ += record.storage_per_accelerator * kind.Units(FailureUnit::kAccelerator);
    }
    const FailureRecord& first = *kinds_.front().record;
    model.restart = request_.restart.value_or(model.restart);
    model.repair = request_.repair.value_or(model.repair);
    model.planned_interval =
        request_.planned_interval.value_or(first.planned_interval.value_or(kNever));
    if (model.planned_interval <= Seconds()) model.planned_interval = kNever;
    model.planned_stop = request_.planned_stop.value_or(first.planned_stop);
    Assume(absl::StrFormat("detection and diagnosis %.0f s, then a restart of %.0f s and loading "
                           "the checkpoint",
                           request_.detection.value_or(first.detection).value(),
                           model.restart.value()),
           request_.detection && request_.restart ? "stated" : "inferred",
           absl::StrCat("reliability entry ", first.name, ", docs/runs.md"));
  }

  void AddCheckpoint() {
    const CheckpointRequest& request = request_.checkpoint;
    CheckpointPlan& plan = run_.model.checkpoint;
    plan.bytes = request.bytes.value_or(CheckpointBytes(*question_.spec));
    const BytesPerSecond storage = request.storage_bandwidth.value_or(storage_);
    plan.write = plan.pause = plan.bytes / storage;
    run_.model.restart += plan.bytes / storage;
    Assume(absl::StrFormat("checkpoint storage writes and reads %.4g GB/s", storage.value() / 1e9),
           request.storage_bandwidth ? "stated" : "inferred",
           request.storage_bandwidth ? "workload" : "reliability entry, docs/runs.md");
    if (request.asynchronous) {
      plan.pause = request.pause.value_or(CopyToHost());
      plan.write = plan.pause + plan.bytes / storage;
    }
    const Seconds between = MeanTimeBetweenStops(run_.model);
    if (!request.interval && between == kNever) return;
    const Seconds interval = request.interval.value_or(OptimalInterval(plan.pause, between));
    if (request.interval && interval <= Seconds()) return;
    // One write is done before the next one begins; checkpoints lie between steps.
    const double steps = Max(std::round(interval / run_.model.step_time),
                             std::ceil((plan.write - plan.pause) / run_.model.step_time));
    plan.steps_between = static_cast<int>(std::clamp(steps, 1.0, 1e9));
  }

  Seconds CopyToHost() const {
    Bytes largest = question_.step->memory.weights + question_.step->memory.optimizer;
    Seconds slowest;
    for (const Kind& kind : kinds_) {
      const BytesPerSecond link = kind.accelerator->host_link_bandwidth;
      slowest = Max(slowest, largest / (link > BytesPerSecond() ? link : kAssumedHostLink));
    }
    return slowest;
  }

  void AddSpread() {
    RunModel& model = run_.model;
    model.speed_spread = request_.speed_spread;
    for (const HostPool& pool : model.pools) model.spread_hosts += pool.hosts;
    model.spread_hosts -= 1;  // started at one
    // Communication and the host's work do not go slower with an accelerator's clock.
    const StepResult& step = *question_.step;
    Seconds other;
    for (const Part part :
         {Part::kTensorExposed, Part::kPipelineExposed, Part::kDataExposed, Part::kHost}) {
      other += step.parts[static_cast<int>(part)];
    }
    model.synchronous_share = 1.0 - other / step.duration;
  }

  const RunQuestion& question_;
  const ReliabilityRequest& request_;
  std::vector<Kind> kinds_;
  BytesPerSecond storage_;
  ResolvedRun run_;
};

}  // namespace

Bytes CheckpointBytes(const TrainingSpec& spec) {
  // Adam's master copy and two moments in FP32; what a stack keeps beyond them are working copies.
  constexpr double kAdamBytes = 12.0;
  return Bytes(CountParameters(*spec.model).Total() *
               (spec.stack->weight_bytes + std::min(spec.stack->optimizer_bytes, kAdamBytes)));
}

absl::StatusOr<ResolvedRun> ResolveRun(const RunQuestion& question) {
  return RunResolver(question).Resolve();
}

}  // namespace fleetsim
