// Requests drawn from an arrival process and distributions of lengths.
#ifndef SIM_TRACE_SYNTHETIC_TRAFFIC_H_
#define SIM_TRACE_SYNTHETIC_TRAFFIC_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/model/request.h"
#include "sim/trace/arrivals.h"
#include "sim/trace/token_lengths.h"

namespace fleetsim {

// Part of the requests begin with one of some common prompts, which come before the input drawn.
struct CommonPrompts {
  std::int32_t tokens = 0;   // of each
  std::int64_t prompts = 1;  // equally likely
  double share = 1.0;        // of the requests
};

struct Traffic {
  Arrivals arrivals;
  TokenLengths input = TokenLengths::Constant(1), output = TokenLengths::Constant(1);
  // Measured pairs of input and output lengths, drawn alike in place of the two above; empty: none.
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
  std::optional<CommonPrompts> common;
  std::int64_t requests = 0;
};

// Arrivals, lengths and prompts are drawn apart: another rate leaves the lengths as they are.
class SyntheticTraffic : public RequestStream {
 public:
  SyntheticTraffic(Traffic traffic, std::uint64_t seed);
  bool Next(Request* request) override;

 private:
  void DrawLengths(Request* request);
  void DrawPrompt(Request* request);

  Traffic traffic_;
  ArrivalProcess arrivals_;
  Random lengths_, prompts_;
  std::int64_t drawn_ = 0;
};

}  // namespace fleetsim

#endif  // SIM_TRACE_SYNTHETIC_TRAFFIC_H_
