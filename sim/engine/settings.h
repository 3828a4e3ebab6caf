// How SimGrid is set up, in one place; a test pins what it leads to.
#ifndef SIM_ENGINE_SETTINGS_H_
#define SIM_ENGINE_SETTINGS_H_

namespace fleetsim {

// Name of the network model that the settings below choose, as SimGrid lists it.
inline constexpr char kNetworkModel[] = "Network_CM02";

// Two moments closer than this are one: SimGrid's `surf/precision`, and the executor's own clock.
inline constexpr double kClockPrecision_s = 1e-9;

// Plain bandwidth sharing without the corrections for TCP over a wide area that SimGrid applies by
// default (latency x 13, bandwidth x 0.97, window, cross traffic), and no log lines. Before the
// engine loads a platform.
void ConfigureSimGrid();

}  // namespace fleetsim

#endif  // SIM_ENGINE_SETTINGS_H_
