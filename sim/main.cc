// fleetsim: simulates AI data centers. Each subcommand is flags -> inputs -> simulate -> report.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "sim/base/nearest.h"
#include "sim/commands/command.h"

namespace {

constexpr int kBadInput = 2;

// What CLI11 says of wrong flags, with the nearest command or flag for one that does not exist.
std::string Explain(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* command = app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  const std::vector<std::string> unexpected = app->remaining(true);
  const bool unknown_command =
      !unexpected.empty() && !command->get_subcommands([](auto*) { return true; }).empty();
  std::string text =
      "fleetsim: " + (unknown_command ? "unknown command \"" + unexpected.front() + "\""
                                      : std::string(error.what()));
  std::vector<std::string> known;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* child : command->get_subcommands({})) known.push_back(child->get_name());
  for (const std::string& word : unexpected) {
    const std::vector<std::string> near = fleetsim::NearestNames(word, known, 1);
    if (!near.empty()) text += "; did you mean \"" + near.front() + "\"?";
  }
  return text + "; run with --help for more\n";
}

int Run(int argc, char** argv) {
  CLI::App app("Simulates AI data centers: time, energy, carbon and cost, with the reasons.",
               "fleetsim");
  app.set_version_flag("--version", std::string("fleetsim ") + FLEETSIM_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.failure_message(Explain);
  fleetsim::CommonFlags common;
  app.add_option("--catalog", common.catalog,
                 "Folder of the hardware catalog; environment FLEETSIM_CATALOG")
      ->type_name("DIR");
  int exit_code = 0;
  fleetsim::AddRunCommand(app, common, exit_code);
  fleetsim::AddCapacityCommand(app, common, exit_code);
  fleetsim::AddValidateCommand(app, common, exit_code);
  fleetsim::AddCatalogCommand(app, common, exit_code);
  fleetsim::AddPlatformCommand(app, common, exit_code);
  fleetsim::AddImportCommand(app, common, exit_code);
  fleetsim::AddCollectiveCommand(app, common, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are no errors; everything else about flags is wrong input.
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    // Nothing of ours throws: memory ran out, or a library met what it did not expect.
    std::fprintf(stderr, "fleetsim: %s\n", error.what());
    return 1;
  }
}
