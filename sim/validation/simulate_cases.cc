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
#include "sim/validation/part_metric.h"
#include "sim/validation/recipe_layout.h"
#include "sim/validation/run_metric.h"

namespace fleetsim {
namespace {

// What of a case is compared, and why the rest is not.
struct Comparable {
  std::vector<Measurement> simulated;  // the speed metric of the best rank, then the others
  std::vector<Measurement> nameplate;
  RunFacts facts;
  std::vector<std::string> rules;
  std::string reason;  // of the first metric that cannot be compared
};

Comparable ComparableOf(const MeasuredCase& measured, const Catalog& catalog) {
  Comparable result;
  result.facts = RunFactsOf(measured, catalog, result.rules);
  const Measurement* speed = nullptr;
  for (const Measurement& measurement : measured.measurements) {
    const MetricClass kind = ClassOf(measurement.metric);
    if (!measurement.wanted) continue;
    if (IsOfWholeStep(measurement.metric)) {
      const int rank = SpeedRank(measurement.metric);
      if (speed == nullptr || rank < SpeedRank(speed->metric)) speed = &measurement;
      continue;
    }
    std::string missing = MissingRunFact(measurement.metric, result.facts);
    if (kind == MetricClass::kOther) {
      missing = absl::StrCat("metric ", measurement.metric, " is not simulated");
    }
    if (missing.empty()) {
      (kind == MetricClass::kNameplate ? result.nameplate : result.simulated)
          .push_back(measurement);
    } else {
      if (result.reason.empty()) result.reason = missing;
      if (kind != MetricClass::kOther) {
        result.rules.push_back(absl::StrCat("not compared: ", missing));
      }
    }
  }
  if (speed != nullptr) result.simulated.insert(result.simulated.begin(), *speed);
  return result;
}

void CompareNameplate(const Comparable& comparable, const Catalog& catalog, CaseResult& result) {
  for (const Measurement& measurement : comparable.nameplate) {
    const auto value = NameplateMetric(*result.measured, comparable.facts, catalog, measurement);
    if (!value) continue;
    result.comparisons.push_back(
        {MetricClass::kNameplate, measurement.metric, measurement.unit, measurement.value, *value});
  }
}

absl::StatusOr<Translation> Complete(const MeasuredCase& measured, const Catalog& catalog,
                                     const Models& models) {
  std::vector<std::string> rules;
  const MeasuredCase completed = CompletedByRecipe(measured, rules);
  ASSIGN_OR_RETURN(Translation translation, Translate(completed, catalog, models));
  RETURN_IF_ERROR(ChooseMicroBatch(completed, catalog, translation));
  translation.rules.insert(translation.rules.begin(), rules.begin(), rules.end());
  return translation;
}

// Simulated values of `compared`, as raw doubles.
absl::StatusOr<std::string> Simulate(const Translation& translation, const Catalog& catalog,
                                     const Comparable& compared) {
  ASSIGN_OR_RETURN(const CasePlatform platform, CasePlatform::Make(translation.fleet, catalog));
  ASSIGN_OR_RETURN(const std::unique_ptr<Simulation> simulation,
                   Simulation::Load(platform.fleet()));
  // Whether it fits is not in question: it ran.
  ASSIGN_OR_RETURN(const StepResult step,
                   SimulateStep(translation.spec, platform.fleet(), catalog,
                                {.detail = Detail::kFolded, .must_fit = false}, *simulation));
  std::string values;
  const double length = translation.spec.sequence_length;
  for (const Measurement& measurement : compared.simulated) {
    std::optional<double> simulated =
        SimulatedMetric(step, measurement, length, translation.utilisation);
    if (!simulated) {
      simulated = SimulatedRunMetric(step, platform.fleet(), compared.facts, length, measurement);
    }
    if (!simulated) {
      ASSIGN_OR_RETURN(simulated, SimulatedPartMetric(translation.spec, platform.fleet(), catalog,
                                                      measurement.metric));
    }
    const double value = simulated.value_or(0.0);
    values.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return values;
}

void Compare(const std::vector<Measurement>& compared, const std::string& values,
             CaseResult& result) {
  for (size_t i = 0; i < compared.size(); ++i) {
    double simulated = 0;
    std::memcpy(&simulated, values.data() + i * sizeof simulated, sizeof simulated);
    if (simulated <= 0.0) continue;  // the power of the accelerator is unknown
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
  std::vector<Comparable> compared;
  std::vector<IsolatedTask> tasks;
  std::vector<size_t> task_case;
  for (const MeasuredCase& measured : cases) {
    results.push_back({.measured = &measured});
    compared.push_back(ComparableOf(measured, catalog));
    if (DoesNotCount(measured)) {
      results.back().reason = "its notes exclude it";
      continue;
    }
    CompareNameplate(compared.back(), catalog, results.back());
    results.back().rules = compared.back().rules;
    if (compared.back().simulated.empty()) {
      if (results.back().comparisons.empty()) {
        results.back().reason = compared.back().reason.empty()
                                    ? "the accelerator or its TDP is not in the catalog"
                                    : compared.back().reason;
      }
    } else if (absl::StatusOr<Translation> translation = Complete(measured, catalog, models);
               translation.ok()) {
      std::vector<std::string>& rules = results.back().rules;
      rules.insert(rules.begin(), translation->rules.begin(), translation->rules.end());
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
      Compare(compared[index].simulated, *outputs[task], results[index]);
    } else {
      results[index].reason = std::string(outputs[task].status().message());
    }
  }
  return results;
}

}  // namespace fleetsim
