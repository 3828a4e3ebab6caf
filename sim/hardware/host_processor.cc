#include "sim/hardware/host_processor.h"

#include "absl/strings/match.h"

namespace fleetsim {
namespace {

struct Processor {
  const char* name;
  double speed;
};

// Highest clock over 3.8 GHz, times work a clock over Golden Cove's (integer code, recalled from
// SPECint2017 results): EPYC 7742 3.4 GHz and 0.72; EPYC 7543 3.7 and 0.86; Kunpeng 920 2.6 and
// 0.65, its successor 7280Z 2.9 and 0.85 (assumed of its newer core); Grace 3.4 and 0.95; Hygon 3.0
// and 0.6. Splitwise's table has the first: steps of vLLM that launches alone fill take 1.45
// (Llama-2-70B) and 1.33 (BLOOM) times as long on hosts with EPYC of that generation. The first
// text that a server's processor contains counts.
constexpr Processor kProcessors[] = {{"EPYC 7742", 0.64}, {"EPYC 7543", 0.84}, {"7280Z", 0.65},
                                     {"Kunpeng", 0.45},   {"Grace", 0.85},     {"Vera", 1.0},
                                     {"Hygon", 0.47}};

}  // namespace

double HostThreadSpeed(const std::string& cpu) {
  for (const Processor& processor : kProcessors) {
    if (absl::StrContains(cpu, processor.name)) return processor.speed;
  }
  return 1.0;
}

}  // namespace fleetsim
