#include "sim/inputs/method_reader.h"

#include "proto/workload.pb.h"

namespace fleetsim {
namespace {

constexpr int kMaxPrefetchedLayers = 1000;

Schedule ReadSchedule(proto::Parallelism::Schedule schedule) {
  switch (schedule) {
    case proto::Parallelism::GPIPE:
      return Schedule::kGpipe;
    case proto::Parallelism::ZERO_BUBBLE_H1:
      return Schedule::kZeroBubbleH1;
    case proto::Parallelism::ZERO_BUBBLE_V:
      return Schedule::kZeroBubbleV;
    default:
      return Schedule::kOneForwardOneBackward;
  }
}

ContextMethod ReadContextMethod(proto::Parallelism::ContextMethod method) {
  switch (method) {
    case proto::Parallelism::ULYSSES:
      return ContextMethod::kUlysses;
    case proto::Parallelism::ALL_GATHER:
      return ContextMethod::kAllGather;
    default:
      return ContextMethod::kRing;
  }
}

// Both ends of the model are on the first of several ranks.
absl::Status CheckV(const FieldCheck& check, const ParallelismRequest& request) {
  if (request.virtual_stages != 2) {
    return check.Wrong(
        "schedule",
        absl::StrCat("has two chunks a rank, virtual_stages is ", request.virtual_stages),
        "give virtual_stages 2 or leave it out");
  }
  if (!request.dual_pipe) return absl::OkStatus();
  return check.Wrong("schedule", "is ZERO_BUBBLE_V with dual_pipe", "give one of the two");
}

absl::Status CheckSchedule(const FieldCheck& check, const ParallelismRequest& request) {
  if (request.schedule == Schedule::kZeroBubbleV) return CheckV(check, request);
  if (request.schedule == Schedule::kOneForwardOneBackward || request.virtual_stages == 1) {
    return absl::OkStatus();
  }
  return check.Wrong(
      "schedule", absl::StrCat("has one chunk a rank, virtual_stages is ", request.virtual_stages),
      "give virtual_stages 1 or schedule ONE_F_ONE_B");
}

// Every rank of the group gets whole heads of the whole sequence.
absl::Status CheckContext(const FieldCheck& check, const PretrainJob& job,
                          const ParallelismRequest& request) {
  if (request.context_method != ContextMethod::kUlysses) return absl::OkStatus();
  const int ranks = request.tensor * request.context;
  if (job.model.heads % ranks == 0) return absl::OkStatus();
  return check.Wrong(
      "context_method", absl::StrCat("is ULYSSES over tensor x context = ", ranks, " ranks"),
      absl::StrCat("give a divisor of the model's heads, which is ", job.model.heads));
}

}  // namespace

void ReadMethods(const proto::Parallelism& entry, ParallelismRequest& request) {
  request.schedule = ReadSchedule(entry.schedule());
  if (request.schedule == Schedule::kZeroBubbleV && !entry.has_virtual_stages()) {
    request.virtual_stages = 2;
  }
  if (entry.has_reduces_once_a_step()) request.reduces_once_a_step = entry.reduces_once_a_step();
  if (entry.has_prefetched_layers()) request.prefetched_layers = entry.prefetched_layers();
  request.context_method = ReadContextMethod(entry.context_method());
  request.optimizer_offload = entry.optimizer_offload_ratio();
  request.activation_offload = entry.activation_offload_ratio();
}

absl::Status CheckMethods(const FieldCheck& check, const PretrainJob& job,
                          const ParallelismRequest& request) {
  RETURN_IF_ERROR(CheckSchedule(check, request));
  RETURN_IF_ERROR(CheckContext(check, job, request));
  RETURN_IF_ERROR(
      check.InRange("prefetched_layers", request.prefetched_layers, 0, kMaxPrefetchedLayers));
  RETURN_IF_ERROR(check.InRange("optimizer_offload_ratio", request.optimizer_offload, 0, 1));
  return check.InRange("activation_offload_ratio", request.activation_offload, 0, 1);
}

}  // namespace fleetsim
