// Constants of the trace file's form.
#ifndef SIM_TRACE_LAYOUT_H_
#define SIM_TRACE_LAYOUT_H_

#include "absl/strings/string_view.h"

namespace fleetsim {

inline constexpr absl::string_view kTraceMagic = "FLTRACE1";
inline constexpr int kTraceVersion = 1;
// A chunk is full with either: some hundred kilobytes without blocks, ten megabytes with them.
inline constexpr int kChunkRequests = 8192;
inline constexpr int kChunkBlocks = 1 << 20;

}  // namespace fleetsim

#endif  // SIM_TRACE_LAYOUT_H_
