// A small fleet with round numbers, so that tests can work out times by hand.
#ifndef TESTS_UNIT_TRAINING_TEST_HARDWARE_H_
#define TESTS_UNIT_TRAINING_TEST_HARDWARE_H_

#include <fstream>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "sim/hardware/catalog.h"
#include "sim/hardware/fleet.h"
#include "sim/parallel/schedule.h"
#include "sim/training/spec.h"

namespace fleetsim {

// Everything a step needs; `scale` multiplies peaks and bandwidths and divides latencies.
struct TestBed {
  Catalog catalog;
  Fleet fleet;
  Architecture model;
  SoftwareStack stack;

  explicit TestBed(int hosts, double scale = 1.0, const std::string& host_prefix = "h");
  TrainingSpec Spec(const Strategy& strategy) const;
};

}  // namespace fleetsim

#endif  // TESTS_UNIT_TRAINING_TEST_HARDWARE_H_
