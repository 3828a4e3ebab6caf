#include "sim/serving/block_pool.h"

#include <algorithm>

#include "sim/base/check.h"

namespace fleetsim {

BlockPool::BlockPool(const EngineOptions& options)
    : block_tokens_(options.block_tokens),
      caches_(options.prefix_cache),
      total_(options.blocks),
      free_(options.blocks) {}

void BlockPool::Take(std::int64_t blocks) {
  while (free_ < blocks) free_ += cache_.Evict();
  free_ -= blocks;
}

int BlockPool::CachedTokens(const Request& request) const {
  if (!caches_) return 0;
  const PrefixEntries entries(request, block_tokens_);
  const int most = std::min(entries.count, (request.input_tokens - 1) / entries.tokens);
  std::uint64_t key = 0;
  int found = 0;
  while (found < most && cache_.Find(key = entries.Key(found, key)) >= 0) ++found;
  return found * entries.tokens;
}

int BlockPool::Share(Sequence& sequence, int tokens) {
  if (!caches_) return 0;
  FLEETSIM_CHECK(sequence.here.shared.empty());
  const PrefixEntries entries(sequence.request, block_tokens_);
  const int most = std::min(entries.count, (tokens - 1) / entries.tokens);
  sequence.here.entry_blocks = entries.blocks;
  sequence.key_chain = 0;
  for (int i = 0; i < most; ++i) {
    const std::uint64_t key = entries.Key(i, sequence.key_chain);
    const int entry = cache_.Find(key);
    if (entry < 0) break;
    cache_.Use(entry);
    sequence.here.shared.push_back(entry);
    sequence.key_chain = key;
  }
  return static_cast<int>(sequence.here.shared.size()) * entries.tokens;
}

void BlockPool::Publish(Sequence& sequence) {
  if (!caches_) return;
  const PrefixEntries entries(sequence.request, block_tokens_);
  const int whole = std::min(entries.count, sequence.computed / entries.tokens);
  for (int i = static_cast<int>(sequence.here.shared.size()); i < whole; ++i) {
    sequence.key_chain = entries.Key(i, sequence.key_chain);
    int entry = cache_.Find(sequence.key_chain);
    if (entry >= 0) {
      cache_.Use(entry);
      Give(entries.blocks);
    } else {
      entry = cache_.Insert(sequence.key_chain, entries.blocks);
    }
    sequence.here.shared.push_back(entry);
  }
}

void BlockPool::Unshare(BlockHolding& holding) {
  while (!holding.shared.empty()) {
    cache_.Drop(holding.shared.back());
    holding.shared.pop_back();
  }
}

void BlockPool::Release(BlockHolding& holding) {
  Give(holding.blocks - static_cast<std::int64_t>(holding.shared.size()) * holding.entry_blocks);
  Unshare(holding);
  holding.blocks = 0;
}

}  // namespace fleetsim
