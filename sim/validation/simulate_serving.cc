#include "sim/validation/simulate_serving.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/base/isolated.h"
#include "sim/validation/case_platform.h"
#include "sim/validation/note_facts.h"
#include "sim/validation/serving_case.h"
#include "sim/validation/serving_result.h"

namespace fleetsim {
namespace {

constexpr size_t kSimulationsOfProcess = 16;

// A simulation and the points that it answers, by index.
struct Shared {
  const ServingTranslation* translation = nullptr;
  std::vector<size_t> points;
};

// Of one simulation, as bytes: whether it went well, then the result or the reason.
std::string Packed(const absl::StatusOr<ServingResult>& result) {
  std::string bytes(1, result.ok() ? '+' : '-');
  if (result.ok()) {
    bytes.append(reinterpret_cast<const char*>(&*result), sizeof *result);
  } else {
    bytes.append(std::string(result.status().message()));
  }
  const auto size = static_cast<std::uint32_t>(bytes.size());
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + bytes;
}

std::vector<absl::StatusOr<ServingResult>> Unpacked(const std::string& all) {
  std::vector<absl::StatusOr<ServingResult>> results;
  for (size_t at = 0; at + sizeof(std::uint32_t) < all.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, all.data() + at, sizeof size);
    at += sizeof size;
    ServingResult result;
    if (all[at] == '+') {
      std::memcpy(&result, all.data() + at + 1, sizeof result);
      results.emplace_back(result);
    } else {
      results.emplace_back(absl::UnimplementedError(all.substr(at + 1, size - 1)));
    }
    at += size;
  }
  return results;
}

absl::StatusOr<std::string> SimulateAll(const std::vector<Shared>& simulations,
                                        const Catalog& catalog) {
  std::string packed;
  std::unique_ptr<CasePlatform> first;
  std::unique_ptr<Network> network;
  for (const Shared& simulation : simulations) {
    const ServingTranslation& translation = *simulation.translation;
    ASSIGN_OR_RETURN(CasePlatform platform, CasePlatform::Make(translation.fleet, catalog));
    auto own = std::make_unique<CasePlatform>(std::move(platform));
    if (network == nullptr) {
      ASSIGN_OR_RETURN(network, Network::Load(own->fleet()));
      first = std::move(own);
      packed += Packed(SimulatePoint(translation, first->fleet(), catalog, *network));
    } else {
      packed += Packed(SimulatePoint(translation, own->fleet(), catalog, *network));
    }
  }
  return packed;
}

void Compare(const ServingResult& simulated, const ServingLoad& load, CaseResult& result) {
  for (const Measurement& measurement : result.measured->measurements) {
    if (!measurement.wanted) continue;
    const MetricClass kind = ServingClassOf(measurement.metric, load);
    const std::optional<double> value = ServingMetric(simulated, measurement.metric);
    if (!value || kind == MetricClass::kOther) {
      result.reason = absl::StrCat("metric ", measurement.metric, " is not simulated");
      continue;
    }
    result.comparisons.push_back(
        {kind, measurement.metric, measurement.unit, measurement.value, *value});
  }
}

// Simulations in portions for one process each, which has one network. Where caches are sent over
// it, it is the simulation's own.
std::vector<std::vector<Shared>> Portions(const std::map<std::string, Shared>& simulations) {
  std::vector<std::vector<Shared>> portions(1), alone;
  for (const auto& [key, simulation] : simulations) {
    if (simulation.translation->job.pools.size() > 1) {
      alone.push_back({simulation});
      continue;
    }
    if (portions.back().size() >= kSimulationsOfProcess) portions.emplace_back();
    portions.back().push_back(simulation);
  }
  portions.insert(portions.end(), alone.begin(), alone.end());
  return portions;
}

}  // namespace

std::vector<CaseResult> SimulateServingCases(const std::vector<ServingCase>& points,
                                             const Catalog& catalog, const Models& models,
                                             int parallel,
                                             const std::function<void(int done)>& progress) {
  std::vector<CaseResult> results;
  std::vector<std::unique_ptr<ServingTranslation>> translations;
  std::map<std::string, Shared> simulations;
  for (const ServingCase& point : points) {
    results.push_back({.measured = &point.measured});
    translations.emplace_back();
    if (DoesNotCount(point.measured)) {
      results.back().reason = "its notes exclude it";
      continue;
    }
    auto translation = TranslateServing(point, catalog, models);
    if (!translation.ok()) {
      results.back().reason = std::string(translation.status().message());
      continue;
    }
    translations.back() = std::make_unique<ServingTranslation>(*std::move(translation));
    results.back().rules = translations.back()->rules;
    Shared& shared = simulations[SimulationKey(*translations.back())];
    shared.translation = translations.back().get();
    shared.points.push_back(results.size() - 1);
  }
  const std::vector<std::vector<Shared>> portions = Portions(simulations);
  std::vector<IsolatedTask> tasks;
  for (const std::vector<Shared>& portion : portions) {
    tasks.push_back([&portion, &catalog] { return SimulateAll(portion, catalog); });
  }
  const auto packed = RunIsolated(tasks, parallel, [&](int done) {
    if (progress) progress(static_cast<int>(done * points.size() / tasks.size()));
  });
  for (size_t i = 0; i < portions.size(); ++i) {
    const auto simulated =
        packed[i].ok() ? Unpacked(*packed[i]) : std::vector<absl::StatusOr<ServingResult>>();
    for (size_t k = 0; k < portions[i].size(); ++k) {
      for (const size_t point : portions[i][k].points) {
        CaseResult& result = results[point];
        if (k >= simulated.size()) {
          result.reason = std::string(packed[i].status().message());
        } else if (!simulated[k].ok()) {
          result.reason = std::string(simulated[k].status().message());
        } else {
          Compare(*simulated[k], translations[point]->load, result);
        }
      }
    }
  }
  return results;
}

}  // namespace fleetsim
