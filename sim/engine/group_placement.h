// How workers and groups of a program lie on the fleet, as the collective models want to know it.
#ifndef SIM_ENGINE_GROUP_PLACEMENT_H_
#define SIM_ENGINE_GROUP_PLACEMENT_H_

#include <vector>

#include "sim/collective/collective.h"
#include "sim/hardware/fleet.h"
#include "sim/program/program.h"

namespace fleetsim {

DomainLinks LinksOf(const Leaf& leaf);

// What of the NICs of one of its hosts a worker may use, one direction: its accelerators' share.
BytesPerSecond NicShare(const Fleet& fleet, const Worker& worker, int host);

// A transfer between two workers on different hosts, from each host of the one to its counterpart
// of the other; the rate is what it reaches on an idle network.
std::vector<HostFlow> TransferFlows(const Fleet& fleet, const Worker& source,
                                    const Worker& destination, Bytes bytes);

// A transfer between two workers of one host, each pair of accelerators moving an equal part.
Seconds SameHostTransferTime(const Fleet& fleet, const Worker& source, const Worker& destination,
                             Bytes bytes);

// Parts of a group that work side by side on hosts of their own: one, or, where each of its ranks
// has several hosts for its lanes, one for each.
int PartsOf(const Program& program, const Group& group);

// One part; `hop_latency` is left for whoever knows the routes.
GroupPlacement PlaceGroup(const Program& program, const Fleet& fleet, const Group& group,
                          int part = 0);

}  // namespace fleetsim

#endif  // SIM_ENGINE_GROUP_PLACEMENT_H_
