// The accuracy of the simulator against measured cases, as tables.
#ifndef SIM_REPORT_ACCURACY_REPORT_H_
#define SIM_REPORT_ACCURACY_REPORT_H_

#include <string>
#include <vector>

#include "sim/report/table.h"
#include "sim/validation/accuracy.h"
#include "sim/validation/ratio.h"

namespace fleetsim {

// Text: every case, what was not simulated and why, and a summary by family. CSV: one row a
// comparison or case that was not simulated. JSON: {"cases", "not_simulated", "families"}. All
// three with the ratios after it, where there are any.
std::string RenderAccuracy(const std::vector<CaseResult>& results, TableFormat format,
                           const std::vector<RatioResult>& ratios = {});

// The summary by family and kind of metric alone, as the README shows it.
Table FamilyTable(const std::vector<CaseResult>& results);

// All comparisons together but those that are judged apart (metric.h).
ErrorSummary Overall(const std::vector<CaseResult>& results);

// Input of a gnuplot parity plot (measured against simulated, both axes logarithmic) that writes an
// SVG to `path`.
std::string ParityPlot(const std::vector<CaseResult>& results, const std::string& path);

}  // namespace fleetsim

#endif  // SIM_REPORT_ACCURACY_REPORT_H_
