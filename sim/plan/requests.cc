#include "sim/plan/requests.h"

#include <algorithm>

#include "sim/parallel/dual_pipe.h"
#include "sim/training/resolve.h"

namespace fleetsim {
namespace {

constexpr int kLargestMicroBatch = 8;

// Largest data degree that shares out the batch; zero: more than a tenth of the fleet would idle,
// which is never the fastest.
int DataDegree(int global_batch, int micro_batch, int pipeline, int workers) {
  int data = workers / pipeline;
  while (data > 1 && global_batch % (micro_batch * data) != 0) --data;
  return data * pipeline * 10 < workers * 9 ? 0 : data;
}

// Tensor, pipeline, data and micro-batch, and the chunks of a rank.
std::vector<ParallelismRequest> DenseRequests(const PretrainJob& job, const Fleet& fleet) {
  const Architecture& model = job.model;
  std::vector<ParallelismRequest> requests;
  const int domain = fleet.leaves.front().accelerators;
  for (int tensor = 1; tensor <= std::min(domain, model.heads); tensor *= 2) {
    if (model.heads % tensor != 0) continue;
    const int workers = UsableAccelerators(fleet, tensor) / tensor;
    for (int pipeline = 1; pipeline <= std::min(workers, model.layers); ++pipeline) {
      for (int micro_batch = 1; micro_batch <= kLargestMicroBatch; micro_batch *= 2) {
        const int data = DataDegree(job.global_batch, micro_batch, pipeline, workers);
        if (data == 0) continue;
        for (int chunks = 1; chunks * pipeline <= model.layers; ++chunks) {
          if (chunks > 1 && (pipeline == 1 || model.layers % chunks != 0)) continue;
          requests.push_back({.tensor = tensor,
                              .pipeline = pipeline,
                              .virtual_stages = chunks,
                              .micro_batch = micro_batch,
                              .data = data});
        }
      }
    }
  }
  return requests;
}

// Each of `requests` as `vary` makes it.
template <class Vary>
std::vector<ParallelismRequest> Expand(const std::vector<ParallelismRequest>& requests, Vary vary) {
  std::vector<ParallelismRequest> all;
  for (const ParallelismRequest& request : requests) vary(request, all);
  return all;
}

std::vector<ParallelismRequest> WithExperts(const std::vector<ParallelismRequest>& requests,
                                            const Experts& experts, const SoftwareStack& stack) {
  return Expand(requests, [&](ParallelismRequest request, std::vector<ParallelismRequest>& all) {
    const int ranks = request.tensor * *request.data;
    const int most_cut = stack.expert_tensor_parallel ? request.tensor : 1;
    for (int cut = 1; cut <= most_cut; cut = cut < most_cut ? most_cut : most_cut + 1) {
      if (experts.ffn % cut != 0) continue;
      for (int expert = 1; expert * cut <= std::min(ranks, experts.experts * cut); expert *= 2) {
        if (experts.experts % expert != 0 || ranks % (expert * cut) != 0) continue;
        request.expert = expert;
        request.expert_tensor = cut;
        all.push_back(request);
      }
    }
  });
}

std::vector<ParallelismRequest> WithDualPipe(const std::vector<ParallelismRequest>& requests,
                                             int global_batch) {
  return Expand(requests, [&](ParallelismRequest request, std::vector<ParallelismRequest>& all) {
    all.push_back(request);
    const int micro_batches = global_batch / (request.micro_batch * *request.data);
    if (request.virtual_stages > 1 || !DualPipeServes(request.pipeline, micro_batches)) return;
    request.dual_pipe = true;
    all.push_back(request);
  });
}

// Where pipelines sum gradients whole, ZeRO 2 without sharded weights divides no more than ZeRO 1.
bool IsWorthTrying(const ParallelismRequest& request, int zero_stage, const SoftwareStack& stack) {
  if (zero_stage >= 2 && (*request.data == 1 || request.dual_pipe)) return false;
  return zero_stage != 2 || request.pipeline == 1 || stack.regathers_weights;
}

// Offloading where the catalog knows every server's host memory and its links to it.
bool MayOffload(const Fleet& fleet) {
  return std::all_of(fleet.leaves.begin(), fleet.leaves.end(), [](const Leaf& leaf) {
    return leaf.server != nullptr && leaf.server->host_link_bandwidth.value() > 0.0 &&
           leaf.server->host_memory_bandwidth.value() > 0.0 &&
           leaf.server->host_memory.value() > 0.0;
  });
}

}  // namespace

std::vector<int> StackZeroStages(const SoftwareStack& stack) {
  if (stack.default_zero_stage == 0) return {0, 1};
  if (stack.default_zero_stage == 1) return {1};
  return stack.regathers_weights ? std::vector<int>{2, 3} : std::vector<int>{1, 2, 3};
}

std::vector<ParallelismRequest> StrategyRequests(const PretrainJob& job, const SoftwareStack& stack,
                                                 const Fleet& fleet,
                                                 const std::vector<int>& zero_stages) {
  std::vector<ParallelismRequest> requests = DenseRequests(job, fleet);
  if (job.model.experts) requests = WithExperts(requests, *job.model.experts, stack);
  if (stack.dual_pipe) requests = WithDualPipe(requests, job.global_batch);
  const int offloads = MayOffload(fleet) ? 1 : 0;
  return Expand(requests, [&](ParallelismRequest request, std::vector<ParallelismRequest>& all) {
    for (int zero_stage : zero_stages) {
      if (!IsWorthTrying(request, zero_stage, stack)) continue;
      request.zero_stage = zero_stage;
      for (int offload = 0; offload <= offloads; ++offload) {
        request.optimizer_offload = offload;
        all.push_back(request);
      }
    }
  });
}

}  // namespace fleetsim
