#include "sim/commands/gnuplot.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "sim/inputs/file.h"

namespace fleetsim {

absl::StatusOr<std::string> DrawPlot(const std::function<std::string(const std::string&)>& script) {
  std::string path = std::filesystem::temp_directory_path() / "fleetsim-plot-XXXXXX";
  const int descriptor = mkstemp(path.data());
  if (descriptor < 0) return absl::InternalError(absl::StrCat("cannot create ", path));
  close(descriptor);
  FILE* gnuplot = popen("gnuplot >/dev/null 2>&1", "w");
  bool drawn = gnuplot != nullptr;
  if (drawn) {
    const std::string commands = script(path);
    std::fwrite(commands.data(), 1, commands.size(), gnuplot);
    drawn = pclose(gnuplot) == 0;
  }
  absl::StatusOr<std::string> content = ReadFile(path);
  std::remove(path.c_str());
  if (!drawn) return absl::InternalError("gnuplot cannot plot; install Debian's gnuplot-nox");
  return content;
}

}  // namespace fleetsim
