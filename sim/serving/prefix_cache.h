// Blocks of prompts by what they hold: those in use are counted, those no longer in use stay until
// their room is needed, least recently used first.
#ifndef SIM_SERVING_PREFIX_CACHE_H_
#define SIM_SERVING_PREFIX_CACHE_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/model/request.h"

namespace fleetsim {

// A request's prompt as entries of the cache. An entry is the smallest whole number of the trace's
// blocks that is a whole number of the engine's.
struct PrefixEntries {
  PrefixEntries(const Request& request, int block_tokens);
  // Identity of entry `i` and of all before it; `previous` is that of entry i - 1, 0 for the first.
  std::uint64_t Key(int i, std::uint64_t previous) const;

  const Request& request;
  int tokens = 0;  // of one entry
  int blocks = 1;  // of one entry, in the engine's pool
  int hashes = 0;  // of one entry, in the trace's list; 0: a shared prefix without a list
  int count = 0;   // whole entries in the prompt
};

class PrefixCache {
 public:
  // Entry with this key, -1 where there is none.
  int Find(std::uint64_t key) const;
  // A new entry in use once.
  int Insert(std::uint64_t key, int blocks);
  void Use(int entry);
  void Drop(int entry);  // one use less
  // Blocks of entries that nobody uses.
  std::int64_t idle_blocks() const { return idle_blocks_; }
  // Forgets the least recently used of those and returns its blocks.
  int Evict();

 private:
  struct Entry {
    std::uint64_t key = 0;
    int uses = 0, blocks = 0;
    int previous = -1, next = -1;  // among the unused, oldest first
  };
  void Link(int entry);
  void Unlink(int entry);

  absl::flat_hash_map<std::uint64_t, int> by_key_;
  std::vector<Entry> entries_;
  std::vector<int> free_;
  int oldest_ = -1, newest_ = -1;
  std::int64_t idle_blocks_ = 0;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_PREFIX_CACHE_H_
