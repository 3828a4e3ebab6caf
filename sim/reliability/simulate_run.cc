#include "sim/reliability/simulate_run.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "absl/strings/str_format.h"
#include "sim/base/check.h"
#include "sim/reliability/random.h"

namespace fleetsim {
namespace {

// A run that needs so many times its steps' time, or so many restarts, will never end.
constexpr double kHopeless = 1000.0;
constexpr int kMaxRestarts = 1000000;

// An event-driven renewal simulation: between two events a run is a row of equal cycles of steps
// and a checkpoint, so that its state at any moment is a closed form.
class Run {
 public:
  Run(const RunModel& model, std::uint64_t seed)
      : model_(model),
        random_(seed),
        returns_(model.pools.size()),
        next_planned_(model.planned_interval) {
    sample_.stops.resize(model.causes.size());
    slowdown_ = StragglerSlowdown(model, random_.Uniform());
    for (const StopCause& cause : model.causes) {
      time_left_.push_back(random_.Weibull(cause.mean_time_between, cause.shape));
    }
  }

  absl::StatusOr<RunSample> Simulate() {
    while (done_ < model_.steps) {
      if (IsHopeless()) return Hopeless();
      RunUntilStop();
    }
    sample_.ladder.productive = model_.steps * model_.step_time;
    sample_.calendar = now_;
    return std::move(sample_);
  }

 private:
  struct Cycle {
    Seconds step;    // as slow as it is now
    Seconds length;  // steps and pause; kNever where there are no checkpoints
  };

  bool IsHopeless() const {
    return restarts_ > kMaxRestarts ||
           now_ > kHopeless * (model_.steps * model_.step_time * slowdown_);
  }

  absl::Status Hopeless() const {
    return Infeasible(absl::StrFormat(
        "the run does not get on: something stops it every %.3g s, it loses %d steps of %.3g s and "
        "%.3g s of restarting each time",
        MeanTimeBetweenStops(model_).value(), model_.checkpoint.steps_between,
        model_.step_time.value(), model_.restart.value()));
  }

  // From a restart to the next stop of any kind, or the end.
  void RunUntilStop() {
    const double share = ReplicaShare();
    const Seconds step = model_.step_time * (slowdown_ / share);
    const int between = model_.checkpoint.steps_between;
    const Cycle cycle{step, between > 0 ? between * step + model_.checkpoint.pause : kNever};
    const double left = model_.steps - done_;
    // No checkpoint after the last step: what is written then is the result.
    const double pauses = between > 0 ? std::floor((left - 1.0) / between) : 0.0;
    const Seconds end = left * step + pauses * model_.checkpoint.pause;
    const int cause = NextCause();
    const Seconds failure = cause < 0 ? kNever : time_left_[cause];
    const Seconds planned = Max(next_planned_ - now_, Seconds());
    const Seconds growth = share < 1.0 ? Max(NextGrowth() - now_, Seconds()) : kNever;
    const Seconds first = Min(Min(end, failure), Min(planned, growth));
    Pass(first);
    if (end <= first) {
      sample_.ladder.checkpoints += pauses * model_.checkpoint.pause;
      Keep(left, step, share);
    } else if (failure <= first) {
      Lose(first, cycle, share);
      Fail(cause);
      Restart(sample_.ladder.restart);
    } else if (planned <= first) {
      Leave(first, cycle, share, sample_.ladder.planned_stops);
      StopAsPlanned();
      Restart(sample_.ladder.planned_stops);
    } else {
      Leave(first, cycle, share, sample_.ladder.checkpoints);
      Restart(sample_.ladder.restart);
    }
  }

  // `steps` are safe: the time they took is productive but for what slowed them down.
  void Keep(double steps, Seconds step, double share) {
    done_ += steps;
    const Seconds nominal = steps * model_.step_time;
    sample_.ladder.stragglers += nominal * (slowdown_ - 1.0);
    sample_.ladder.fewer_replicas += steps * step - nominal * slowdown_;
    FLEETSIM_CHECK(share <= 1.0);
  }

  // Time of `since` that went by in pauses of checkpoints.
  Seconds PausesIn(Seconds since, const Cycle& cycle) const {
    if (cycle.length == kNever) return Seconds();
    const double cycles = std::floor(since / cycle.length);
    const Seconds rest = since - cycles * cycle.length;
    return cycles * model_.checkpoint.pause +
           Max(rest - (cycle.length - model_.checkpoint.pause), Seconds());
  }

  // A failure `since` after the last restart: what no finished checkpoint holds is lost. The i-th
  // one is finished i cycles, less its pause and plus the time to write it, after the restart.
  void Lose(Seconds since, const Cycle& cycle, double share) {
    double kept = 0.0;
    if (cycle.length != kNever) {
      const Seconds behind = model_.checkpoint.write - model_.checkpoint.pause;
      const double safe = std::max(0.0, std::floor((since - behind) / cycle.length));
      kept = safe * model_.checkpoint.steps_between;
    }
    const Seconds pauses = PausesIn(since, cycle);
    sample_.ladder.checkpoints += pauses;
    sample_.ladder.lost_work += since - pauses - kept * cycle.step;
    Keep(kept, cycle.step, share);
  }

