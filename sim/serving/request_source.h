// When requests reach the router: as the stream says, or as others end.
#ifndef SIM_SERVING_REQUEST_SOURCE_H_
#define SIM_SERVING_REQUEST_SOURCE_H_

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <queue>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/model/request.h"

namespace fleetsim {

inline constexpr Seconds kNever(std::numeric_limits<double>::infinity());

class RequestSource {
 public:
  virtual ~RequestSource() = default;
  // Date of the next request; kNever: none is left, or none will come before another one ends.
  virtual Seconds NextArrival() = 0;
  // Moves the next request out; only where NextArrival() is a date.
  virtual void Take(Request* request) = 0;
  // The request with this id has ended (or was refused) at `now`.
  virtual void OnEnd(std::int64_t id, Seconds now) = 0;
  virtual absl::Status status() const = 0;
};

// Open loop: requests arrive at their dates, and one with a parent not before that has ended.
class OpenLoop : public RequestSource {
 public:
  // `stream` must outlive it.
  explicit OpenLoop(RequestStream& stream);
  Seconds NextArrival() override;
  void Take(Request* request) override;
  void OnEnd(std::int64_t id, Seconds now) override;
  absl::Status status() const override { return stream_.status(); }

 private:
  struct LaterFirst {
    bool operator()(const Request& a, const Request& b) const {
      return a.arrival != b.arrival ? a.arrival > b.arrival : a.id > b.id;
    }
  };

  // A request that has not ended.
  struct Unfinished {
    std::int64_t session = -1;
    std::vector<Request> children;  // wait for it
  };

  void ReadAhead();
  void Release(Request&& child, Seconds parent_end);
  bool ReleasedIsNext() const;

  RequestStream& stream_;
  Request next_;  // read ahead, waits for nobody
  bool has_next_ = false;
  // Requests whose parent has ended.
  std::priority_queue<Request, std::vector<Request>, LaterFirst> released_;
  absl::flat_hash_map<std::int64_t, Unfinished> unfinished_;  // by id
  absl::flat_hash_map<std::int64_t, Seconds> ended_;          // of sessions: children may follow
};

// Closed loop: `concurrency` clients, each sends its next request `think` after its last one's end.
// The stream's dates and parents are not looked at.
class ClosedLoop : public RequestSource {
 public:
  ClosedLoop(RequestStream& stream, int concurrency, Seconds think = Seconds());
  Seconds NextArrival() override;
  void Take(Request* request) override;
  void OnEnd(std::int64_t id, Seconds now) override;
  absl::Status status() const override { return stream_.status(); }

 private:
  RequestStream& stream_;
  Seconds think_;
  std::deque<Seconds> ready_;  // dates at which a client sends its next request
  Request next_;
  bool has_next_ = false;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_REQUEST_SOURCE_H_
