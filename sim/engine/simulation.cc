#include "sim/engine/simulation.h"

#include <algorithm>
#include <utility>

#include "sim/engine/executor.h"
#include "sim/engine/group_placement.h"
#include "sim/engine/network.h"

namespace fleetsim {

namespace {

// Starts the flows of several plans together and keeps how long each takes.
class PatternRun : public EventListener {
 public:
  PatternRun(const std::vector<CollectivePlan>& plans, Network& network)
      : plans_(plans), network_(network), begin_(network.Now()) {}

  absl::StatusOr<std::vector<Seconds>> Run() {
    RETURN_IF_ERROR(network_.Run(*this, {kBegin}));
    return std::move(durations_);
  }

 private:
  static constexpr int kBegin = -1;

  void OnEvent(const Event& event) override {
    if (event.kind == kBegin) return Begin();
    durations_[event.kind] = network_.Now() - begin_;
  }

  void Begin() {
    for (const CollectivePlan& plan : plans_) {
      for (const HostFlow& flow : plan.flows) {
        network_.StartFlow(flow, {static_cast<int>(durations_.size())});
        durations_.emplace_back();
      }
    }
  }

  const std::vector<CollectivePlan>& plans_;
  Network& network_;
  Seconds begin_;
  std::vector<Seconds> durations_;
};

Bytes LargestFlow(const std::vector<CollectivePlan>& plans) {
  Bytes largest;
  for (const CollectivePlan& plan : plans) {
    for (const HostFlow& flow : plan.flows) largest = Max(largest, flow.bytes);
  }
  return largest;
}

template <class T>
void Append(const T& value, std::string& key) {
  key.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The plans' flows, number for number, their bytes in units of `unit`: rounded, so that the same
// shares of different totals are the same.
std::string KeyOf(const std::vector<CollectivePlan>& plans, Bytes unit) {
  std::string key;
  for (const CollectivePlan& plan : plans) {
    Append(plan.flows.size(), key);
    for (const HostFlow& flow : plan.flows) {
      Append(flow.source, key);
      Append(flow.destination, key);
      Append(static_cast<float>(flow.bytes / unit), key);
      Append(flow.rate_limit, key);
    }
  }
  return key;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Simulation>> Simulation::Load(const Fleet& fleet) {
  ASSIGN_OR_RETURN(std::unique_ptr<Network> network, Network::Load(fleet));
  return std::unique_ptr<Simulation>(new Simulation(fleet, std::move(network)));
}

Simulation::Simulation(const Fleet& fleet, std::unique_ptr<Network> network)
    : fleet_(fleet), network_(std::move(network)) {}

Simulation::~Simulation() = default;

absl::StatusOr<ProgramRecord> Simulation::RunProgram(const Program& program,
                                                     const ExecutorOptions& options) {
  return Executor(program, fleet_, options, *network_).Run();
}

absl::StatusOr<Seconds> Simulation::RunPattern(const std::vector<CollectivePlan>& plans) {
  ASSIGN_OR_RETURN(const std::vector<Seconds> times, TimesInPattern(plans));
  return times.empty() ? Seconds() : *std::max_element(times.begin(), times.end());
}

absl::StatusOr<MeasuredPattern> Simulation::Measure(const std::vector<CollectivePlan>& plans) {
  MeasuredPattern measured{.largest = LargestFlow(plans)};
  ASSIGN_OR_RETURN(measured.transfer, PatternRun(plans, *network_).Run());
  size_t next = 0;
  for (const CollectivePlan& plan : plans) {
    for (const HostFlow& flow : plan.flows) {
      measured.latency.push_back(RouteLatency(flow.source, flow.destination));
      measured.transfer[next] = measured.transfer[next] - measured.latency.back();
      ++next;
    }
  }
  return measured;
}

absl::StatusOr<std::vector<Seconds>> Simulation::TimesInPattern(
    const std::vector<CollectivePlan>& plans) {
  const Bytes largest = LargestFlow(plans);
  // What changes with the clock has no factor.
  const Bytes unit = fleet_.has_profiles ? Bytes(1.0) : largest;
  std::string key = KeyOf(plans, unit);
  auto known = patterns_.find(key);
  if (known == patterns_.end()) {
    ASSIGN_OR_RETURN(MeasuredPattern measured, Measure(plans));
    known = patterns_.emplace(std::move(key), std::move(measured)).first;
  }
  const MeasuredPattern& pattern = known->second;
  std::vector<Seconds> times;
  size_t next = 0;
  for (const CollectivePlan& plan : plans) {
    Seconds done = plan.local_floor;
    for (size_t i = 0; i < plan.flows.size(); ++i, ++next) {
      done =
          Max(done, pattern.latency[next] + pattern.transfer[next] * (largest / pattern.largest));
    }
    times.push_back(done + plan.latency);
  }
  return times;
}

GroupPlacement Simulation::Place(const Program& program, const Group& group, int part) const {
  GroupPlacement placement = PlaceGroup(program, fleet_, group, part);
  placement.hop_latency = network_->MeanHopLatency(placement.hosts);
  return placement;
}

Seconds Simulation::RouteLatency(int source, int destination) const {
  return network_->RouteLatency(source, destination);
}

}  // namespace fleetsim
