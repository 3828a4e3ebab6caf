// How a measured serving point was loaded and laid out.
#ifndef SIM_VALIDATION_SERVING_LOAD_H_
#define SIM_VALIDATION_SERVING_LOAD_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/hardware/accelerator.h"
#include "sim/hardware/serving_engine.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/architecture.h"
#include "sim/model/serving_job.h"
#include "sim/validation/request_lengths.h"

namespace fleetsim {

enum class LoadKind {
  kFixedBatch,   // equal requests from first to last token, nothing else
  kDecodeStep,   // one step of decodes
  kPrefillStep,  // one step of prompts
  kClosedLoop,
  kPoisson,
  kProduct,  // one matrix product in a loop
};

struct ServingLoad {
  LoadKind kind = LoadKind::kClosedLoop;
  double amount = 1;  // batch; sequences or tokens an accelerator; clients; requests a second
  int requests = 1;   // closed loop and Poisson
  int input_tokens = 1, output_tokens = 1;  // means; context of a decode step
  int product_side = 0;                     // of a square product: m, n and k
  bool varied_lengths = false;
  std::optional<Objectives> limits;         // the rate is the highest within them
  std::optional<int> token_budget;          // of the recipe that the source ran
  std::optional<int> poll_steps;            // the same
  const RequestLengths* lengths = nullptr;  // how they spread; null: all the same, or varied
};

absl::StatusOr<ServingLoad> LoadOf(const ServingCase& point, const ServingEngine& engine,
                                   std::vector<std::string>& rules);

struct InstanceGroup {
  ServingLayout layout;
  int instances = 1;
};

// Degrees as stated. Not stated: the smallest power of two of tensor ranks whose memory the weights
// (`weight_bytes`, of the whole model) fill to 60 % at most.
absl::StatusOr<InstanceGroup> GroupOf(const ServingCase& point, const Architecture& model,
                                      const Accelerator& accelerator, double weight_bytes,
                                      std::vector<std::string>& rules);

// Draft tokens of the notes ("MTP accept length 1.8-1.9"), if any.
absl::StatusOr<std::optional<Speculation>> SpeculationOf(const ServingCase& point,
                                                         std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_SERVING_LOAD_H_
