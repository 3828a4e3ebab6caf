// What a job says about failures, checkpoints and spares of its run; meaning of the fields as in
// proto/reliability.proto. What is absent is the catalog record's.
#ifndef SIM_MODEL_RELIABILITY_H_
#define SIM_MODEL_RELIABILITY_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/status.h"
#include "sim/base/units.h"

namespace fleetsim {

inline constexpr int kDefaultSeeds = 1000;

struct CheckpointRequest {
  bool asynchronous = false;
  std::optional<Seconds> interval;  // zero: none; absent: the best one
  std::optional<Bytes> bytes;
  std::optional<BytesPerSecond> storage_bandwidth;
  std::optional<Seconds> pause;
};

struct SpareRequest {
  std::string accelerator;  // as written; empty: the only kind
  int hosts = 0;
  Location place;
};

struct ReliabilityRequest {
  std::string record;         // as written; empty: by the accelerator
  double failure_rate = 1.0;  // over the record's
  double failure_shape = 1.0;
  std::optional<Seconds> detection, restart, repair, planned_interval, planned_stop;
  CheckpointRequest checkpoint;
  std::vector<SpareRequest> spares;  // empty: a replacement is always at hand
  bool elastic = false;
  double speed_spread = 0.0;
  int seeds = kDefaultSeeds;
  Location record_place;
};

}  // namespace fleetsim

#endif  // SIM_MODEL_RELIABILITY_H_
