// A file that is written piece by piece and is there as a whole or not at all.
#ifndef SIM_INPUTS_OUTPUT_FILE_H_
#define SIM_INPUTS_OUTPUT_FILE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

class OutputFile {
 public:
  // Opens a temporary file beside `path`; what exists and is no plain file (a pipe, a terminal) is
  // written in place.
  static absl::StatusOr<OutputFile> Create(const std::string& path);
  ~OutputFile();  // removes what was not committed
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;

  absl::Status Write(absl::string_view content);
  // Renames the temporary file to `path`.
  absl::Status Commit();

 private:
  OutputFile(std::string path, std::string temporary, int descriptor);
  absl::Status Failed(absl::string_view what, absl::string_view expected) const;

  std::string path_, temporary_;  // the latter is empty where the file is written in place
  int descriptor_;
};

}  // namespace fleetsim

#endif  // SIM_INPUTS_OUTPUT_FILE_H_
