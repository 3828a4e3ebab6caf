// What the ranks of a worker exchange inside a piece of work, beside what its program says: tensor-
// and context-parallel communication. Millions of such exchanges are parts of a step: each kind is
// timed once, by a closed form inside a domain, on the simulated network across hosts.
#ifndef SIM_TRAINING_RANK_EXCHANGE_H_
#define SIM_TRAINING_RANK_EXCHANGE_H_

#include <functional>
#include <optional>

#include "sim/base/units.h"
#include "sim/program/program.h"

namespace fleetsim {

enum class RankGroup { kTensor, kContext };

struct RankExchange {
  RankGroup group = RankGroup::kTensor;
  // Nothing: every rank sends `bytes` to the next one of its ring.
  std::optional<CollectiveKind> kind;
  Bytes bytes;  // as in CollectiveSpec

  auto operator<=>(const RankExchange&) const = default;
};

// One or several exchanges, one after another.
struct Communication {
  Seconds time;
  Bytes nic_bytes;  // that the worker sends to other hosts

  Communication& operator+=(const Communication& other) {
    time += other.time;
    nic_bytes += other.nic_bytes;
    return *this;
  }
  friend Communication operator+(Communication a, const Communication& b) { return a += b; }
  friend Communication operator*(const Communication& a, double times) {
    return {a.time * times, a.nic_bytes * times};
  }
};

// Times of exchanges across hosts, all groups that do the same on the network at once.
using ExchangeTimes = std::function<Communication(const RankExchange&)>;

struct TrainingSpec;
struct WorkerHardware;

// Nothing for a group of one rank or no bytes. Where `hardware` knows no times across hosts, those
// of an idle network.
Communication TimeOf(const TrainingSpec& spec, const WorkerHardware& hardware,
                     const RankExchange& exchange);

}  // namespace fleetsim

#endif  // SIM_TRAINING_RANK_EXCHANGE_H_
