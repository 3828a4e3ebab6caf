// The report: what a simulation answers, as a function of its inputs and its results.
#ifndef SIM_REPORT_REPORT_H_
#define SIM_REPORT_REPORT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "proto/report.pb.h"
#include "sim/base/status.h"
#include "sim/economics/economics.h"
#include "sim/hardware/fleet.h"
#include "sim/report/table.h"
#include "sim/training/result.h"

namespace fleetsim {

// What was asked for, in the words of the inputs.
struct JobDescription {
  std::string job;       // id in the workload
  std::string platform;  // name
  std::string platform_file;
  std::string model;
  double parameters = 0;
  std::string stack, precision, recompute;
  int sequence_length = 0;
  int global_batch_sequences = 0;
  double trainable_parameters = 0;  // fine-tuning; zero: pre-training
  std::string tuning;               // fine-tuning, in words
};

// What 1 % more of a resource gains: 0.01 is all of it.
struct Sensitivity {
  std::string resource;  // "peak", "memory bandwidth", "scale-up", "scale-out"
  double gain = 0;
};

proto::JobResult BuildJobResult(const JobDescription& description, const Fleet& fleet,
                                const StepResult& step, const EconomicsResult& economics,
                                const std::vector<Sensitivity>& sensitivities);

// A job that could not be simulated on this platform, and why.
proto::JobResult BuildFailure(const JobDescription& description, const absl::Status& status);

struct InputFile {
  std::string kind, path, digest;
};

// Puts the results in the proto's order: jobs in the order of their first result.
proto::Report BuildReport(const std::string& workload, const std::vector<InputFile>& inputs,
                          const std::vector<proto::JobResult>& results);

// 0: all done; 1: something is infeasible or failed; 2: an input is wrong.
int ExitCode(const proto::Report& report);

// One screen for one platform, a table side by side for several; JSON is the proto; CSV is one row
// a job and platform with a column for every single field, named by its path.
absl::StatusOr<std::string> RenderReport(const proto::Report& report, TableFormat format);

}  // namespace fleetsim

#endif  // SIM_REPORT_REPORT_H_
