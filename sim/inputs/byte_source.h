// The bytes of a file in pieces, decompressed where its first bytes say that it is gzip or xz.
#ifndef SIM_INPUTS_BYTE_SOURCE_H_
#define SIM_INPUTS_BYTE_SOURCE_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // The next bytes, valid until the next call; empty at the end. Errors name file and byte.
  virtual absl::StatusOr<absl::string_view> Next() = 0;
  // How much of the file has been read, 0 to 1.
  virtual double Share() const = 0;
};

// Errors: missing, unreadable, a folder, empty, compressed otherwise than by gzip or xz, a name
// that ends in .gz or .xz with other content.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenBytes(const std::string& path);

}  // namespace fleetsim

#endif  // SIM_INPUTS_BYTE_SOURCE_H_
