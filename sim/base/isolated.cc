#include "sim/base/isolated.h"

#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

struct Child {
  size_t task = 0;
  pid_t pid = -1;
  int pipe = -1;
  std::string received;
};

// What a child sends: one byte of status code, then the value or the message.
void Send(int pipe, const absl::StatusOr<std::string>& result) {
  std::string bytes(1, static_cast<char>(result.status().code()));
  bytes += result.ok() ? *result : std::string(result.status().message());
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t written = write(pipe, bytes.data() + sent, bytes.size() - sent);
    if (written < 0 && errno != EINTR) return;
    if (written > 0) sent += static_cast<size_t>(written);
  }
}

// _exit leaves the parent's buffers and exit handlers alone.
[[noreturn]] void RunChild(const IsolatedTask& task, int pipe) {
  Send(pipe, task());
  close(pipe);
  _exit(0);
}

absl::StatusOr<Child> Start(size_t index, const IsolatedTask& task) {
  int ends[2];
  if (pipe(ends) != 0) return absl::InternalError(absl::StrCat("pipe: ", strerror(errno)));
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return absl::InternalError(absl::StrCat("fork: ", strerror(errno)));
  if (pid == 0) {
    close(ends[0]);
    RunChild(task, ends[1]);
  }
  close(ends[1]);
  return Child{index, pid, ends[0], {}};
}

absl::StatusOr<std::string> Result(const Child& child) {
  int state = 0;
  while (waitpid(child.pid, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(state)) {
    return absl::InternalError(
        absl::StrCat("the simulation died of signal ", WTERMSIG(state), ": a bug"));
  }
  if (child.received.empty()) {
    return absl::InternalError(
        absl::StrCat("the simulation ended without a result, exit ", WEXITSTATUS(state)));
  }
  const auto code = static_cast<absl::StatusCode>(child.received[0]);
  std::string content = child.received.substr(1);
  if (code == absl::StatusCode::kOk) return content;
  return absl::Status(code, content);
}

// Reads what is there; false at the end of the child's output.
bool Receive(Child& child) {
  char buffer[65536];
  const ssize_t count = read(child.pipe, buffer, sizeof buffer);
  if (count > 0) child.received.append(buffer, static_cast<size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

std::vector<pollfd> Wait(const std::vector<Child>& children) {
  std::vector<pollfd> ready;
  ready.reserve(children.size());
  for (const Child& child : children) ready.push_back({child.pipe, POLLIN, 0});
  while (poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR) {
  }
  return ready;
}

}  // namespace

std::vector<absl::StatusOr<std::string>> RunIsolated(
    const std::vector<IsolatedTask>& tasks, int parallel,
    const std::function<void(int done)>& progress) {
  FLEETSIM_CHECK(parallel >= 1);
  std::vector<absl::StatusOr<std::string>> results(tasks.size(), std::string());
  std::vector<Child> children;
  size_t next = 0;
  int done = 0;
  while (next < tasks.size() || !children.empty()) {
    while (next < tasks.size() && children.size() < static_cast<size_t>(parallel)) {
      absl::StatusOr<Child> child = Start(next, tasks[next]);
      if (child.ok()) {
        children.push_back(*std::move(child));
      } else {
        results[next] = child.status();
      }
      ++next;
    }
    const std::vector<pollfd> ready = Wait(children);
    for (size_t i = children.size(); i-- > 0;) {
      if (ready[i].revents == 0 || Receive(children[i])) continue;
      close(children[i].pipe);
      results[children[i].task] = Result(children[i]);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i));
      if (progress) progress(++done);
    }
  }
  return results;
}

int AvailableProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return CPU_COUNT(&set);
}

}  // namespace fleetsim
