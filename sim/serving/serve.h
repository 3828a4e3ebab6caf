// Requests through a deployment: the serving event loop.
#ifndef SIM_SERVING_SERVE_H_
#define SIM_SERVING_SERVE_H_

#include "sim/base/status.h"
#include "sim/serving/deployment.h"
#include "sim/serving/record.h"
#include "sim/serving/request_source.h"

namespace fleetsim {

class Network;

// Simulates until every request has ended. Dates count from the call: runs can follow each other on
// one network. Fails where the source does, where requests are left
// that no instance will ever serve, and where the deployment makes no sense.
absl::StatusOr<ServingRecord> Serve(Network& network, const Deployment& deployment,
                                    RequestSource& source);

}  // namespace fleetsim

#endif  // SIM_SERVING_SERVE_H_
