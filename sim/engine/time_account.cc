#include "sim/engine/time_account.h"

namespace fleetsim {

namespace {

void BookOn(Part part, Activity activity, Seconds time, WorkerRecord& record) {
  record.parts[static_cast<int>(part)] += time;
  record.activities[static_cast<int>(activity)] += time;
}

// In proportion, because a slow host stretches every part of a work alike.
void BookWork(const Work& work, Seconds time, WorkerRecord& record) {
  const double ratio = time / work.duration;
  for (int i = 0; i < kParts; ++i) record.parts[i] += work.parts[i] * ratio;
  for (int i = 0; i < kActivities; ++i) record.activities[i] += work.activities[i] * ratio;
}

}  // namespace

void TimeAccount::Book(Seconds now, const std::vector<Work>& works, WorkerRecord& record) {
  const Seconds time = now - since_;
  since_ = now;
  if (time.value() <= 0.0) return;
  if (cause_.is_work()) {
    BookWork(works[cause_.work()], time, record);
  } else if (cause_.is_bubble()) {
    BookOn(Part::kBubble, Activity::kIdle, time, record);
  } else {
    BookOn(cause_.part(), Activity::kNetwork, time, record);
  }
}

}  // namespace fleetsim
