#include "sim/engine/network.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "sim/base/check.h"
#include "sim/engine/settings.h"

namespace fleetsim {

namespace {

namespace s4u = simgrid::s4u;

// SimGrid's signals are process-wide, and so is the engine they belong to.
Network* current_network = nullptr;

// SimGrid messages can carry a stack trace from their second line on.
std::string FirstLine(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Network>> Network::Load(const Fleet& fleet) {
  static bool loaded = false;
  FLEETSIM_CHECK(!loaded);
  loaded = true;
  std::unique_ptr<Network> network(new Network());
  RETURN_IF_ERROR(network->Open(fleet));
  RETURN_IF_ERROR(network->FindHosts(fleet));
  RETURN_IF_ERROR(network->CheckRoutes(fleet));
  return network;
}

Network::~Network() { current_network = nullptr; }

absl::Status Network::Open(const Fleet& fleet) {
  current_network = this;
  engine_ = std::make_unique<s4u::Engine>("fleetsim");
  ConfigureSimGrid();
  try {
    engine_->load_platform(fleet.file);
    // Routes exist only once the platform is sealed.
    engine_->seal_platform();
  } catch (const std::exception& error) {
    return InputError({fleet.file}, absl::StrCat("SimGrid cannot load it: ", FirstLine(error)),
                      "a SimGrid 3.32 platform");
  }
  for (auto* model : engine_->get_all_models()) {
    if (model->get_name() == kNetworkModel) model_ = model;
  }
  FLEETSIM_CHECK(model_ != nullptr);
  s4u::Activity::on_completion_cb([](const s4u::Activity& activity) {
    if (current_network != nullptr) current_network->Land(activity);
  });
  return absl::OkStatus();
}

absl::Status Network::FindHosts(const Fleet& fleet) {
  for (const Host& host : fleet.hosts) {
    hosts_.push_back(engine_->host_by_name_or_null(host.name));
    if (hosts_.back() == nullptr) {
      return InputError({fleet.file},
                        absl::StrCat("host \"", host.name, "\" is not in the platform"),
                        "the file as it was when it was read");
    }
  }
  return absl::OkStatus();
}

absl::Status Network::CheckRoutes(const Fleet& fleet) const {
  for (int host = 1; host < static_cast<int>(hosts_.size()); ++host) {
    if (fleet.hosts[host].leaf == fleet.hosts[host - 1].leaf) continue;
    try {
      RouteLatency(host - 1, host);
    } catch (const std::exception& error) {
      return InputError({fleet.file, fleet.LeafOf(host).line, fleet.LeafOf(host).id},
                        absl::StrCat("no route from \"", fleet.hosts[host - 1].name, "\" to \"",
                                     fleet.hosts[host].name, "\" (", FirstLine(error), ")"),
                        "a zoneRoute that joins every leaf to the others");
    }
  }
  return absl::OkStatus();
}

Seconds Network::RouteLatency(int source, int destination) const {
  std::vector<s4u::Link*> links;
  double latency_s = 0.0;
  hosts_[source]->route_to(hosts_[destination], links, &latency_s);
  return Seconds(latency_s);
}

Seconds Network::MeanHopLatency(const std::vector<int>& ring) const {
  if (ring.size() < 2) return Seconds();
  Seconds sum;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    sum += RouteLatency(ring[i], ring[(i + 1) % ring.size()]);
  }
  return sum / static_cast<double>(ring.size());
}

void Network::StartFlow(const HostFlow& flow, const Event& when_done) {
  s4u::Host* source = hosts_[flow.source];
  s4u::Host* destination = hosts_[flow.destination];
  if (!source->is_on() || !destination->is_on()) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat("host \"", (source->is_on() ? destination : source)->get_name(),
                     "\" is off at ", Now().value(), " s")));
  }
  // A flow of no bytes would never start.
  const double bytes = std::max(1.0, std::ceil(flow.bytes.value()));
  FLEETSIM_CHECK(bytes < 9e18);
  s4u::CommPtr comm = s4u::Comm::sendto_init();
  comm->set_payload_size(static_cast<std::uint64_t>(bytes));
  // The last of the three that a flow needs: it starts here.
  comm->set_source(source)->set_destination(destination);
  // SimGrid 3.32 ignores Comm::set_rate between hosts and shares a link in inverse proportion to
  // the flows' latencies (TCP). Both are set on the action itself, which is the last one started.
  auto* started = model_->get_started_action_set();
  if (started->empty() || started->back().get_activity() != comm->get_impl()) {
    return Fail(absl::FailedPreconditionError(absl::StrCat("a link between \"", source->get_name(),
                                                           "\" and \"", destination->get_name(),
                                                           "\" is off at ", Now().value(), " s")));
  }
  auto& action = started->back();
  if (flow.rate_limit.value() > 0.0) action.set_bound(flow.rate_limit.value());
  action.set_sharing_penalty_no_update(1.0);
  Launch(comm.get(), when_done);
}

