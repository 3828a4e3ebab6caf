#include "sim/engine/settings.h"

#include <xbt/log.h>

#include <simgrid/s4u.hpp>

namespace fleetsim {

void ConfigureSimGrid() {
  xbt_log_control_set("root.threshold:critical");
  using simgrid::s4u::Engine;
  Engine::set_config("network/model", std::string("CM02"));
  // A window of zero means none: a flow's bound is then set by StartFlow alone.
  Engine::set_config("network/TCP-gamma", 0.0);
  Engine::set_config("network/crosstraffic", false);
  Engine::set_config("surf/precision", kClockPrecision_s);
}

}  // namespace fleetsim
