// A software stack generation as a plain struct; meaning and units as in proto/stack.proto.
#ifndef SIM_HARDWARE_STACK_H_
#define SIM_HARDWARE_STACK_H_

#include <optional>
#include <string>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/expert_kernel.h"
#include "sim/hardware/kernel_class.h"

namespace fleetsim {

// Reads plus writes of elementwise kernels, bytes per element and layer.
struct ElementwiseTraffic {
  double hidden = 0;     // tokens x hidden
  double attention = 0;  // tokens x query width
  double ffn = 0;        // tokens x inner width
  double score = 0;      // heads x query x key tokens, unfused attention only
};

// Rows of validation tables that ran on a stack, see proto/stack.proto.
struct MeasuredOrigin {
  std::string family, contains;
};

// How the sources of a family count utilisation, see proto/stack.proto.
struct UtilisationCount {
  std::string family;
  FlopsPerSecond peak;  // zero: the accelerator's dense peak
  bool of_nominal_size = false;
};

// Shares of a layer's forward pass that selective recomputation computes again.
struct SelectiveShares {
  double matrix = 0, attention = 1, elementwise = 0;
};

// How the stack trains in formats of less than 16 bits, beside what the job's recipe says.
struct NarrowTraining {
  Scaling fp8_scaling = Scaling::kTensorDelayed;     // where the recipe names none
  bool fp8_parameters = false;                       // kept and gathered in 8 bits
  bool fuses_norm_cast = false;                      // norms write the narrow format themselves
  bool casts_weights_every_pass = false;             // the narrow copy is not kept
  bool keeps_wide_activations = false;               // casts again for the backward pass
  double launches_per_product = 0;                   // kernels more on the host, each pass
  std::optional<DataType> gradient_reduction_dtype;  // absent: as with 16 bits
};

struct SoftwareStack {
  std::string name;
  std::vector<std::string> aliases;
  int year = 0;
  AttentionKernel attention = AttentionKernel::kFlash2;

  ElementwiseTraffic forward_traffic, backward_traffic;
  double logit_traffic = 0;
  double gradient_accumulation_traffic = 0;  // per parameter and micro-batch
  double elementwise_kernels = 1;

  double launches_forward = 0, launches_backward = 0;
  Seconds host_per_launch, host_per_micro_batch, host_per_step;

  bool sequence_parallel = false;
  bool overlaps_gradient_reduction = false, overlaps_parameter_gather = false;
  bool broadcasts_parameters = false;
  bool overlaps_pipeline_transfers = false, scatter_gather_pipeline = false;
  double tensor_overlap_forward = 0, tensor_overlap_backward = 0;
  double overlap_slowdown = 0;
  int default_zero_stage = 0;
  int default_shard_ranks = 0;  // 0: all replicas
  bool regathers_weights = false;
  double sharded_network_share = 1;
  double host_optimizer_share = 0.25;
  bool recompute_stops_early = false, selective_by_layer = false;
  SelectiveShares selective;

  // Bytes per parameter.
  double weight_bytes = 2, gradient_bytes = 4, optimizer_bytes = 12;
  DataType gradient_reduction_dtype = DataType::kFp32;
  double optimizer_traffic = 0, gradient_traffic = 0;
  double optimizer_efficiency = 1;

  bool recomputes_activation_function = false;
  bool host_waits_for_device = false;
  double activation_replicated = 10;  // per token x hidden and layer
  double score_activation = 0, logit_activation = 0;
  Bytes reserved_memory;
  double memory_slack = 0;

  NarrowTraining narrow;
  // Mixture of experts: bytes of an element on its way to an expert; traffic of sorting copies by
  // expert and back, per dispatched element.
  double dispatch_element_bytes = 2;
  double permute_traffic_forward = 0, permute_traffic_backward = 0;
  double expert_launches_forward = 0, expert_launches_backward = 0;  // beyond a dense layer's
  std::vector<ExpertLibrary> expert_libraries;  // by preference; none: the collective library
  double checkpoint_launches = 0;               // that one recomputed part of a layer adds
  double expert_overlap = 0;            // share of the exchange that runs beside computation
  bool dual_pipe = false;               // runs its pipelines under DualPipe
  bool expert_tensor_parallel = false;  // cuts experts over the tensor ranks unless told otherwise

  // With products in `precision`: what travels in the data-parallel reduction, bytes of the
  // gradient held a parameter, and of adding one micro-batch's to it.
  DataType ReductionType(DataType precision) const {
    return IsNarrow(precision) ? narrow.gradient_reduction_dtype.value_or(gradient_reduction_dtype)
                               : gradient_reduction_dtype;
  }
  // Gradients are summed in what they are reduced in where narrow training says so.
  double GradientBytes(DataType precision) const {
    const DataType type = ReductionType(precision);
    return type == gradient_reduction_dtype ? gradient_bytes : ElementBytes(type);
  }
  double AccumulationTraffic(DataType precision) const {
    // The product writes two bytes in any case; adding reads and writes the sum instead.
    const DataType type = ReductionType(precision);
    return type == gradient_reduction_dtype ? gradient_accumulation_traffic
                                            : 2 * ElementBytes(type) - 2;
  }

  std::vector<MeasuredOrigin> measured_origins;
  std::vector<UtilisationCount> utilisation_counts;
  bool recomputes_with_sharded_weights = false;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_STACK_H_