void Network::StartExec(int host, int accelerators, Seconds duration, const Event& when_done) {
  if (!hosts_[host]->is_on()) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat("host \"", hosts_[host]->get_name(), "\" is off at ", Now().value(), " s")));
  }
  s4u::ExecPtr exec = s4u::Exec::init();
  exec->set_thread_count(accelerators);
  exec->set_flops_amount(duration.value() * hosts_[host]->get_speed());
  exec->set_host(hosts_[host]);
  Launch(exec.get(), when_done);
  exec->start();
}

void Network::Launch(s4u::Activity* activity, const Event& when_done) {
  if (free_flights_.empty()) free_flights_.push_back(&flights_.emplace_back());
  Flight* flight = free_flights_.back();
  free_flights_.pop_back();
  *flight = {activity, when_done};
  activity->set_data(flight);
}

void Network::Land(const s4u::Activity& activity) {
  auto* flight = activity.get_data<Flight>();
  const Event event = flight->event;
  landed_ = std::move(flight->activity);
  free_flights_.push_back(flight);
  if (activity.get_state() != s4u::Activity::State::FINISHED) {
    return Fail(absl::FailedPreconditionError(
        absl::StrCat("a host or link went off at ", Now().value(), " s while it was in use")));
  }
  Deliver(event);
}

void Network::Schedule(Seconds date, const Event& event) {
  alarms_.push({std::max(date.value(), Now().value()), alarms_set_++, event});
}

void Network::Deliver(const Event& event) {
  if (!failure_.ok()) return;
  listener_->OnEvent(event);
  SetTimer();
}

// One kernel timer, for the earliest alarm: a timer for each costs several times as much.
void Network::SetTimer() {
  if (alarms_.empty()) return;
  const double date_s = alarms_.top().date_s;
  if (timer_ != nullptr) {
    if (timer_->get_date() <= date_s) return;
    timer_->remove();
  }
  timer_ = simgrid::kernel::timer::Timer::set(date_s, [this] { Ring(); });
}

// Delivers all that is due. Alarms within the clock's precision ring together, as SimGrid's own
// events do: workers in lockstep then stay so, and the network is solved once for all of them.
void Network::Ring() {
  timer_ = nullptr;
  const double due_s = Now().value() + kClockPrecision_s;
  std::vector<Event> due;
  while (!alarms_.empty() && alarms_.top().date_s <= due_s) {
    due.push_back(alarms_.top().event);
    alarms_.pop();
  }
  for (const Event& event : due) {
    if (failure_.ok()) listener_->OnEvent(event);
  }
  SetTimer();
}

void Network::Fail(const absl::Status& status) {
  failure_.Update(status);
  alarms_ = {};
}

absl::Status Network::Run(EventListener& listener, const Event& first) {
  RETURN_IF_ERROR(failure_);
  listener_ = &listener;
  Schedule(Now(), first);
  SetTimer();
  try {
    engine_->run();
  } catch (const std::exception& error) {
    Fail(absl::InternalError(absl::StrCat("SimGrid stopped: ", FirstLine(error))));
  }
  listener_ = nullptr;
  return failure_;
}

}  // namespace fleetsim
