// Those that wait, in the order in which they are to go.
#ifndef SIM_SERVING_QUEUE_ORDER_H_
#define SIM_SERVING_QUEUE_ORDER_H_

#include <string>
#include <vector>

#include "sim/serving/engine_options.h"
#include "sim/serving/sequence.h"

namespace fleetsim {

// One row of the table in queue_order.cc.
struct QueueOrderRow {
  QueueOrder order;
  const char* name;
  double (*rank)(const Request& request);  // smaller goes first; arrival decides among equals
};
const QueueOrderRow& QueueOrderOf(QueueOrder order);

// A preempted sequence comes back with its own key: before those that arrived after it.
class WaitQueue {
 public:
  bool empty() const { return heap_.empty(); }
  int size() const { return static_cast<int>(heap_.size()); }
  int first() const { return heap_.front().id; }
  void Push(int id, const QueueKey& key);
  void Pop();
  void Remove(int id);  // looks at all of them
  // All of them, in order, and forgets them.
  void Drain(std::vector<int>* ids);

 private:
  struct Entry {
    QueueKey key;
    int id;
    bool operator<(const Entry& other) const { return other.key < key; }
  };
  std::vector<Entry> heap_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_QUEUE_ORDER_H_
