#include "sim/serving/prefix_cache.h"

#include <algorithm>
#include <numeric>

#include "sim/base/check.h"

namespace fleetsim {

namespace {

// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output
// bit.
std::uint64_t Mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

PrefixEntries::PrefixEntries(const Request& of, int block_tokens) : request(of) {
  tokens = block_tokens;
  if (!of.block_hashes.empty() && of.hash_block_tokens > 0) {
    tokens = std::lcm(of.hash_block_tokens, block_tokens);
    hashes = tokens / of.hash_block_tokens;
    count = std::min(static_cast<int>(of.block_hashes.size()) / hashes, of.input_tokens / tokens);
  } else if (of.shared_prefix >= 0) {
    count = std::min(of.shared_prefix_tokens, of.input_tokens) / tokens;
  }
  blocks = tokens / block_tokens;
}

std::uint64_t PrefixEntries::Key(int i, std::uint64_t previous) const {
  if (hashes == 0) {
    return Mix(Mix(static_cast<std::uint64_t>(request.shared_prefix)) ^ Mix(previous + 1));
  }
  std::uint64_t key = previous;
  for (int j = i * hashes; j < (i + 1) * hashes; ++j) {
    key = Mix(Mix(key) ^ request.block_hashes[j]);
  }
  return key;
}

int PrefixCache::Find(std::uint64_t key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? -1 : found->second;
}

int PrefixCache::Insert(std::uint64_t key, int blocks) {
  if (free_.empty()) {
    free_.push_back(static_cast<int>(entries_.size()));
    entries_.emplace_back();
  }
  const int entry = free_.back();
  free_.pop_back();
  entries_[entry] = {.key = key, .uses = 1, .blocks = blocks};
  by_key_[key] = entry;
  return entry;
}

void PrefixCache::Use(int entry) {
  if (entries_[entry].uses++ > 0) return;
  Unlink(entry);
  idle_blocks_ -= entries_[entry].blocks;
}

void PrefixCache::Drop(int entry) {
  FLEETSIM_CHECK(entries_[entry].uses > 0);
  if (--entries_[entry].uses > 0) return;
  Link(entry);
  idle_blocks_ += entries_[entry].blocks;
}

int PrefixCache::Evict() {
  FLEETSIM_CHECK(oldest_ >= 0);
  const int entry = oldest_;
  Unlink(entry);
  idle_blocks_ -= entries_[entry].blocks;
  by_key_.erase(entries_[entry].key);
  free_.push_back(entry);
  return entries_[entry].blocks;
}

void PrefixCache::Link(int entry) {
  entries_[entry].previous = newest_;
  entries_[entry].next = -1;
  (newest_ < 0 ? oldest_ : entries_[newest_].next) = entry;
  newest_ = entry;
}

void PrefixCache::Unlink(int entry) {
  const Entry& gone = entries_[entry];
  (gone.previous < 0 ? oldest_ : entries_[gone.previous].next) = gone.next;
  (gone.next < 0 ? newest_ : entries_[gone.next].previous) = gone.previous;
}

}  // namespace fleetsim
