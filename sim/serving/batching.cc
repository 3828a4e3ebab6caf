#include "sim/serving/batching.h"

#include <algorithm>
#include <iterator>

#include "sim/base/check.h"

namespace fleetsim {

namespace {

constexpr BatchPolicyRow kPolicies[] = {
    {BatchPolicy::kDecodeFirst, "decode-first", FillDecodeFirst},
    {BatchPolicy::kPrefillFirst, "prefill-first", FillPrefillFirst},
    {BatchPolicy::kStatic, "static", FillStatic},
};

}  // namespace

const BatchPolicyRow& BatchPolicyOf(BatchPolicy policy) {
  const auto* row = std::find_if(std::begin(kPolicies), std::end(kPolicies),
                                 [&](const auto& candidate) { return candidate.policy == policy; });
  FLEETSIM_CHECK(row != std::end(kPolicies));
  return *row;
}

}  // namespace fleetsim
