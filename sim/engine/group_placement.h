// How workers and groups of a program lie on the fleet, as the collective models want to know it.
#ifndef SIM_ENGINE_GROUP_PLACEMENT_H_
#define SIM_ENGINE_GROUP_PLACEMENT_H_

#include "sim/collective/collective.h"
#include "sim/hardware/fleet.h"
#include "sim/program/program.h"

namespace fleetsim {

DomainLinks LinksOf(const Leaf& leaf);

// What of its host's NICs a worker may use, one direction: its accelerators' share.
BytesPerSecond NicShare(const Fleet& fleet, const Worker& worker);

// Bandwidth that a transfer between two workers on different hosts can reach on an idle network.
BytesPerSecond PointToPointRate(const Fleet& fleet, const Worker& source,
                                const Worker& destination);

// A transfer between two workers of one host, each pair of accelerators moving an equal part.
Seconds SameHostTransferTime(const Fleet& fleet, const Worker& source, const Worker& destination,
                             Bytes bytes);

// `hop_latency` is left for whoever knows the routes.
GroupPlacement PlaceGroup(const Program& program, const Fleet& fleet, const Group& group);

}  // namespace fleetsim

#endif  // SIM_ENGINE_GROUP_PLACEMENT_H_
