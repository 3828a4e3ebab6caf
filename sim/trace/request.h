// One inference request as every trace and every generator gives it.
#ifndef SIM_TRACE_REQUEST_H_
#define SIM_TRACE_REQUEST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace fleetsim {

inline constexpr std::int64_t kNone = -1;  // no session, no parent

struct TraceRequest {
  Seconds arrival;  // since the trace's beginning; never before the request that precedes it
  std::int32_t input_tokens = 0, output_tokens = 0;  // both at least 1
  std::int64_t session = kNone;                      // requests of one conversation share it
  std::int64_t parent = kNone;  // position in the trace, from 0, of the turn that this one continues
  std::int32_t priority = 0;    // larger goes first
  // Identity of each block of the prompt, the last one perhaps partly filled: equal leading ids are
  // a shared prefix. Empty: unknown.
  std::vector<std::uint64_t> blocks;
};

// What holds for a whole trace.
struct TraceOrigin {
  std::string source;    // where it came from, for reports
  int block_tokens = 0;  // tokens that one entry of `blocks` stands for; zero: no blocks
};

}  // namespace fleetsim

#endif  // SIM_TRACE_REQUEST_H_
