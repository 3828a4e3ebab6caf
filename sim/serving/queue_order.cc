#include "sim/serving/queue_order.h"

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {

namespace {

double FirstCome(const Request&) { return 0.0; }
double LargestPriority(const Request& request) { return -request.priority; }
double ShortestPrompt(const Request& request) { return request.input_tokens; }

constexpr QueueOrderRow kOrders[] = {
    {QueueOrder::kFirstCome, "first-come", FirstCome},
    {QueueOrder::kPriority, "priority", LargestPriority},
    {QueueOrder::kShortestFirst, "shortest-first", ShortestPrompt},
};

}  // namespace

const QueueOrderRow& QueueOrderOf(QueueOrder order) {
  const auto* row = std::find_if(std::begin(kOrders), std::end(kOrders),
                                 [&](const auto& candidate) { return candidate.order == order; });
  FLEETSIM_CHECK(row != std::end(kOrders));
  return *row;
}

void WaitQueue::Push(int id, const QueueKey& key) {
  heap_.push_back({key, id});
  std::push_heap(heap_.begin(), heap_.end());
}

void WaitQueue::Pop() {
  std::pop_heap(heap_.begin(), heap_.end());
  heap_.pop_back();
}

void WaitQueue::Remove(int id) {
  const auto found =
      std::find_if(heap_.begin(), heap_.end(), [&](const Entry& entry) { return entry.id == id; });
  FLEETSIM_CHECK(found != heap_.end());
  heap_.erase(found);
  std::make_heap(heap_.begin(), heap_.end());
}

void WaitQueue::Drain(std::vector<int>* ids) {
  std::sort_heap(heap_.begin(), heap_.end());
  // Sorted by "goes before" reversed: the last one goes first.
  for (auto entry = heap_.rbegin(); entry != heap_.rend(); ++entry) ids->push_back(entry->id);
  heap_.clear();
}

}  // namespace fleetsim
