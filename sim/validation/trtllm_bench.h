// How TensorRT-LLM's documentation measured its tables of highest throughput.
#ifndef SIM_VALIDATION_TRTLLM_BENCH_H_
#define SIM_VALIDATION_TRTLLM_BENCH_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/hardware/accelerator.h"
#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/serving_job.h"

namespace fleetsim {

// Requests of these lengths that the tables were measured with, all queued at the start. Empty: the
// row is of no such table, or of lengths that it does not list.
std::optional<int> TrtllmBenchRequests(const ServingCase& point);

// Memory of the cache, and what trtllm-bench computes from it: the largest batch and the token
// budget. Nothing of rows of no such table.
EngineRequest TrtllmBenchOptions(const ServingCase& point, const ServingJob& job,
                                 const ServingLayout& layout, const Accelerator& accelerator,
                                 std::vector<std::string>& rules);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_TRTLLM_BENCH_H_
