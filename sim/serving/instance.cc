#include "sim/serving/instance.h"

#include <algorithm>

#include "sim/base/check.h"
#include "sim/engine/settings.h"
#include "sim/serving/batching.h"

namespace fleetsim {

Instance::Instance(const Pool& pool, int pool_index, int index, int place, SequenceTable& sequences)
    : pool_(pool),
      index_(index),
      place_(place),
      sequences_(sequences),
      batches_(pool.engine.pipeline_stages),
      stage_free_(pool.engine.pipeline_stages),
      loads_(pool.engine.attention_ranks) {
  const bool prefill_only = pool.role == PoolRole::kPrefill;
  for (int rank = 0; rank < pool.engine.attention_ranks; ++rank) {
    ranks_.emplace_back(pool.engine, sequences, pool.model->TokensPerDecode(), prefill_only);
  }
  for (MicroBatch& batch : batches_) batch.ranks.resize(ranks_.size());
  record_.pool = pool_index;
}

void Instance::Settle(Seconds now) {
  Occupancy occupancy;
  occupancy.requests = requests_;
  for (const Rank& rank : ranks_) {
    occupancy.running += rank.running();
    occupancy.blocks += static_cast<double>(rank.pool().Used());
  }
  record_.history.Advance(now, occupancy);
}

void Instance::Enqueue(int id, Seconds now) {
  Settle(now);
  ++requests_;
  sequences_[id].here.instance = index_;
  if (Polls()) {
    inbox_.push_back(id);
  } else {
    Deliver(id);
  }
}

void Instance::Deliver(int id) {
  const auto idlest = std::min_element(
      ranks_.begin(), ranks_.end(),
      [](const Rank& a, const Rank& b) { return a.load().requests < b.load().requests; });
  sequences_[id].here.rank = static_cast<int>(idlest - ranks_.begin());
  idlest->Enqueue(id);
}

void Instance::Poll(bool idle) {
  if (!idle && unpolled_steps_ < pool_.engine.poll_steps) return;
  for (const int id : inbox_) Deliver(id);
  inbox_.clear();
  unpolled_steps_ = 0;
}

// After a step with prompts the engine looks at once.
void Instance::CountUnpolled(const MicroBatch& batch) {
  const bool prompts = std::any_of(batch.ranks.begin(), batch.ranks.end(),
                                   [](const RankStep& step) { return !step.load.prefill.empty(); });
  unpolled_steps_ += prompts ? pool_.engine.poll_steps : 1;
}

void Instance::Reserve(Seconds now, std::vector<int>* begin) {
  Settle(now);
  for (Rank& rank : ranks_) rank.Reserve(begin);
}

void Instance::Arrive(int id) { ranks_[sequences_[id].here.rank].Arrive(id); }

void Instance::Abandon(int id, Seconds now) {
  Settle(now);
  --requests_;
  ranks_[sequences_[id].here.rank].Abandon(id);
}

void Instance::Sent(int id, Seconds now) {
  Settle(now);
  --requests_;
  ranks_[sequences_[id].origin.rank].Sent(id);
}

void Instance::Drain(Seconds now, std::vector<int>* lost) {
  Settle(now);
  requests_ = 0;
  ++epoch;
  for (Rank& rank : ranks_) rank.Drain(lost);
  lost->insert(lost->end(), inbox_.begin(), inbox_.end());
  inbox_.clear();
  for (MicroBatch& batch : batches_) batch.in_flight = false;
  std::fill(stage_free_.begin(), stage_free_.end(), now);
}

bool Instance::Ready(Seconds now) const {
  if (state != ServiceState::kServing && state != ServiceState::kDraining) return false;
  // An alarm may ring this much before its date.
  if (stage_free_[0] > now + Seconds(kClockPrecision_s)) return false;
  return std::any_of(batches_.begin(), batches_.end(),
                     [](const MicroBatch& batch) { return !batch.in_flight; });
}

std::optional<StartedStep> Instance::Start(Seconds now) {
  if (!Ready(now)) return std::nullopt;
  const int lanes = static_cast<int>(batches_.size());
  for (int i = 0; i < lanes; ++i) {
    const int lane = (next_lane_ + i) % lanes;
    if (batches_[lane].in_flight || !Fill(lane, now)) continue;
    next_lane_ = (lane + 1) % lanes;
    batches_[lane].in_flight = true;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      ranks_[rank].Launch(batches_[lane].ranks[rank]);
    }
    return Occupy(lane, now, Price(batches_[lane]));
  }
  return std::nullopt;
}

bool Instance::Fill(int lane, Seconds now) {
  const auto idle = [&] {
    return std::none_of(ranks_.begin(), ranks_.end(),
                        [&](const Rank& rank) { return rank.HasWork(lane); });
  };
  if (Polls()) Poll(idle());
  if (idle()) return false;
  Settle(now);
  const auto fill = BatchPolicyOf(pool_.engine.batching).fill;
  bool empty = true;
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
    RankStep& step = batches_[lane].ranks[rank];
    step.Clear(lane, now);
    fill(ranks_[rank], step);
    empty = empty && step.load.Empty();
  }
  if (Polls()) CountUnpolled(batches_[lane]);
  return !empty;
}

