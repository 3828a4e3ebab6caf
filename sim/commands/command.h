// The subcommands. Each adds itself to the application with its flags, help and an example, and
// sets the exit code when it runs: 0 done, 1 failed or infeasible, 2 wrong input.
#ifndef SIM_COMMANDS_COMMAND_H_
#define SIM_COMMANDS_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "sim/base/status.h"

namespace fleetsim {

// What every command may be told, before or after its name.
struct CommonFlags {
  std::string catalog;  // folder; empty: where it was built or installed
};

void AddCapacityCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddCatalogCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddCollectiveCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddImportCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddPlatformCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddRunCommand(CLI::App& app, const CommonFlags& common, int& exit_code);
void AddValidateCommand(CLI::App& app, const CommonFlags& common, int& exit_code);

// Prints the status as "fleetsim: MESSAGE" on stderr and returns the exit code it stands for.
int Complain(const absl::Status& status);

// Where results go: to `path` as a whole, by way of a temporary file, or to standard output where
// it is empty.
absl::Status Deliver(absl::string_view content, const std::string& path);

// Tells on stderr how far long work is; silent where that is no terminal.
class Progress {
 public:
  Progress(std::string what, int total);
  ~Progress();
  void Report(int done);

 private:
  std::string what_;
  int total_;
  bool shown_;
};

}  // namespace fleetsim

#endif  // SIM_COMMANDS_COMMAND_H_
