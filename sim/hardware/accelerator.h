// An accelerator as a plain struct: what the catalog says of it, in dimensioned types.
#ifndef SIM_HARDWARE_ACCELERATOR_H_
#define SIM_HARDWARE_ACCELERATOR_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/dtype.h"
#include "sim/base/units.h"

namespace fleetsim {

// A market value with its spread. Only some of the three may be known.
struct PriceRange {
  std::optional<double> low, typical, high;
  bool known() const { return low || typical || high; }
};

// How well a number is founded, best first.
enum class EvidenceKind { kMeasured, kVendor, kReported, kEstimated, kInferred, kAssumed };

struct Evidence {
  std::vector<std::string> fields;
  EvidenceKind kind = EvidenceKind::kAssumed;
  std::string source;
  int year = 0;
  std::string note;
};

constexpr const char* EvidenceKindName(EvidenceKind kind) {
  constexpr std::array<const char*, 6> kNames = {"measured",  "vendor",   "reported",
                                                 "estimated", "inferred", "assumed"};
  return kNames[static_cast<int>(kind)];
}

struct Accelerator {
  std::string name;
  std::vector<std::string> aliases;
  std::string vendor, architecture;
  int launch_year = 0;
  bool announced = false;
  std::string process_node;
  std::optional<double> die_area_mm2;
  int compute_units = 0;  // 0: unknown, no wave quantisation
  int processing_dies = 1;
  std::array<FlopsPerSecond, kDataTypes> peak{};  // dense; zero: format not supported
  Bytes memory;                                   // as sold
  Bytes visible_memory;                           // what software can allocate; zero: unknown
  std::string memory_type;
  BytesPerSecond memory_bandwidth;
  Bytes cache;                        // zero: unknown
  std::string scale_up_fabric;        // empty: host bus only
  BytesPerSecond scale_up_bandwidth;  // one direction, all links
  int scale_up_domain = 1;
  BytesPerSecond host_link_bandwidth;  // zero: unknown
  Watts tdp, idle;                     // zero: unknown
  // Board power above idle by activity, as a fraction of (tdp - idle).
  std::optional<double> matrix_power, memory_power, attention_power, network_power;
  PriceRange price_usd, rental_usd_per_h;
  std::optional<double> stated_tpp;
  std::string export_status;
  std::string kernel_class;
  bool kernel_class_inferred = false;
  std::vector<Evidence> evidence;
  std::string notes;
  std::optional<double> waiting_power;  // as the four above: with a job on it and nothing to do

  // What programs can fill: as sold where nothing else is known.
  Bytes UsableMemory() const { return visible_memory > Bytes(0) ? visible_memory : memory; }
  FlopsPerSecond Peak(DataType dtype) const { return peak[static_cast<int>(dtype)]; }
  // Matrix units that apply scales of 16 or 32 elements (MX, NVFP4): they came together with
  // four-bit formats (Blackwell, CDNA 4, Ascend 950).
  bool ScalesGroups() const { return Peak(DataType::kFp4).value() > 0.0; }
};

// What `speed` in a platform file states of an accelerator that is not power-capped: its BF16 peak,
// or its FP16 peak where it has no BF16. Zero where neither is known.
FlopsPerSecond NominalSpeed(const Accelerator& accelerator);

// Idle over TDP where the entry does not say; the median of the accelerators whose idle power is
// printed by their own tools.
inline constexpr double kAssumedIdleRatio = 0.14;

// A board that is capped below its TDP runs at a lower clock. What it draws above idle goes with
// the cube of the clock, since voltage goes with it: measured 2.9 and 3.4 between B200 and GB200,
// the same products at limits of 1,000 and 1,200 W, and 3.1 between H100 at 700 and 350 W (Patel et
// al. 2024). docs/energy.md
double CappedClock(const Accelerator& accelerator, Watts cap);  // of the clock at TDP
Watts PowerCap(const Accelerator& accelerator, double clock);   // the other way round

// Total processing performance, TOPS x bit length, the largest over formats, summed over dies
// (US export rule 3A090, technical note). Zero where no peak is known.
double TotalProcessingPerformance(const Accelerator& accelerator);

// TPP over logic die area in mm2; empty where the area is unknown.
std::optional<double> PerformanceDensity(const Accelerator& accelerator);

}  // namespace fleetsim

#endif  // SIM_HARDWARE_ACCELERATOR_H_
