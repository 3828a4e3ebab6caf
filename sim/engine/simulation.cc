#include "sim/engine/simulation.h"

#include <algorithm>
#include <utility>

#include "sim/engine/executor.h"
#include "sim/engine/group_placement.h"
#include "sim/engine/network.h"

namespace fleetsim {

namespace {

// Starts the flows of several plans together and keeps when the last plan is through.
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
    const CollectivePlan& plan = plans_[event.kind];
    durations_[event.kind] = Max(network_.Now() - begin_, plan.local_floor) + plan.latency;
  }

  void Begin() {
    for (int i = 0; i < static_cast<int>(plans_.size()); ++i) {
      durations_.push_back(plans_[i].local_floor + plans_[i].latency);
      for (const HostFlow& flow : plans_[i].flows) network_.StartFlow(flow, {i});
    }
  }

  const std::vector<CollectivePlan>& plans_;
  Network& network_;
  Seconds begin_;
  std::vector<Seconds> durations_;
};

template <class T>
void Append(const T& value, std::string& key) {
  key.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// The plans' content, number for number.
std::string KeyOf(const std::vector<CollectivePlan>& plans) {
  std::string key;
  for (const CollectivePlan& plan : plans) {
    Append(plan.flows.size(), key);
    Append(plan.local_floor, key);
    Append(plan.latency, key);
    for (const HostFlow& flow : plan.flows) {
      Append(flow.source, key);
      Append(flow.destination, key);
      Append(flow.bytes, key);
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

absl::StatusOr<std::vector<Seconds>> Simulation::TimesInPattern(
    const std::vector<CollectivePlan>& plans) {
  std::string key = KeyOf(plans);
  const auto known = patterns_.find(key);
  if (known != patterns_.end()) return known->second;
  ASSIGN_OR_RETURN(const std::vector<Seconds> times, PatternRun(plans, *network_).Run());
  patterns_.emplace(std::move(key), times);
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
