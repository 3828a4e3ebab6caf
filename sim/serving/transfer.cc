#include "sim/serving/transfer.h"

#include <algorithm>

namespace fleetsim {

void KvTransfers::Start(int sequence, Bytes bytes, const Instance& from, const Instance& to) {
  if (free_.empty()) {
    free_.push_back(static_cast<int>(transfers_.size()));
    transfers_.emplace_back();
  }
  const int index = free_.back();
  free_.pop_back();
  const int flows = static_cast<int>(std::max(from.hosts().size(), to.hosts().size()));
  transfers_[index] = {sequence, flows};
  BytesPerSecond limit = from.pool().transfer_bandwidth;
  const BytesPerSecond other = to.pool().transfer_bandwidth;
  if (limit.value() == 0.0 || (other.value() > 0.0 && other < limit)) limit = other;
  for (int i = 0; i < flows; ++i) {
    const HostFlow flow{.source = from.hosts()[i % from.hosts().size()],
                        .destination = to.hosts()[i % to.hosts().size()],
                        .bytes = bytes / flows,
                        .rate_limit = limit / flows};
    network_.StartFlow(flow, {event_kind_, index});
  }
}

int KvTransfers::Land(const Event& event) {
  Transfer& transfer = transfers_[event.subject];
  if (--transfer.flows > 0) return -1;
  free_.push_back(event.subject);
  return transfer.sequence;
}

void KvTransfers::Cancel(int sequence) {
  for (Transfer& transfer : transfers_) {
    if (transfer.flows > 0 && transfer.sequence == sequence) transfer.sequence = -1;
  }
}

}  // namespace fleetsim
