// How fast one thread of a server's processors is: what an inference engine's scheduler and a
// framework's launches run on.
#ifndef SIM_HARDWARE_HOST_PROCESSOR_H_
#define SIM_HARDWARE_HOST_PROCESSOR_H_

#include <string>

namespace fleetsim {

// Single-thread speed over that of the Xeon 8480C, which engines' host times were measured on;
// `cpu` as the server's entry writes it. 1: unknown.
double HostThreadSpeed(const std::string& cpu);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_HOST_PROCESSOR_H_