  // A stop that is known beforehand: after writing a checkpoint only the step begun is lost.
  void Leave(Seconds since, const Cycle& cycle, double share, Seconds& account) {
    const Seconds pauses = PausesIn(since, cycle);
    const Seconds computed = since - pauses;
    const double kept = std::floor(computed / cycle.step);
    sample_.ladder.checkpoints += pauses;
    sample_.ladder.lost_work += computed - kept * cycle.step;
    Keep(kept, cycle.step, share);
    now_ += model_.checkpoint.write;
    account += model_.checkpoint.write;
  }

  void StopAsPlanned() {
    ++sample_.planned_stops;
    now_ += model_.planned_stop;
    sample_.ladder.planned_stops += model_.planned_stop;
    next_planned_ = now_ + model_.planned_interval;
  }

  // Until it succeeds: restarts fail as often as anything else, and a host that is lost meanwhile
  // has to be replaced first.
  void Restart(Seconds& account) {
    while (!IsHopeless()) {
      ++restarts_;
      WaitForHosts();
      const int cause = NextCause();
      const Seconds failure = cause < 0 ? kNever : time_left_[cause];
      const Seconds spent = Min(failure, model_.restart);
      Pass(spent);
      account += spent;
      if (model_.restart <= failure) return;
      Fail(cause);
    }
  }

  void Fail(int cause) {
    const StopCause& what = model_.causes[cause];
    ++sample_.stops[cause];
    time_left_[cause] = random_.Weibull(what.mean_time_between, what.shape);
    now_ += what.detection;
    sample_.ladder.detection += what.detection;
    if (what.pool >= 0 && !model_.pools[what.pool].always_replaced) {
      returns_[what.pool].push_back(now_ + model_.repair);
    }
  }

  // Time under load, in which every cause comes nearer.
  void Pass(Seconds time) {
    now_ += time;
    for (Seconds& left : time_left_) left -= time;
  }

  int NextCause() const {
    if (time_left_.empty()) return -1;
    return static_cast<int>(std::min_element(time_left_.begin(), time_left_.end()) -
                            time_left_.begin());
  }

  // Share of the replicas that the hosts at hand at `when` are enough for.
  double ReplicaShareAt(Seconds when) const {
    double missing = 0.0;
    for (std::size_t i = 0; i < returns_.size(); ++i) {
      const auto out = std::count_if(returns_[i].begin(), returns_[i].end(),
                                     [when](Seconds back) { return back > when; });
      const double unreplaced = static_cast<double>(out) - model_.pools[i].spares;
      if (unreplaced > 0.0) {
        missing += std::ceil(unreplaced * model_.pools[i].replicas_per_host);
      }
    }
    return std::max(0.0, 1.0 - missing / model_.replicas);
  }
  double ReplicaShare() const { return ReplicaShareAt(now_); }

  // The next host to come back from repair; hosts come back in the order they left.
  Seconds NextReturn(Seconds after) const {
    Seconds next = kNever;
    for (const std::deque<Seconds>& pool : returns_) {
      const auto back = std::upper_bound(pool.begin(), pool.end(), after);
      if (back != pool.end()) next = Min(next, *back);
    }
    return next;
  }

  // When there will be hosts for more replicas than now.
  Seconds NextGrowth() const {
    const double share = ReplicaShare();
    for (Seconds when = NextReturn(now_); when < kNever; when = NextReturn(when)) {
      if (ReplicaShareAt(when) > share) return when;
    }
    return kNever;
  }

  void WaitForHosts() {
    for (double share = ReplicaShare(); share < 1.0; share = ReplicaShare()) {
      if (model_.elastic && share > 0.0) break;
      const Seconds back = NextReturn(now_);
      sample_.ladder.waiting += back - now_;
      now_ = back;
    }
    for (std::deque<Seconds>& pool : returns_) {
      while (!pool.empty() && pool.front() <= now_) pool.pop_front();
    }
  }

  const RunModel& model_;
  RandomStream random_;
  RunSample sample_;
  std::vector<Seconds> time_left_;            // by cause, of time under load
  std::vector<std::deque<Seconds>> returns_;  // by pool: when hosts under repair come back
  Seconds now_, next_planned_;
  double slowdown_ = 1.0;
  int restarts_ = 0;
  double done_ = 0.0;  // steps that no failure can take away
};

}  // namespace

Ladder& Ladder::operator+=(const Ladder& other) {
  planned_stops += other.planned_stops;
  detection += other.detection;
  waiting += other.waiting;
  restart += other.restart;
  checkpoints += other.checkpoints;
  lost_work += other.lost_work;
  fewer_replicas += other.fewer_replicas;
  stragglers += other.stragglers;
  productive += other.productive;
  return *this;
}

Ladder Ladder::operator*(double factor) const {
  return {planned_stops * factor,  detection * factor,   waiting * factor,
          restart * factor,        checkpoints * factor, lost_work * factor,
          fewer_replicas * factor, stragglers * factor,  productive * factor};
}

absl::StatusOr<RunSample> SimulateRun(const RunModel& model, std::uint64_t seed) {
  return Run(model, seed).Simulate();
}

}  // namespace fleetsim
