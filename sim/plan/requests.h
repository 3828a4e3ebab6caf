// The strategies that a search compares.
#ifndef SIM_PLAN_REQUESTS_H_
#define SIM_PLAN_REQUESTS_H_

#include <vector>

#include "sim/hardware/fleet.h"
#include "sim/hardware/stack.h"
#include "sim/model/job.h"

namespace fleetsim {

// ZeRO stages that a stack is known to run: its own, and 1 of one that shards nothing; one that
// shards gradients or weights runs the stages from 2 on, too, and 1 unless it shards weights alone
// (FSDP).
std::vector<int> StackZeroStages(const SoftwareStack& stack);

// Strategies that may divide model, fleet and batch, each with every one of `zero_stages` and with
// the optimizer on the accelerators or in host memory; the rest of the fleet stays idle. Powers of
// two for tensor, expert and micro-batch; any pipeline; chunks that divide the layers; DualPipe
// where the stack runs it; experts cut over the tensor ranks where the stack can. Some cannot be:
// Resolve() tells.
std::vector<ParallelismRequest> StrategyRequests(const PretrainJob& job, const SoftwareStack& stack,
                                                 const Fleet& fleet,
                                                 const std::vector<int>& zero_stages);

}  // namespace fleetsim

#endif  // SIM_PLAN_REQUESTS_H_
