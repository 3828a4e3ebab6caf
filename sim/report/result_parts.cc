#include "sim/report/result_parts.h"

#include <string>

namespace fleetsim {
namespace {

proto::JobResult::Outcome OutcomeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      return proto::JobResult::INFEASIBLE;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return proto::JobResult::BAD_INPUT;
    default:
      return proto::JobResult::FAILED;
  }
}

}  // namespace

proto::Cost BuildCost(const CostParts& cost) {
  proto::Cost out;
  if (cost.accelerators) out.set_accelerators_usd(cost.accelerators->value());
  if (cost.servers) out.set_servers_usd(cost.servers->value());
  if (cost.network) out.set_network_usd(cost.network->value());
  if (cost.storage) out.set_storage_usd(cost.storage->value());
  if (cost.hosting) out.set_hosting_usd(cost.hosting->value());
  if (cost.maintenance) out.set_maintenance_usd(cost.maintenance->value());
  if (cost.energy) out.set_energy_usd(cost.energy->value());
  if (const auto total = cost.Total()) out.set_total_usd(total->value());
  return out;
}

void AddAssumptions(const std::vector<Assumption>& assumptions, proto::JobResult& result) {
  for (const Assumption& assumption : assumptions) {
    proto::AssumptionMade& out = *result.add_assumptions();
    out.set_what(assumption.what);
    out.set_evidence(assumption.evidence);
    out.set_source(assumption.source);
  }
}

void AddMissing(const std::vector<MissingFigure>& missing, proto::JobResult& result) {
  for (const MissingFigure& figure : missing) {
    proto::MissingFigure& out = *result.add_missing();
    out.set_what(figure.what);
    out.set_why(figure.why);
  }
}

void SetFailure(const absl::Status& status, proto::JobResult& result) {
  result.set_outcome(OutcomeOf(status));
  result.set_reason(std::string(status.message()));
}

}  // namespace fleetsim
