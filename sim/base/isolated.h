// Work in processes of its own: SimGrid allows one engine a process, and a crash there must not
// take the others' results with it.
#ifndef SIM_BASE_ISOLATED_H_
#define SIM_BASE_ISOLATED_H_

#include <functional>
#include <string>
#include <vector>

#include "sim/base/status.h"

namespace fleetsim {

using IsolatedTask = std::function<absl::StatusOr<std::string>()>;

// Runs every task in a forked process, at most `parallel` at a time, and returns their results in
// the order of the tasks. A status travels with code and message; a process that dies is an
// Internal error naming the signal. `progress`, if set, is told how many are done.
std::vector<absl::StatusOr<std::string>> RunIsolated(
    const std::vector<IsolatedTask>& tasks, int parallel,
    const std::function<void(int done)>& progress = nullptr);

// Processors this process may use.
int AvailableProcessors();

}  // namespace fleetsim

#endif  // SIM_BASE_ISOLATED_H_
