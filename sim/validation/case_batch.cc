#include "sim/validation/case_batch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "sim/validation/note_facts.h"

namespace fleetsim {
namespace {

// Llama 2 (Touvron et al. 2023, section 2.2) and most models of its time.
constexpr double kAssumedBatchTokens = 4.0 * 1024 * 1024;

}  // namespace

GlobalBatch GlobalBatchOf(const MeasuredCase& measured, int zero_stage, int wave) {
  if (measured.global_batch) return {*measured.global_batch, {}};
  const int noted = GlobalBatchStated(measured, wave);
  if (noted > 0) return {noted, {}};
  const bool one_wave = zero_stage >= 3 || NamesFineTuning(measured) || !measured.sequence_length;
  if (one_wave || wave <= 0) return {wave, "global batch not stated: one micro-batch a replica"};
  const double sequences = kAssumedBatchTokens / *measured.sequence_length;
  const int waves = std::max(1, static_cast<int>(sequences / wave));
  return {waves * wave, absl::StrCat("global batch not stated: ", waves * wave,
                                     " sequences, 4M tokens or one micro-batch a replica")};
}

}  // namespace fleetsim
