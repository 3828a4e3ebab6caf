#include "sim/training/rank_exchange.h"

#include <algorithm>

#include "sim/training/spec.h"

namespace fleetsim {
namespace {

int RanksOf(const TrainingSpec& spec, RankGroup group) {
  return group == RankGroup::kTensor ? spec.strategy.tensor : spec.strategy.context;
}

// Ranks of a group that share a host. Context ranks are consecutive workers.
int RanksOnHost(const TrainingSpec& spec, const WorkerHardware& hardware, RankGroup group) {
  const int room = hardware.links.domain_accelerators;
  if (group == RankGroup::kTensor) return std::min(room, spec.strategy.tensor);
  return std::min(std::max(1, room / spec.strategy.tensor), spec.strategy.context);
}

// No group of the job leaves its host: context ranks fill whole hosts' parts.
bool StaysOnHost(const TrainingSpec& spec, const WorkerHardware& hardware, RankGroup group) {
  const int room = hardware.links.domain_accelerators;
  if (group == RankGroup::kTensor) return spec.strategy.tensor <= room;
  const int workers = room / spec.strategy.tensor;
  return workers > 0 && workers % spec.strategy.context == 0;
}

Seconds LocalTime(const RankExchange& exchange, int ranks, const DomainLinks& links) {
  return exchange.kind ? LocalCollectiveTime(*exchange.kind, ranks, exchange.bytes, links)
                       : LocalTransferTime(exchange.bytes, links);
}

// Bytes that a rank's share of the NICs sends: to the next rank; to all ranks elsewhere; or, round
// a ring through all ranks, whose hosts have a boundary each, 1/local of what crosses it.
double SentByRank(const RankExchange& exchange, int ranks, int local) {
  const double bytes = exchange.bytes.value();
  if (!exchange.kind) return bytes;
  if (*exchange.kind == CollectiveKind::kAllToAll) return bytes * (ranks - local) / ranks;
  const double passes = *exchange.kind == CollectiveKind::kAllReduce ? 2.0 : 1.0;
  return passes * bytes * (ranks - 1) / ranks / local;
}

// On an idle network, without latencies; what stays on the host goes beside it.
Communication IdleTime(const RankExchange& exchange, int ranks, int local,
                       const WorkerHardware& hardware, int tensor) {
  const Bytes sent(SentByRank(exchange, ranks, local));
  RankExchange inside = exchange;
  if (exchange.kind) inside.bytes *= static_cast<double>(local) / ranks;
  const Seconds beside = exchange.kind ? LocalTime(inside, local, hardware.links) : Seconds(0.0);
  return {Max(beside, sent / hardware.network), sent * tensor};
}

}  // namespace

Communication TimeOf(const TrainingSpec& spec, const WorkerHardware& hardware,
                     const RankExchange& exchange) {
  const int ranks = RanksOf(spec, exchange.group);
  if (ranks == 1 || exchange.bytes.value() <= 0.0) return {};
  if (StaysOnHost(spec, hardware, exchange.group) || hardware.network.value() <= 0.0) {
    return {LocalTime(exchange, ranks, hardware.links), {}};
  }
  if (hardware.exchanges) return hardware.exchanges(exchange);
  return IdleTime(exchange, ranks, RanksOnHost(spec, hardware, exchange.group), hardware,
                  spec.strategy.tensor);
}

}  // namespace fleetsim
