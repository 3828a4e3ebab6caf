// One request to a language model, as a trace or an arrival process gives it, and a stream of them.
#ifndef SIM_MODEL_REQUEST_H_
#define SIM_MODEL_REQUEST_H_

#include <cstdint>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"

namespace fleetsim {

struct Request {
  std::int64_t id = 0;            // unique in its stream; a parent's is smaller than its children's
  Seconds arrival;                // at the router; not before this, where it waits for its parent
  std::int32_t input_tokens = 0;  // at least 1
  std::int32_t output_tokens = 0;  // at least 1
  std::int64_t session = -1;       // -1: none
  // It arrives once the request with this id has ended and `after_parent` has passed; -1: it waits
  // for none.
  std::int64_t parent = -1;
  Seconds after_parent;
  std::int32_t priority = 0;  // larger goes first, where the engine looks at it
  // Identity of the input's blocks of `hash_block_tokens` tokens each; the last one may be partly
  // filled and is then not looked at. Two requests share a prefix as far as their lists agree from
  // the start. Empty: nothing is shared.
  std::int32_t hash_block_tokens = 0;
  std::vector<std::uint64_t> block_hashes;
  // Without a list: the first tokens are those of every request with the same `shared_prefix`.
  std::int64_t shared_prefix = -1;
  std::int32_t shared_prefix_tokens = 0;
};

// Requests in order of arrival, read or drawn one at a time: five million are never in memory.
class RequestStream {
 public:
  virtual ~RequestStream() = default;
  // Fills every field of `request`, reusing its memory; false: there is none left, or status().
  virtual bool Next(Request* request) = 0;
  virtual absl::Status status() const { return absl::OkStatus(); }
};

}  // namespace fleetsim

#endif  // SIM_MODEL_REQUEST_H_
