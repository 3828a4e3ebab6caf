// A run in round numbers.
#ifndef TESTS_UNIT_RELIABILITY_RUN_FOR_TESTS_H_
#define TESTS_UNIT_RELIABILITY_RUN_FOR_TESTS_H_

#include "sim/reliability/run_model.h"

namespace fleetsim {

// Ten thousand steps of ten seconds, a checkpoint of 20 s after each hundred, one kind of failure
// every hour and restarts of five minutes.
inline RunModel ExampleRun() {
  RunModel model;
  model.steps = 10000;
  model.step_time = Seconds(10);
  model.checkpoint = {
      .bytes = Bytes(1e12), .steps_between = 100, .pause = Seconds(20), .write = Seconds(20)};
  model.causes.push_back({.name = "fault", .mean_time_between = Seconds(3600)});
  model.restart = Seconds(300);
  return model;
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_RELIABILITY_RUN_FOR_TESTS_H_