// Duration of the step; what it consists of is put to the account.
Seconds Instance::Price(const MicroBatch& batch) {
  bool prompts = false, decodes = false;
  Seconds swapping;
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
    loads_[rank] = batch.ranks[rank].load;
    prompts = prompts || !loads_[rank].prefill.empty();
    decodes = decodes || loads_[rank].decodes > 0;
    swapping = Max(swapping, TakeCounts(ranks_[rank]));
  }
  const StepCost cost = pool_.model->Cost(loads_);
  CountStep(cost, swapping);
  const double share = 1.0 / pool_.engine.pipeline_stages;
  Seconds outputs_time = decodes ? cost.duration : Seconds();
  Joules outputs_energy = decodes ? cost.energy : Joules();
  if (prompts && decodes) {
    for (StepLoad& load : loads_) load.prefill.clear(), load.begun = 0;
    const StepCost alone = pool_.model->Cost(loads_);
    outputs_time = Min(alone.duration, cost.duration);
    outputs_energy = Min(alone.energy, cost.energy);
  }
  record_.decode.time += outputs_time * share;
  record_.decode.energy += outputs_energy;
  record_.prefill.time += (cost.duration - outputs_time) * share;
  record_.prefill.energy += cost.energy - outputs_energy;
  return cost.duration + swapping;
}

// Returns what the rank's swaps take on its link to host memory.
Seconds Instance::TakeCounts(Rank& rank) {
  const RankCounts counts = rank.TakeCounts();
  record_.prefill.tokens += counts.prompt_tokens;
  record_.recomputed_tokens += counts.repeated_tokens;
  record_.cached_tokens += counts.cached_tokens;
  record_.preemptions += counts.preemptions;
  if (counts.swapped_tokens == 0) return Seconds();
  return static_cast<double>(counts.swapped_tokens) * pool_.engine.kv_token /
         pool_.engine.host_bandwidth;
}

void Instance::CountStep(const StepCost& cost, Seconds swapping) {
  const double share = 1.0 / pool_.engine.pipeline_stages;
  ++record_.steps;
  record_.busy += (cost.duration + swapping) * share;
  record_.swapping += swapping * share;
  record_.energy += cost.energy;
  record_.arithmetic += cost.arithmetic * share;
  record_.reading += cost.reading * share;
  for (int part = 0; part < kStepParts; ++part) record_.parts[part] += cost.parts[part] * share;
}

// Micro-batches pass the stages in order, each stage one at a time.
StartedStep Instance::Occupy(int lane, Seconds now, Seconds duration) {
  const Seconds in_stage = duration / static_cast<double>(stage_free_.size());
  Seconds date = now;
  for (Seconds& free : stage_free_) free = date = Max(date, free) + in_stage;
  return {lane, date, stage_free_[0]};
}

void Instance::Finish(int lane, Seconds now, StepOutcome* outcome) {
  Settle(now);
  const auto before = static_cast<int>(outcome->ended.size());
  const std::int64_t tokens_before = outcome->output_tokens;
  MicroBatch& batch = batches_[lane];
  FLEETSIM_CHECK(batch.in_flight);
  batch.in_flight = false;
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
    ranks_[rank].Finish(batch.ranks[rank], now, outcome);
  }
  const int ended = static_cast<int>(outcome->ended.size()) - before;
  requests_ -= ended;
  record_.requests += ended;
  record_.decode.tokens += outcome->output_tokens - tokens_before;
}

bool Instance::Fits(const Request& request) const {
  const std::int64_t output = pool_.role == PoolRole::kPrefill ? 0 : request.output_tokens;
  return ranks_[0].pool().BlocksFor(request.input_tokens + output) <= pool_.engine.blocks;
}

int Instance::waiting() const {
  int sum = static_cast<int>(inbox_.size());
  for (const Rank& rank : ranks_) sum += rank.waiting();
  return sum;
}

RankLoad Instance::load() const {
  RankLoad sum;
  for (const Rank& rank : ranks_) {
    sum.requests += rank.load().requests;
    sum.prompt_tokens += rank.load().prompt_tokens;
    sum.pending_tokens += rank.load().pending_tokens;
  }
  return sum;
}

int Instance::CachedTokens(const Request& request) const {
  int most = 0;
  for (const Rank& rank : ranks_) most = std::max(most, rank.pool().CachedTokens(request));
  return most;
}

std::int64_t Instance::UsedBlocks() const {
  std::int64_t sum = 0;
  for (const Rank& rank : ranks_) sum += rank.pool().Used();
  return sum;
}

}  // namespace fleetsim
