// Where a worker's time goes: at any moment it has one cause, and its parts sum to the total.
#ifndef SIM_ENGINE_TIME_ACCOUNT_H_
#define SIM_ENGINE_TIME_ACCOUNT_H_

#include <vector>

#include "sim/base/units.h"
#include "sim/program/program.h"

namespace fleetsim {

// Why a worker's compute stream is where it is.
class Cause {
 public:
  Cause() = default;
  // Doing (or waiting for) a piece of work: its parts are the worker's.
  static Cause Work(int work) { return Cause(work); }
  // Nothing to do, or waiting for somebody who is not there yet.
  static Cause Bubble() { return Cause(-1); }
  // Waiting for bytes on their way.
  static Cause Transfer(Part part) { return Cause(-2 - static_cast<int>(part)); }

  bool operator==(const Cause&) const = default;
  bool is_work() const { return code_ >= 0; }
  bool is_bubble() const { return code_ == -1; }
  int work() const { return code_; }
  Part part() const { return static_cast<Part>(-2 - code_); }

 private:
  explicit Cause(int code) : code_(code) {}
  int code_ = -1;
};

// One worker's account.
class TimeAccount {
 public:
  explicit TimeAccount(Seconds start) : since_(start) {}

  // From `now` on time goes to `cause`; what went by since the last change goes to the old one.
  void Switch(Seconds now, Cause cause, const std::vector<Work>& works, WorkerRecord& record) {
    if (cause == cause_) return;
    Book(now, works, record);
    cause_ = cause;
  }

  // Books the time up to `now` on the present cause.
  void Book(Seconds now, const std::vector<Work>& works, WorkerRecord& record);

 private:
  Cause cause_;
  Seconds since_;
};

}  // namespace fleetsim

#endif  // SIM_ENGINE_TIME_ACCOUNT_H_
