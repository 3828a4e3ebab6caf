#include "sim/trace/synthetic_traffic.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace fleetsim {
namespace {

constexpr std::uint64_t kLengthStream = 2, kPromptStream = 3;

// A whole number below `count`.
std::int64_t Pick(Random& random, std::int64_t count) {
  const auto picked = static_cast<std::int64_t>(random.Uniform() * static_cast<double>(count));
  return std::min(picked, count - 1);
}

}  // namespace

SyntheticTraffic::SyntheticTraffic(Traffic traffic, std::uint64_t seed)
    : traffic_(std::move(traffic)),
      arrivals_(traffic_.arrivals, seed),
      lengths_(seed, kLengthStream),
      prompts_(seed, kPromptStream) {}

void SyntheticTraffic::DrawLengths(Request* request) {
  if (traffic_.pairs.empty()) {
    request->input_tokens = traffic_.input.Draw(lengths_);
    request->output_tokens = traffic_.output.Draw(lengths_);
    return;
  }
  const std::int64_t pair = Pick(lengths_, std::ssize(traffic_.pairs));
  std::tie(request->input_tokens, request->output_tokens) = traffic_.pairs[pair];
}

void SyntheticTraffic::DrawPrompt(Request* request) {
  const CommonPrompts& common = *traffic_.common;
  const bool has_one = prompts_.Uniform() < common.share;
  const std::int64_t prompt = Pick(prompts_, common.prompts);
  if (!has_one) return;
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  request->shared_prefix = prompt;
  request->shared_prefix_tokens = common.tokens;
  request->input_tokens = std::min(request->input_tokens, kMost - common.tokens) + common.tokens;
}

bool SyntheticTraffic::Next(Request* request) {
  if (drawn_ == traffic_.requests) return false;
  *request = Request{.id = drawn_++, .arrival = arrivals_.Next()};
  DrawLengths(request);
  if (traffic_.common) DrawPrompt(request);
  return true;
}

}  // namespace fleetsim
