// A simulation on one platform: programs and communication patterns run one after another on the
// same simulated network. One per process, because SimGrid's engine is one per process.
#ifndef SIM_ENGINE_SIMULATION_H_
#define SIM_ENGINE_SIMULATION_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"
#include "sim/collective/collective.h"
#include "sim/hardware/fleet.h"
#include "sim/program/program.h"

namespace fleetsim {

class Network;

// What the flows of several plans took when all were started at once, in the plans' order.
struct MeasuredPattern {
  Bytes largest;                 // of all flows
  std::vector<Seconds> latency;  // of the route, which no factor of the bytes changes
  std::vector<Seconds> transfer;
};

struct ExecutorOptions {
  bool timeline = false;        // keep the interval of every op
  bool nominal_speeds = false;  // leave the hosts' speed profiles out
};

class Simulation {
 public:
  // Loads `fleet.file`. The fleet must outlive the simulation. At most once in a process.
  static absl::StatusOr<std::unique_ptr<Simulation>> Load(const Fleet& fleet);
  ~Simulation();

  // Runs the program to its end. Fails where it can never end (a receive nobody sends to), where a
  // host or link that it needs is off, and where it needs what is not modelled.
  absl::StatusOr<ProgramRecord> RunProgram(const Program& program,
                                           const ExecutorOptions& options = {});

  // Starts all `plans` at once on the idle network and returns when the last one is done, after
  // its latency. Patterns that are equal but for a factor of all bytes are simulated once: all
  // flows start together, so that each gets the same rates and takes the factor's time.
  absl::StatusOr<Seconds> RunPattern(const std::vector<CollectivePlan>& plans);
  // The same; when each plan is done.
  absl::StatusOr<std::vector<Seconds>> TimesInPattern(const std::vector<CollectivePlan>& plans);

  // Placement of a group, or of one of its parts (PartsOf), with the mean latency from host to host
  // along its ring.
  GroupPlacement Place(const Program& program, const Group& group, int part = 0) const;

  // Latency of the links between two hosts, one way.
  Seconds RouteLatency(int source, int destination) const;

 private:
  explicit Simulation(const Fleet& fleet, std::unique_ptr<Network> network);

  absl::StatusOr<MeasuredPattern> Measure(const std::vector<CollectivePlan>& plans);

  const Fleet& fleet_;
  std::unique_ptr<Network> network_;
  std::map<std::string, MeasuredPattern> patterns_;  // by their content
};

}  // namespace fleetsim

#endif  // SIM_ENGINE_SIMULATION_H_
