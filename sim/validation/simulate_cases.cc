#include "sim/validation/simulate_cases.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "sim/base/isolated.h"
#include "sim/training/step.h"
#include "sim/validation/case_platform.h"
#include "sim/validation/micro_batch.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

// The measurements of a case that are compared: its speed metric of the best rank, and memory.
std::vector<Measurement> Compared(const MeasuredCase& measured) {
  const Measurement* speed = nullptr;
  std::vector<Measurement> compared;
  for (const Measurement& measurement : measured.measurements) {
    const MetricClass kind = ClassOf(measurement.metric);
    if (kind == MetricClass::kMemory) compared.push_back(measurement);
    if (kind != MetricClass::kSpeed) continue;
    if (speed == nullptr || SpeedRank(measurement.metric) < SpeedRank(speed->metric)) {
      speed = &measurement;
    }
  }
  if (speed != nullptr) compared.insert(compared.begin(), *speed);
  return compared;
}

absl::StatusOr<Translation> Complete(const MeasuredCase& measured, const Catalog& catalog,
                                     const Models& models) {
  ASSIGN_OR_RETURN(Translation translation, Translate(measured, catalog, models));
  RETURN_IF_ERROR(ChooseMicroBatch(measured, catalog, translation));
  return translation;
}

// Simulated values of `compared`, as raw doubles.
absl::StatusOr<std::string> Simulate(const Translation& translation, const Catalog& catalog,
                                     const std::vector<Measurement>& compared) {
  ASSIGN_OR_RETURN(const CasePlatform platform, CasePlatform::Make(translation.fleet, catalog));
  ASSIGN_OR_RETURN(const std::unique_ptr<Simulation> simulation,
                   Simulation::Load(platform.fleet()));
  // Whether it fits is not in question: it ran.
  ASSIGN_OR_RETURN(const StepResult step,
                   SimulateStep(translation.spec, platform.fleet(), catalog,
                                {.detail = Detail::kFolded, .must_fit = false}, *simulation));
  std::string values;
  for (const Measurement& measurement : compared) {
    const double value = SimulatedMetric(step, measurement, translation.spec.sequence_length,
                                         translation.flops_per_token)
                             .value_or(0.0);
    values.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return values;
}

void Compare(const std::vector<Measurement>& compared, const std::string& values,
             CaseResult& result) {
  for (size_t i = 0; i < compared.size(); ++i) {
    double simulated = 0;
    std::memcpy(&simulated, values.data() + i * sizeof simulated, sizeof simulated);
    result.comparisons.push_back({ClassOf(compared[i].metric), compared[i].metric, compared[i].unit,
                                  compared[i].value, simulated});
  }
}

}  // namespace

std::vector<CaseResult> SimulateCases(const std::vector<MeasuredCase>& cases,
                                      const Catalog& catalog, const Models& models, int parallel,
                                      const std::function<void(int done)>& progress) {
  std::vector<CaseResult> results;
  std::vector<Translation> translations;
  translations.reserve(cases.size());
  std::vector<std::vector<Measurement>> compared;
  std::vector<IsolatedTask> tasks;
  std::vector<size_t> task_case;
  for (const MeasuredCase& measured : cases) {
    results.push_back({.measured = &measured});
    compared.push_back(Compared(measured));
    if (DoesNotCount(measured)) {
      results.back().reason = "its notes exclude it";
    } else if (compared.back().empty()) {
      results.back().reason =
          absl::StrCat("metric ", measured.measurements.front().metric, " is not simulated");
    } else if (absl::StatusOr<Translation> translation = Complete(measured, catalog, models);
               translation.ok()) {
      results.back().rules = translation->rules;
      translations.push_back(*std::move(translation));
      const size_t task = translations.size() - 1;
      const size_t index = results.size() - 1;
      tasks.push_back([&translations, &compared, &catalog, task, index] {
        return Simulate(translations[task], catalog, compared[index]);
      });
      task_case.push_back(index);
    } else {
      results.back().reason = std::string(translation.status().message());
    }
  }
  const auto outputs = RunIsolated(tasks, parallel, progress);
  for (size_t task = 0; task < outputs.size(); ++task) {
    const size_t index = task_case[task];
    if (outputs[task].ok()) {
      Compare(compared[index], *outputs[task], results[index]);
    } else {
      results[index].reason = std::string(outputs[task].status().message());
    }
  }
  return results;
}

}  // namespace fleetsim
