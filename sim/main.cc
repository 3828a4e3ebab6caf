// fleetsim: simulates AI data centers. Each subcommand is flags -> inputs -> simulate -> report.
#include <CLI/CLI.hpp>

#include "sim/commands/command.h"

int main(int argc, char** argv) {
  CLI::App app("Simulates AI data centers: time, energy, carbon and cost, with the reasons.",
               "fleetsim");
  app.set_version_flag("--version", std::string("fleetsim ") + FLEETSIM_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  fleetsim::CommonFlags common;
  app.add_option("--catalog", common.catalog, "Folder of the hardware catalog")->type_name("DIR");
  int exit_code = 0;
  fleetsim::AddRunCommand(app, common, exit_code);
  fleetsim::AddValidateCommand(app, common, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version are no errors; everything else about flags is wrong input.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
