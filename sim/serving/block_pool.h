// The paged KV cache of one rank: how many blocks are free, and which prompts' blocks are shared.
#ifndef SIM_SERVING_BLOCK_POOL_H_
#define SIM_SERVING_BLOCK_POOL_H_

#include <cstdint>

#include "sim/serving/engine_options.h"
#include "sim/serving/prefix_cache.h"
#include "sim/serving/sequence.h"

namespace fleetsim {

class BlockPool {
 public:
  explicit BlockPool(const EngineOptions& options);

  std::int64_t BlocksFor(std::int64_t tokens) const {
    return (tokens + block_tokens_ - 1) / block_tokens_;
  }
  std::int64_t total() const { return total_; }
  // Blocks that can be taken: free ones, and cached ones that nobody uses.
  std::int64_t Available() const { return free_ + cache_.idle_blocks(); }
  std::int64_t Used() const { return total_ - Available(); }
  void Take(std::int64_t blocks);
  void Give(std::int64_t blocks) { free_ += blocks; }

  // Prompt tokens that are in the cache, one token at least left to compute.
  int CachedTokens(const Request& request) const;
  // Takes a use of the cached entries of the prompt's first `tokens` tokens, one token at least
  // left to compute; returns the tokens they hold.
  int Share(Sequence& sequence, int tokens);
  // Makes the computed whole entries of the prompt known. Those that another sequence made known
  // meanwhile are shared, and this one's are free again.
  void Publish(Sequence& sequence);
  // Gives up the uses, last entry first, so that it is forgotten before those it depends on.
  void Unshare(BlockHolding& holding);
  // Gives up everything.
  void Release(BlockHolding& holding);

 private:
  int block_tokens_;
  bool caches_;
  std::int64_t total_, free_;
  PrefixCache cache_;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_BLOCK_POOL_H_
