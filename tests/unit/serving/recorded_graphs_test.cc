#include <gtest/gtest.h>

#include "sim/serving/step_model.h"
#include "tests/unit/serving/instance_for_tests.h"

namespace fleetsim {
namespace {

// Duration of a step of decodes of an engine whose launches take a millisecond each.
double StepOf(const std::string& model, const ServingLayout& layout, int sequences) {
  ServingEngine engine(**FindEngine(ShippedCatalog(), "trtllm-0.12"));
  engine.host = {};
  engine.host.per_step = engine.host.per_sequence = engine.host.per_request = Seconds(0);
  engine.host.launches_per_layer = 20;
  engine.host.expert_launches_per_layer = 10;
  engine.host.recorded_launches_per_layer = 8;
  engine.host.per_launch = Seconds(1e-3);
  engine.host.graph_sequences = 8;
  InstanceSpec spec = SpecFor(model, "trtllm-0.12", layout);
  spec.engine = &engine;
  StepLoad load;
  load.decodes = sequences;
  load.decode_context = 100 * sequences;
  return InstanceModel(spec, HardwareFor("H200-SXM-141GB")).Cost({load}).duration.value();
}

// Graphs of pieces: the host launches attention between them. Layers of experts have launches more
// where nothing is recorded.
TEST(RecordedGraphs, InPiecesLeaveAttentionToTheHost) {
  EXPECT_NEAR(StepOf("qwen3-30b-a3b", {}, 8), 48 * 8e-3, 1e-9);  // 48 layers of experts
  EXPECT_NEAR(StepOf("qwen3-30b-a3b", {}, 9), 48 * 30e-3, 1e-9);
}

// Six more of latent attention.
TEST(RecordedGraphs, LatentAttentionIsLongerBetweenPieces) {
  EXPECT_NEAR(StepOf("deepseek-v2", {.tensor = 8}, 8), 60 * (8 + 6) * 1e-3, 1e-9);
}

}  // namespace
}  // namespace fleetsim
