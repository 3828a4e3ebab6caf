// How the tokens of a layer of experts spread over experts and ranks when some experts are more
// popular than others.
#ifndef SIM_MODEL_EXPERT_POPULARITY_H_
#define SIM_MODEL_EXPERT_POPULARITY_H_

#include <vector>

#include "sim/model/architecture.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

// Exponent of the power law of popularity in this layout: stated by the job, else by the model,
// else NVIDIA's estimates from latencies of DeepSeek-V3, whose router a bias balances, and of
// Qwen3-235B (aiconfigurator, "Power-Law Distribution in MoE Workload Simulation"). Zero: all
// experts alike.
double PopularityExponent(const Experts& experts, const ServingLayout& layout);

// Tokens of each of `experts`, the most popular first, when each of `tokens` goes to `per_token` of
// them. Popularities are the evenly spaced quantiles of the density x^-exponent from 1 to 0.8 x
// tokens, or from 0.01 to 2 while there are no more copies than experts; what whole tokens leave
// goes to the most popular (aiconfigurator's collector, the source of the tables with routing by a
// power law). No expert has a token twice.
std::vector<double> TokensOfExperts(int experts, int per_token, double tokens, double exponent);

// What the busiest of the ranks that share out the experts has to do in a layer. Every layer
// spreads its experts over ranks in another way and waits for its busiest, so this is a mean over
// layers.
struct BusiestRank {
  double copies = 0;           // of tokens
  double touched = 0;          // experts with tokens
  int layers = 1;              // that `groups` lists
  std::vector<double> groups;  // tokens of each expert that has any, of all these layers
};
BusiestRank BusiestOf(int ranks, const std::vector<double>& tokens_of_experts);

}  // namespace fleetsim

#endif  // SIM_MODEL_EXPERT_POPULARITY_H_
