#include "sim/training/slow_hosts.h"

#include <map>
#include <utility>

namespace fleetsim {

std::vector<int> NominalKinds(const WorkerKinds& kinds) {
  std::vector<int> nominal;
  for (int i = 0; i < static_cast<int>(kinds.hardware.size()); ++i) {
    int best = i;
    for (int j = 0; j < static_cast<int>(kinds.hardware.size()); ++j) {
      const Device &device = kinds.hardware[j].device, &other = kinds.hardware[best].device;
      if (device.accelerator == other.accelerator && device.speed_ratio > other.speed_ratio) {
        best = j;
      }
    }
    nominal.push_back(best);
  }
  return nominal;
}

WorkerKinds WithNominalKinds(const WorkerKinds& kinds) {
  const std::vector<int> nominal = NominalKinds(kinds);
  WorkerKinds result;
  std::map<int, int> kept;  // by old number
  for (const int kind : kinds.kind) {
    const auto [known, is_new] =
        kept.emplace(nominal[kind], static_cast<int>(result.hardware.size()));
    if (is_new) result.hardware.push_back(kinds.hardware[nominal[kind]]);
    result.kind.push_back(known->second);
  }
  return result;
}

std::vector<SlowHost> SlowHostsOf(const Program& program, const ProgramRecord& record,
                                  const Fleet& fleet, Seconds nominal) {
  std::map<int, std::pair<Seconds, Seconds>> computing;  // by host: nominal, taken
  for (std::size_t i = 0; i < record.workers.size(); ++i) {
    const Worker& worker = program.workers[i];
    for (int host = worker.host; host < worker.host + worker.hosts; ++host) {
      auto& [meant, taken] = computing[host];
      meant += record.workers[i].nominal_computing;
      taken += record.workers[i].computing;
    }
  }
  Seconds all;
  for (const HostDelay& delay : record.delays) all += delay.delay;
  std::vector<SlowHost> slow;
  for (const HostDelay& delay : record.delays) {
    const auto& [meant, taken] = computing.at(delay.host);
    slow.push_back({.host = fleet.hosts[delay.host].name,
                    .speed = meant / taken,
                    .cost = (record.duration - nominal) * (delay.delay / all)});
  }
  return slow;
}

}  // namespace fleetsim
