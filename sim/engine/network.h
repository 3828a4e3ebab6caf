// Flows between the hosts of a platform, and a clock, on SimGrid's kernel. Everything is driven by
// callbacks: no actor, hence no stack and no context switch per worker.
#ifndef SIM_ENGINE_NETWORK_H_
#define SIM_ENGINE_NETWORK_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/collective/collective.h"
#include "sim/hardware/fleet.h"

namespace fleetsim {

// What happened; the numbers are the listener's business.
struct Event {
  int kind = 0;
  int subject = 0;
  int detail = 0;
};

class EventListener {
 public:
  virtual ~EventListener() = default;
  virtual void OnEvent(const Event& event) = 0;
};

// One per process, because SimGrid's engine is one per process.
class Network {
 public:
  // Loads and checks the fleet's platform file: every host is there and every leaf can be reached.
  static absl::StatusOr<std::unique_ptr<Network>> Load(const Fleet& fleet);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Seconds Now() const { return Seconds(simgrid::s4u::Engine::get_clock()); }
  // Sum of the latencies of the links between two hosts, one way.
  Seconds RouteLatency(int source, int destination) const;
  // The same from each host of a ring to its next one, on average: a message that goes round the
  // ring crosses each of these routes once. Zero for a ring of one.
  Seconds MeanHopLatency(const std::vector<int>& ring) const;

  // Moves bytes; links are shared max-min fairly by all flows on them, whatever their latencies.
  void StartFlow(const HostFlow& flow, const Event& when_done);
  // Computes for `duration` at the host's nominal speed; a speed profile of the host stretches it.
  void StartExec(int host, int accelerators, Seconds duration, const Event& when_done);
  // Delivers `event` at `date`, or now if that has passed.
  void Schedule(Seconds date, const Event& event);
  // A condition that makes the rest of the run pointless; Run returns the first one.
  void Fail(const absl::Status& status);

  // Delivers `first` and then runs until nothing is left to happen.
  absl::Status Run(EventListener& listener, const Event& first);

 private:
  // An activity under way and what its end means.
  struct Flight {
    simgrid::s4u::ActivityPtr activity;
    Event event;
  };
  struct Alarm {
    double date_s;
    std::int64_t order;  // equal dates ring in the order they were set
    Event event;
    bool operator<(const Alarm& other) const {
      return date_s != other.date_s ? date_s > other.date_s : order > other.order;
    }
  };

  Network() = default;
  absl::Status Open(const Fleet& fleet);
  absl::Status FindHosts(const Fleet& fleet);
  absl::Status CheckRoutes(const Fleet& fleet) const;
  void Launch(simgrid::s4u::Activity* activity, const Event& when_done);
  void Land(const simgrid::s4u::Activity& activity);
  void Deliver(const Event& event);
  void Ring();
  void SetTimer();

  std::unique_ptr<simgrid::s4u::Engine> engine_;
  simgrid::kernel::resource::Model* model_ = nullptr;
  std::vector<simgrid::s4u::Host*> hosts_;
  std::deque<Flight> flights_;  // activities point to theirs
  std::vector<Flight*> free_flights_;
  simgrid::s4u::ActivityPtr landed_;  // SimGrid still uses it after its completion callback
  std::priority_queue<Alarm> alarms_;
  std::int64_t alarms_set_ = 0;
  simgrid::kernel::timer::Timer* timer_ = nullptr;
  EventListener* listener_ = nullptr;
  absl::Status failure_;
};

}  // namespace fleetsim

#endif  // SIM_ENGINE_NETWORK_H_
