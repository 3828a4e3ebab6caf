// How long the run takes, and what happens to it on the way.

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "sim/report/format.h"
#include "sim/report/report_text.h"

namespace fleetsim {
namespace {

constexpr int kShownCauses = 4;
constexpr int kShownSlowHosts = 3;

struct Rung {
  const char* name;
  double seconds;
  bool loss;  // taken off the rung above it
};

std::string LadderText(const proto::Ladder& ladder) {
  const std::vector<Rung> rungs = {{"calendar", ladder.calendar_s(), false},
                                   {"planned stops", ladder.planned_stops_s(), true},
                                   {"scheduled", ladder.scheduled_s(), false},
                                   {"detection and diagnosis", ladder.detection_s(), true},
                                   {"waiting for hosts", ladder.waiting_s(), true},
                                   {"restart", ladder.restart_s(), true},
                                   {"up", ladder.up_s(), false},
                                   {"checkpoints", ladder.checkpoints_s(), true},
                                   {"lost work", ladder.lost_work_s(), true},
                                   {"fewer replicas", ladder.fewer_replicas_s(), true},
                                   {"stragglers", ladder.stragglers_s(), true},
                                   {"productive", ladder.productive_s(), false}};
  std::string text;
  for (const Rung& rung : rungs) {
    if (rung.loss && rung.seconds <= 0.0) continue;
    absl::StrAppend(&text,
                    absl::StrFormat("  %-28s %16s %8s\n",
                                    absl::StrCat(rung.loss ? "- " : "", std::string(rung.name)),
                                    FormatDuration(Seconds(rung.seconds)),
                                    FormatPercent(rung.seconds / ladder.calendar_s())));
  }
  absl::StrAppend(
      &text, absl::StrFormat("  %-28s %16s %8s\n", "model flops utilization", "of the calendar",
                             FormatPercent(ladder.model_flops_utilization())));
  return text;
}

template <class Format>
void AddSpread(const char* name, bool known, const proto::Spread& spread, Format format,
               std::string& text) {
  if (!known) return;
  absl::StrAppend(&text, absl::StrFormat("  %-28s %16s %16s %16s\n", name, format(spread.p5()),
                                         format(spread.p50()), format(spread.p95())));
}

std::string SpreadsText(const proto::JobResult& result) {
  const proto::RunStatistics& run = result.run();
  std::string text = absl::StrFormat("%-30s %16s %16s %16s\n",
                                     absl::StrCat("Of ", FormatFixed(run.seeds(), 0), " seeds"),
                                     "P5", "P50", "P95");
  AddSpread(
      "duration", true, run.duration_s(),
      [](double value) { return FormatDuration(Seconds(value)); }, text);
  AddSpread("effective training time", true, run.goodput_ratio(), FormatPercent, text);
  AddSpread(
      "unexpected stops", true, run.stops(), [](double value) { return FormatFixed(value, 0); },
      text);
  AddSpread(
      "energy", run.has_energy_j(), run.energy_j(),
      [](double value) { return FormatEnergy(Joules(value)); }, text);
  AddSpread(
      "cost", run.has_cost_usd(), run.cost_usd(),
      [](double value) { return FormatUsd(Usd(value)); }, text);
  return text;
}

std::string CausesText(const proto::RunStatistics& run) {
  if (!run.has_mean_time_between_stops_s()) return "";
  std::vector<std::string> causes;
  double all = 0.0, shown = 0.0;
  for (const proto::StopCause& cause : run.causes()) all += cause.stops();
  if (all <= 0.0) return "";
  for (const proto::StopCause& cause : run.causes()) {
    if (static_cast<int>(causes.size()) == kShownCauses) break;
    shown += cause.stops();
    causes.push_back(absl::StrCat(cause.name(), " ", FormatPercent(cause.stops() / all)));
  }
  if (run.causes_size() > kShownCauses) {
    causes.push_back(absl::StrCat(run.causes_size() - kShownCauses, " others ",
                                  FormatPercent(1.0 - shown / all)));
  }
  return absl::StrFormat("%-12s one every %s: %s\n", "Stops",
                         FormatDuration(Seconds(run.mean_time_between_stops_s())),
                         absl::StrJoin(causes, ", "));
}

std::string CheckpointText(const proto::RunStatistics& run) {
  if (!run.has_checkpoint_bytes()) return "";
  return absl::StrFormat(
      "%-12s %s after each %s of work: training stands for %s, written after %s\n", "Checkpoints",
      FormatBytes(Bytes(run.checkpoint_bytes())),
      FormatDuration(Seconds(run.checkpoint_interval_s())),
      FormatDuration(Seconds(run.checkpoint_pause_s())),
      FormatDuration(Seconds(run.checkpoint_write_s())));
}

std::string SparesText(const proto::RunStatistics& run) {
  if (!run.has_spare_hosts()) return "";
  std::string text = absl::StrFormat("%-12s %s hosts", "Spares", FormatFixed(run.spare_hosts(), 0));
  if (run.spare_hosts() > 0 && run.has_spares_energy_j()) {
    absl::StrAppend(&text, "; ", FormatEnergy(Joules(run.spares_energy_j())));
  }
  if (run.spare_hosts() > 0 && run.has_spares_cost_usd()) {
    absl::StrAppend(&text, "; ", FormatUsd(Usd(run.spares_cost_usd())), "; not counted below");
  }
  return text + "\n";
}

}  // namespace

std::string SlowHostsText(const proto::JobResult& result) {
  if (result.slow_hosts_size() == 0) return "";
  const double nominal = result.nominal_step_time_s(), step = result.step_time_s();
  std::string text = absl::StrFormat(
      "%-12s +%s a step (%s); %s without\n", "Slow hosts", FormatDuration(Seconds(step - nominal)),
      FormatPercent(step / nominal - 1.0), FormatDuration(Seconds(nominal)));
  for (int i = 0; i < std::min(result.slow_hosts_size(), kShownSlowHosts); ++i) {
    const proto::SlowHost& slow = result.slow_hosts(i);
    absl::StrAppend(
        &text,
        absl::StrFormat("  waiting for %s, at %s of nominal speed: +%s a step (%s)\n", slow.host(),
                        FormatNumber(slow.speed_ratio()), FormatDuration(Seconds(slow.cost_s())),
                        FormatPercent(slow.cost_s() / nominal)));
  }
  const int more = result.slow_hosts_size() - kShownSlowHosts;
  return text + (more > 0 ? absl::StrCat("  and ", more, " more: --format json\n") : "");
}

std::string RunText(const proto::JobResult& result) {
  if (result.steps() <= 1) return "Totals of one step\n";
  const std::string steps = FormatFixed(result.steps(), 0) + " steps, ";
  const std::string duration = FormatDuration(Seconds(result.duration_s()));
  if (!result.has_run()) {
    return absl::StrFormat("%-12s %s; %sno interruptions\n", "Run", duration, steps);
  }
  const proto::RunStatistics& run = result.run();
  return absl::StrFormat("%-12s %s; %s%s unexpected stops; mean of %s runs\n", "Run", duration,
                         steps, FormatFixed(run.stops().mean(), 0), FormatFixed(run.seeds(), 0)) +
         LadderText(run.ladder()) + SpreadsText(result) + CausesText(run) + CheckpointText(run) +
         SparesText(run);
}

}  // namespace fleetsim
