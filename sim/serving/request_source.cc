#include "sim/serving/request_source.h"

#include <algorithm>
#include <utility>

#include "sim/base/check.h"

namespace fleetsim {

OpenLoop::OpenLoop(RequestStream& stream) : stream_(stream) { ReadAhead(); }

// Reads up to the next request that waits for nobody.
void OpenLoop::ReadAhead() {
  while ((has_next_ = stream_.Next(&next_))) {
    unfinished_[next_.id].session = next_.session;
    if (next_.parent < 0) return;
    const auto parent = unfinished_.find(next_.parent);
    if (parent != unfinished_.end()) {
      parent->second.children.push_back(std::move(next_));
      continue;
    }
    const auto end = ended_.find(next_.parent);
    if (end == ended_.end() || end->second + next_.after_parent <= next_.arrival) return;
    Release(std::move(next_), end->second);
  }
}

void OpenLoop::Release(Request&& child, Seconds parent_end) {
  child.arrival = Max(child.arrival, parent_end + child.after_parent);
  released_.push(std::move(child));
}

bool OpenLoop::ReleasedIsNext() const {
  if (released_.empty()) return false;
  return !has_next_ || released_.top().arrival < next_.arrival;
}

Seconds OpenLoop::NextArrival() {
  if (ReleasedIsNext()) return released_.top().arrival;
  return has_next_ ? next_.arrival : kNever;
}

void OpenLoop::Take(Request* request) {
  if (ReleasedIsNext()) {
    *request = released_.top();
    released_.pop();
    return;
  }
  FLEETSIM_CHECK(has_next_);
  std::swap(*request, next_);
  ReadAhead();
}

void OpenLoop::OnEnd(std::int64_t id, Seconds now) {
  const auto ended = unfinished_.find(id);
  FLEETSIM_CHECK(ended != unfinished_.end());
  for (Request& child : ended->second.children) Release(std::move(child), now);
  if (ended->second.session >= 0) ended_[id] = now;
  unfinished_.erase(ended);
}

ClosedLoop::ClosedLoop(RequestStream& stream, int concurrency, Seconds think)
    : stream_(stream), think_(think), ready_(concurrency) {
  has_next_ = stream_.Next(&next_);
}

Seconds ClosedLoop::NextArrival() { return has_next_ && !ready_.empty() ? ready_.front() : kNever; }

void ClosedLoop::Take(Request* request) {
  FLEETSIM_CHECK(has_next_ && !ready_.empty());
  std::swap(*request, next_);
  request->arrival = ready_.front();
  ready_.pop_front();
  has_next_ = stream_.Next(&next_);
}

void ClosedLoop::OnEnd(std::int64_t, Seconds now) { ready_.push_back(now + think_); }

}  // namespace fleetsim
