// What was imported: one screen, or one row as JSON or CSV.
#ifndef SIM_REPORT_TRACE_REPORT_H_
#define SIM_REPORT_TRACE_REPORT_H_

#include <string>

#include "sim/report/table.h"
#include "sim/trace/import.h"

namespace fleetsim {

std::string RenderImport(const ImportResult& result, const std::string& title, TableFormat format);

}  // namespace fleetsim

#endif  // SIM_REPORT_TRACE_REPORT_H_
