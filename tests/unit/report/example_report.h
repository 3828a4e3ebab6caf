// A step and its economics in round numbers.
#ifndef TESTS_UNIT_REPORT_EXAMPLE_REPORT_H_
#define TESTS_UNIT_REPORT_EXAMPLE_REPORT_H_

#include <string>

#include "sim/report/report.h"

namespace fleetsim {

inline void SetPart(StepResult& step, Part part, double seconds) {
  step.parts[static_cast<int>(part)] = Seconds(seconds);
}
inline void SetActivity(StepResult& step, Activity activity, double seconds) {
  step.activities[static_cast<int>(activity)] = Seconds(seconds);
}

// Ten seconds a step.
inline StepResult ExampleStep() {
  StepResult step;
  step.duration = Seconds(10);
  SetPart(step, Part::kForward, 2);
  SetPart(step, Part::kBackward, 4);
  SetPart(step, Part::kRecompute, 0.5);
  SetPart(step, Part::kTensorExposed, 1.5);
  SetPart(step, Part::kPipelineExposed, 0.25);
  SetPart(step, Part::kDataExposed, 0.5);
  SetPart(step, Part::kBubble, 0.75);
  SetPart(step, Part::kOptimizer, 0.3);
  SetPart(step, Part::kHost, 0.2);
  SetActivity(step, Activity::kMatrix, 5);
  SetActivity(step, Activity::kAttention, 0.8);
  SetActivity(step, Activity::kMemory, 1);
  SetActivity(step, Activity::kNetwork, 2.25);
  SetActivity(step, Activity::kIdle, 0.95);
  step.tokens = 4e6;
  step.peak = FlopsPerSecond(1e15);
  step.accelerators = 64;
  step.model_flops = Flops(0.40 * 64e16);
  step.hardware_flops = Flops(0.45 * 64e16);
  step.model_flops_full_attention = Flops(0.42 * 64e16);
  step.strategy.tensor = 8;
  step.strategy.pipeline = 4;
  step.strategy.data = 2;
  step.strategy.micro_batches = 16;
  step.memory.weights = Bytes(20e9);
  step.memory.gradients = Bytes(10e9);
  step.memory.optimizer = Bytes(15e9);
  step.memory.activations = Bytes(12e9);
  step.memory.working = Bytes(3e9);
  step.memory.reserved = Bytes(4e9);
  step.memory.slack = Bytes(1e9);
  step.memory_capacity = Bytes(80e9);
  step.assumptions.push_back({"kernel class of a relative", "inferred", "nearest relative"});
  step.assumptions.push_back({"peak of acme-1", "vendor", "data sheet"});
  step.detail = "folded";
  step.simulated_activities = 1234;
  return step;
}

// A thousand steps.
inline EconomicsResult ExampleEconomics() {
  EconomicsResult economics;
  economics.steps = 1000;
  economics.duration = Seconds(10000);
  economics.tokens = 4e9;
  economics.accelerators = 64;
  economics.hosts = 8;
  EnergyParts energy;
  energy.accelerators = {Joules(3e8), Joules(3e7), Joules(4e7), Joules(5e7), Joules(1e7)};
  energy.servers = Joules(1e8);
  energy.network = Joules(2e7);
  energy.facility = Joules(5e7);
  economics.energy = energy;
  economics.mean_power = energy.Total() / economics.duration;
  economics.provisioned_power = Watts(90000);
  economics.carbon_g = 83000.0;
  economics.capex = Usd(2.4e6);
  economics.owned = {Usd(150), Usd(40), Usd(15), Usd(1), Usd(50), Usd(12), Usd(16)};
  economics.rented = Usd(400);
  economics.racks = 4;
  economics.floor_space_m2 = 10;
  economics.assumptions.push_back({"hardware at work for all of its life", "assumed", ""});
  return economics;
}

inline Accelerator ExampleAccelerator() {
  Accelerator accelerator;
  accelerator.name = "acme-1";
  return accelerator;
}

inline Fleet ExampleFleet(const Accelerator* accelerator) {
  Fleet fleet;
  Leaf leaf;
  leaf.accelerator = accelerator;
  fleet.sites.push_back({"site", nullptr, 1.1, ""});
  fleet.leaves.push_back(leaf);
  for (int i = 0; i < 8; ++i) fleet.hosts.push_back({"host", 0});
  return fleet;
}

inline JobDescription ExampleDescription(const std::string& platform) {
  JobDescription description;
  description.job = "pretrain";
  description.platform = platform;
  description.platform_file = platform + ".xml";
  description.model = "acme-lm";
  description.parameters = 7e10;
  description.stack = "acme-stack";
  description.precision = "BF16";
  description.recompute = "selective";
  description.sequence_length = 4096;
  description.global_batch_sequences = 1024;
  return description;
}

inline proto::JobResult ExampleJobResult(const std::string& platform) {
  const Accelerator accelerator = ExampleAccelerator();
  return BuildJobResult(ExampleDescription(platform), ExampleFleet(&accelerator), ExampleStep(),
                        ExampleEconomics(), {{"peak", 0.0055}, {"scale-up", 0.0012}});
}

}  // namespace fleetsim

#endif  // TESTS_UNIT_REPORT_EXAMPLE_REPORT_H_
