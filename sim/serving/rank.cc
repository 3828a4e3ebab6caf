#include "sim/serving/rank.h"

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {

void RankStep::Clear(int next_lane, Seconds now) {
  load.prefill.clear();
  load.decodes = load.begun = load.ended = 0;
  load.decode_context = 0;
  lane = next_lane;
  start = now;
  preempted = false;
  chunks.clear();
  prefilled.clear();
  ending.clear();
}

Rank::Rank(const EngineOptions& options, SequenceTable& sequences, double tokens_per_decode,
           bool prefill_only)
    : options_(options),
      sequences_(sequences),
      prefill_only_(prefill_only),
      pool_(options),
      in_flight_(options.pipeline_stages, false) {
  for (int lane = 0; lane < options.pipeline_stages; ++lane) {
    lanes_.emplace_back(sequences, lane, options.block_tokens, tokens_per_decode);
  }
}

void Rank::Enqueue(int id) {
  Sequence& sequence = sequences_[id];
  ++load_.requests;
  load_.prompt_tokens += sequence.request.input_tokens;
  if (sequence.state == SequenceState::kComing) {
    lists_.coming.Push(id, sequence.key);
    return;
  }
  sequence.target = sequence.request.input_tokens + sequence.generated;
  load_.pending_tokens += sequence.target;
  lists_.waiting.Push(id, sequence.key);
}

void Rank::Reserve(std::vector<int>* begin) {
  // Those that were here before and had to give up their place go first.
  while (!lists_.coming.empty() && waiting() == 0 && running() < options_.max_sequences) {
    const int id = lists_.coming.first();
    Sequence& sequence = sequences_[id];
    const std::int64_t blocks = BlocksFor(sequence, sequence.target);
    if (!HasRoom(blocks)) return;
    lists_.coming.Pop();
    pool_.Take(blocks);
    sequence.here.blocks = blocks;
    sequence.reserved = true;
    Enter(id);
    begin->push_back(id);
  }
}

void Rank::Arrive(int id) { lists_.arrived.push_back(id); }

void Rank::Abandon(int id) {
  Sequence& sequence = sequences_[id];
  if (sequence.reserved) {
    Depart(id, sequence.target);
    return;
  }
  lists_.coming.Remove(id);
  --load_.requests;
  load_.prompt_tokens -= sequence.request.input_tokens;
}

void Rank::Sent(int id) {
  Sequence& sequence = sequences_[id];
  pool_.Release(sequence.origin);
  const int position = sequence.origin.position;
  const int last = lists_.sending.back();
  lists_.sending[position] = last;
  sequences_[last].origin.position = position;
  lists_.sending.pop_back();
  sequence.origin.instance = -1;
  --load_.requests;
  load_.prompt_tokens -= sequence.request.input_tokens;
}

void Rank::Drain(std::vector<int>* lost) {
  for (const int id : lists_.running) sequences_[id].here.shared.clear();
  for (const int id : lists_.sending) sequences_[id].origin.shared.clear();
  lists_.waiting.Drain(lost);
  lists_.swapped.Drain(lost);
  lists_.coming.Drain(lost);
  lost->insert(lost->end(), lists_.running.begin(), lists_.running.end());
  lost->insert(lost->end(), lists_.sending.begin(), lists_.sending.end());
  lists_ = {};
  load_ = {};
  pool_ = BlockPool(options_);
  for (DecodeLane& lane : lanes_) lane.Reset();
  std::fill(in_flight_.begin(), in_flight_.end(), false);
}

void Rank::Finish(const RankStep& step, Seconds now, StepOutcome* outcome) {
  in_flight_[step.lane] = false;
  for (const int id : step.chunks) --sequences_[id].chunks_in_flight;
  if (step.load.decodes > 0) FinishDecodes(step, outcome);
  for (const int id : step.prefilled) FinishPrompt(id, step, now, outcome);
}

void Rank::FinishDecodes(const RankStep& step, StepOutcome* outcome) {
  DecodeLane& lane = lanes_[step.lane];
  outcome->output_tokens += static_cast<std::int64_t>(lane.NextTokens()) * step.load.decodes;
  lane.Step();
  for (const int id : step.ending) {
    const Sequence& sequence = sequences_[id];
    const int context = lane.ContextOf(sequence);
    // What multi-token prediction gave beyond the end is nobody's output.
    outcome->output_tokens -= lane.GeneratedOf(sequence) - sequence.request.output_tokens;
    lane.Leave(id);
    Depart(id, context);
    outcome->ended.push_back(id);
  }
}

void Rank::FinishPrompt(int id, const RankStep& step, Seconds now, StepOutcome* outcome) {
  Sequence& sequence = sequences_[id];
  ++outcome->output_tokens;
  if (++sequence.generated == 1) sequence.first_token = now;
  if (sequence.generated == sequence.request.output_tokens) {
    Depart(id, sequence.target);
    outcome->ended.push_back(id);
  } else if (prefill_only_) {
    Exit(id);
    std::swap(sequence.origin, sequence.here);
    sequence.here.instance = -1;
    sequence.origin.position = static_cast<int>(lists_.sending.size());
    lists_.sending.push_back(id);
    sequence.state = SequenceState::kComing;
    outcome->prefilled.push_back(id);
  } else {
    lanes_[step.lane].Join(id, sequence.target, Grows());
  }
}

bool Rank::HasWork(int lane) const {
  return lanes_[lane].sequences() > 0 || !lists_.prompts.empty() || !lists_.arrived.empty() ||
         !lists_.waiting.empty() || !lists_.swapped.empty();
}

std::int64_t Rank::BlocksFor(const Sequence& sequence, int tokens) const {
  if (Grows()) return pool_.BlocksFor(tokens);
  return pool_.BlocksFor(sequence.request.input_tokens + sequence.request.output_tokens);
}

// An empty batch may use the last block: nothing in it could be preempted for want of one.
bool Rank::HasRoom(std::int64_t blocks) const {
  const double margin =
      lists_.running.empty() ? 0.0 : options_.watermark * static_cast<double>(pool_.total());
  return static_cast<double>(pool_.Available() - blocks) >= margin;
}

// How many more sequences may enter a lane: pipelines keep their micro-batches alike.
int Rank::LaneRoom(const RankStep& step) const {
  const int places = options_.max_sequences - running();
  const int stages = options_.pipeline_stages;
  if (stages == 1) return places;
  const int share = (std::min(running() + waiting(), options_.max_sequences) + stages - 1) / stages;
  return std::min(places,
                  share - lanes_[step.lane].sequences() - static_cast<int>(step.prefilled.size()));
}

void Rank::Enter(int id) {
  sequences_[id].here.position = running();
  lists_.running.push_back(id);
}

void Rank::Exit(int id) {
  const int position = sequences_[id].here.position;
  const int last = lists_.running.back();
  lists_.running[position] = last;
  sequences_[last].here.position = position;
  lists_.running.pop_back();
}

// A running sequence leaves for good, `context` of its tokens in the cache.
void Rank::Depart(int id, int context) {
  Sequence& sequence = sequences_[id];
  sequence.here.blocks = BlocksFor(sequence, context);
  pool_.Release(sequence.here);
  Exit(id);
  --load_.requests;
  load_.prompt_tokens -= sequence.request.input_tokens;
}

}  // namespace fleetsim
