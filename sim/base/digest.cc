#include "sim/base/digest.h"

#include <cstdint>

#include "absl/strings/str_format.h"

namespace fleetsim {

// 64-bit FNV-1a: tells files apart, no protection against intent.
std::string Digest(const std::string& content) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return absl::StrFormat("%016x", hash);
}

}  // namespace fleetsim
