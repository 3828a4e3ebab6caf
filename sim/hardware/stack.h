// A software stack generation as a plain struct; meaning and units as in proto/stack.proto.
#ifndef SIM_HARDWARE_STACK_H_
#define SIM_HARDWARE_STACK_H_

#include <string>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"
#include "sim/hardware/accelerator.h"
#include "sim/hardware/kernel_class.h"

namespace fleetsim {

struct SoftwareStack {
  std::string name;
  std::vector<std::string> aliases;
  int year = 0;
  AttentionKernel attention = AttentionKernel::kFlash2;
  double hidden_passes = 0, ffn_passes = 0, backward_pass_ratio = 2;
  double launches_per_layer_forward = 0, launches_per_layer_backward = 0;
  Seconds host_per_launch, host_per_step;
  bool sequence_parallel = false;
  bool overlaps_gradient_reduction = false, overlaps_parameter_gather = false;
  bool overlaps_pipeline_transfers = false, scatter_gather_pipeline = false;
  double tensor_overlap = 0;
  int default_zero_stage = 0;
  double weight_bytes = 2, gradient_bytes = 4, optimizer_bytes = 12;
  DataType gradient_reduction_dtype = DataType::kFp32;
  double optimizer_traffic_bytes = 0;
  double activation_bytes_per_hidden = 34;
  Bytes reserved_memory;
  double memory_slack = 0;
  std::vector<Evidence> evidence;
  std::string notes;
};

}  // namespace fleetsim

#endif  // SIM_HARDWARE_STACK_H_
