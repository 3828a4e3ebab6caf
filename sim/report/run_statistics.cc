#include "sim/report/run_statistics.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace fleetsim {
namespace {

using Value = std::function<double(const RunSample&)>;

proto::Spread SpreadOf(const std::vector<RunSample>& samples, const Value& value) {
  std::vector<double> values;
  for (const RunSample& sample : samples) values.push_back(value(sample));
  const Quantiles quantiles = QuantilesOf(std::move(values));
  proto::Spread out;
  out.set_p5(quantiles.p5);
  out.set_p50(quantiles.p50);
  out.set_p95(quantiles.p95);
  out.set_mean(quantiles.mean);
  return out;
}

// What runs consume is linear in the time they compute and the time they stand.
Value Consumption(double computing, double standing) {
  return [=](const RunSample& sample) {
    const Seconds computes = sample.ladder.Computing();
    return computing * computes.value() + standing * (sample.ladder.Calendar() - computes).value();
  };
}

void AddSpreads(const InterruptedRun& run, proto::RunStatistics& out) {
  const std::vector<RunSample>& samples = run.samples;
  *out.mutable_duration_s() =
      SpreadOf(samples, [](const RunSample& sample) { return sample.ladder.Calendar().value(); });
  *out.mutable_goodput_ratio() = SpreadOf(samples, [](const RunSample& sample) {
    return sample.ladder.productive / sample.ladder.Calendar();
  });
  *out.mutable_stops() = SpreadOf(samples, [](const RunSample& sample) {
    return std::accumulate(sample.stops.begin(), sample.stops.end(), 0.0);
  });
  const RunRates &on = run.computing, &off = run.standing;
  if (on.power && off.power) {
    *out.mutable_energy_j() = SpreadOf(samples, Consumption(on.power->value(), off.power->value()));
  }
  if (on.carbon_g_per_s && off.carbon_g_per_s) {
    *out.mutable_carbon_g() =
        SpreadOf(samples, Consumption(*on.carbon_g_per_s, *off.carbon_g_per_s));
  }
  if (on.cost && off.cost) {
    *out.mutable_cost_usd() = SpreadOf(samples, Consumption(on.cost->value(), off.cost->value()));
  }
}

proto::Ladder BuildLadder(const Ladder& ladder, double model_flops_utilization) {
  proto::Ladder out;
  out.set_calendar_s(ladder.Calendar().value());
  out.set_planned_stops_s(ladder.planned_stops.value());
  out.set_scheduled_s(ladder.Scheduled().value());
  out.set_detection_s(ladder.detection.value());
  out.set_waiting_s(ladder.waiting.value());
  out.set_restart_s(ladder.restart.value());
  out.set_up_s(ladder.Up().value());
  out.set_checkpoints_s(ladder.checkpoints.value());
  out.set_lost_work_s(ladder.lost_work.value());
  out.set_fewer_replicas_s(ladder.fewer_replicas.value());
  out.set_stragglers_s(ladder.stragglers.value());
  out.set_productive_s(ladder.productive.value());
  out.set_model_flops_utilization(model_flops_utilization *
                                  (ladder.productive / ladder.Calendar()));
  return out;
}

void AddCauses(const InterruptedRun& run, const MeanRun& mean, proto::RunStatistics& out) {
  std::vector<std::size_t> order(mean.stops.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return mean.stops[a] > mean.stops[b]; });
  for (const std::size_t i : order) {
    const StopCause& cause = run.resolved.model.causes[i];
    proto::StopCause& added = *out.add_causes();
    added.set_name(cause.name);
    added.set_stops(mean.stops[i]);
    added.set_detection_s(cause.detection.value());
    added.set_loses_host(cause.pool >= 0);
  }
}

void AddCheckpoint(const RunModel& model, proto::RunStatistics& out) {
  if (model.checkpoint.steps_between <= 0) return;
  out.set_checkpoint_bytes(model.checkpoint.bytes.value());
  out.set_checkpoint_interval_s(model.checkpoint.steps_between * model.step_time.value());
  out.set_checkpoint_pause_s(model.checkpoint.pause.value());
  out.set_checkpoint_write_s(model.checkpoint.write.value());
}

// Spares idle all the time, at the mean of the job's own hardware.
void AddSpares(const InterruptedRun& run, const MeanRun& mean, proto::RunStatistics& out) {
  if (!run.resolved.spare_hosts) return;
  out.set_spare_hosts(*run.resolved.spare_hosts);
  const double share = static_cast<double>(run.resolved.spare_accelerators) / run.accelerators;
  const Seconds calendar = mean.ladder.Calendar();
  if (run.standing.power) {
    out.set_spares_energy_j((share * *run.standing.power * calendar).value());
  }
  if (run.standing.cost) out.set_spares_cost_usd((share * *run.standing.cost * calendar).value());
}

}  // namespace

proto::RunStatistics BuildRunStatistics(const InterruptedRun& run) {
  const RunModel& model = run.resolved.model;
  const MeanRun mean = MeanOf(run.samples);
  proto::RunStatistics out;
  out.set_seeds(static_cast<int>(run.samples.size()));
  out.set_first_seed(run.first_seed);
  AddSpreads(run, out);
  *out.mutable_ladder() = BuildLadder(mean.ladder, run.model_flops_utilization);
  AddCauses(run, mean, out);
  if (const Seconds between = MeanTimeBetweenStops(model); between < kNever) {
    out.set_mean_time_between_stops_s(between.value());
  }
  out.set_restart_s(model.restart.value());
  AddCheckpoint(model, out);
  out.set_failure_record(run.resolved.record);
  AddSpares(run, mean, out);
  return out;
}

}  // namespace fleetsim
