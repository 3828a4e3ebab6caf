#include "sim/model/expert_popularity.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <utility>

#include "sim/base/check.h"

namespace fleetsim {
namespace {

constexpr double kBalancedByBias = 1.01, kBalancedByLoss = 1.2;
// Spreads over ranks that stand for a model's layers: the mean load of so many is good to 4 %.
constexpr int kSpreads = 32;

// The value below which a share `p` of the density x^-exponent between `low` and `high` lies.
double PowerLawQuantile(double p, double exponent, double low, double high) {
  const double power = 1 - exponent;
  if (std::abs(power) < 1e-9) return low * std::pow(high / low, p);
  const double from = std::pow(low, power), to = std::pow(high, power);
  return std::pow(from + (to - from) * p, 1 / power);
}

// `whole` copies in the proportions of `shares`, which fall; no expert has more than `most`.
void Apportion(double whole, double most, std::vector<double>& shares) {
  double left = whole, weight = std::accumulate(shares.begin(), shares.end(), 0.0);
  double given = 0;
  for (double& share : shares) {
    const double part = std::min(most, share * left / weight);
    weight -= share;
    left -= part;
    share = std::min(most, std::round(part));
    given += share;
  }
  for (double step = given < whole ? 1 : -1; given != whole;) {
    const double before = given;
    for (int i = 0; i < static_cast<int>(shares.size()) && given != whole; ++i) {
      double& share = step > 0 ? shares[i] : shares[shares.size() - 1 - i];
      if (share + step < 0 || share + step > most) continue;
      share += step;
      given += step;
    }
    if (given == before) return;
  }
}

// Adds the busiest of the ranks, each with so many neighbours in `order`.
void AddBusiest(int ranks, const std::vector<double>& order, BusiestRank& result) {
  const std::ptrdiff_t each =
      std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(order.size()) / ranks);
  auto busiest = order.begin();
  double most = -1;
  for (auto begin = order.begin(); order.end() - begin >= each; begin += each) {
    const double copies = std::accumulate(begin, begin + each, 0.0);
    if (copies <= most) continue;
    most = copies;
    busiest = begin;
  }
  result.copies += most;
  for (auto tokens = busiest; tokens != busiest + each; ++tokens) {
    if (*tokens > 0) result.groups.push_back(*tokens);
  }
}

}  // namespace

double PopularityExponent(const Experts& experts, const ServingLayout& layout) {
  if (layout.popularity_exponent) return *layout.popularity_exponent;
  if (layout.expert_load || layout.redundant_experts > 0) return 0;
  return experts.popularity_exponent.value_or(experts.router_bias ? kBalancedByBias
                                                                  : kBalancedByLoss);
}

std::vector<double> TokensOfExperts(int experts, int per_token, double tokens, double exponent) {
  FLEETSIM_CHECK(experts > 0 && tokens >= 0);
  const double copies = std::round(tokens * per_token);
  const bool few = copies <= experts;
  const double low = few ? 0.01 : 1, high = few ? 2 : std::max(1.0, 0.8 * tokens);
  std::vector<double> result(experts);
  for (int i = 0; i < experts; ++i) {
    result[i] = PowerLawQuantile(1 - (i + 0.5) / experts, exponent, low, high);
  }
  Apportion(copies, std::max(1.0, std::ceil(tokens)), result);
  return result;
}

BusiestRank BusiestOf(int ranks, const std::vector<double>& tokens_of_experts) {
  BusiestRank result;
  if (ranks == 1) {
    AddBusiest(1, tokens_of_experts, result);
  } else {
    result.layers = kSpreads;
    std::vector<double> order = tokens_of_experts;
    std::mt19937_64 generator(1);
    for (int spread = 0; spread < kSpreads; ++spread) {
      for (std::size_t i = order.size() - 1; i > 0; --i) {
        std::swap(order[i], order[(generator() >> 32) * (i + 1) >> 32]);
      }
      AddBusiest(ranks, order, result);
    }
  }
  result.copies /= result.layers;
  result.touched = static_cast<double>(result.groups.size()) / result.layers;
  return result;
}

}  // namespace fleetsim
