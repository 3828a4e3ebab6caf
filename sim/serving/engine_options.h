// How one instance's engine batches, orders and stores. What a step costs is the StepModel's.
#ifndef SIM_SERVING_ENGINE_OPTIONS_H_
#define SIM_SERVING_ENGINE_OPTIONS_H_

#include <cstdint>

#include "sim/base/units.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

// What a step is filled with first; one row each in batching.cc.
enum class BatchPolicy {
  kDecodeFirst,   // decodes, then prompts in what is left of the budget (vLLM V1, Sarathi-Serve)
  kPrefillFirst,  // a step of prompts alone where one can be admitted (vLLM V0, SGLang)
  kStatic,        // a batch runs until its last sequence has ended, then the next one enters
};

struct EngineOptions {
  BatchPolicy batching = BatchPolicy::kDecodeFirst;
  QueueOrder order = QueueOrder::kFirstCome;
  Preemption preemption = Preemption::kRecompute;

  // All of these are of one attention rank.
  int max_sequences = 256;
  int token_budget = 8192;  // of a step: one for each decoding sequence, the rest for prompts
  int block_tokens = 16;
  std::int64_t blocks = 0;  // of the KV cache
  double watermark = 0.01;  // share of blocks that admission leaves free
  int swap_blocks = 0;      // host memory for kSwap; when full, sequences are recomputed
  // Link to host memory and bytes of one token's KV: what a swap takes.
  BytesPerSecond host_bandwidth;
  Bytes kv_token;

  bool chunked_prefill = true;  // a prompt may be split over steps
  // Blocks of the whole output are set aside at admission: no preemption ever (TensorRT-LLM's
  // GUARANTEED_NO_EVICT).
  bool reserve_output = false;
  bool prefix_cache = false;
  // Steps of decodes alone between two looks at new requests (SGLang's --scheduler-recv-interval).
  int poll_steps = 1;

  // Attention data-parallel ranks, in lockstep, each with its own queue and pool.
  int attention_ranks = 1;
  // Micro-batches in flight: the pipeline-parallel degree. A step spends an equal part of its
  // duration in each stage.
  int pipeline_stages = 1;
};

}  // namespace fleetsim

#endif  // SIM_SERVING_ENGINE_OPTIONS_H_
