#include "sim/training/work.h"

namespace fleetsim {

void Add(Work& work, Part part, Activity activity, Seconds time) {
  work.duration += time;
  work.parts[static_cast<int>(part)] += time;
  work.activities[static_cast<int>(activity)] += time;
}

void AddExposed(Work& work, const Communication& communication) {
  Add(work, Part::kTensorExposed, Activity::kNetwork, communication.time);
  work.nic_bytes += communication.nic_bytes;
}

void Append(Work& sum, const Work& piece) {
  sum.duration += piece.duration;
  sum.nic_bytes += piece.nic_bytes;
  for (int i = 0; i < kParts; ++i) sum.parts[i] += piece.parts[i];
  for (int i = 0; i < kActivities; ++i) sum.activities[i] += piece.activities[i];
}

Work Scaled(Work work, double factor) {
  work.duration = work.duration * factor;
  work.nic_bytes = work.nic_bytes * factor;
  for (Seconds& part : work.parts) part = part * factor;
  for (Seconds& activity : work.activities) activity = activity * factor;
  return work;
}

}  // namespace fleetsim
