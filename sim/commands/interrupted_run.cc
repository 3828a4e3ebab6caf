#include "sim/commands/interrupted_run.h"

#include <utility>

namespace fleetsim {
namespace {

// `step` with its accelerators at work for `computing` of `calendar`, and idle for the rest.
StepResult WithIdleTime(const StepResult& step, Seconds computing, Seconds calendar) {
  StepResult mixed = step;
  for (Seconds& activity : mixed.activities) activity *= computing / calendar;
  mixed.activities[static_cast<int>(Activity::kIdle)] +=
      step.duration * (1.0 - computing / calendar);
  return mixed;
}

// What is consumed is linear in time: any span will do, and one as long as the run has the same
// notes.
absl::StatusOr<RunRates> RatesOf(EconomicsInput input, const StepResult& step,
                                 const EconomicsOptions& options, Seconds span) {
  input.step = &step;
  input.calendar = span;
  ASSIGN_OR_RETURN(const EconomicsResult economics, ComputeEconomics(input, options));
  RunRates rates;
  if (economics.energy) rates.power = economics.energy->Total() / span;
  if (economics.carbon_g) rates.carbon_g_per_s = *economics.carbon_g / span.value();
  if (const auto cost = economics.Cost()) rates.cost = *cost / span;
  return rates;
}

}  // namespace

absl::StatusOr<std::optional<InterruptedRun>> SimulateInterruptions(
    const Job& job, const TrainingSpec& spec, const SeedFlags& seeds,
    const EconomicsOptions& options, EconomicsInput& input, StepResult& mean_step) {
  if (!input.tokens || (!job.reliability && !seeds.seeds)) return std::nullopt;
  ReliabilityRequest request;
  request.record_place = job.places.job;
  if (job.reliability) request = *job.reliability;
  ASSIGN_OR_RETURN(const EconomicsResult uninterrupted, ComputeEconomics(input, options));

  InterruptedRun run;
  run.first_seed = seeds.first;
  run.model_flops_utilization = input.step->ModelFlopsUtilization();
  run.accelerators = input.step->accelerators;
  ASSIGN_OR_RETURN(run.resolved, ResolveRun({.request = &request,
                                             .spec = &spec,
                                             .step = input.step,
                                             .fleet = input.fleet,
                                             .catalog = input.catalog,
                                             .steps = uninterrupted.steps}));
  ASSIGN_OR_RETURN(run.samples, SimulateRuns(run.resolved.model,
                                             seeds.seeds.value_or(request.seeds), seeds.first));
  const Ladder mean = MeanOf(run.samples).ladder;
  const Seconds calendar = mean.Calendar();
  ASSIGN_OR_RETURN(run.computing, RatesOf(input, *input.step, options, calendar));
  const StepResult standing = WithIdleTime(*input.step, Seconds(), calendar);
  ASSIGN_OR_RETURN(run.standing, RatesOf(input, standing, options, calendar));
  mean_step = WithIdleTime(*input.step, mean.Computing(), calendar);
  input.step = &mean_step;
  input.calendar = calendar;
  return run;
}

}  // namespace fleetsim
