#include "sim/report/report_text.h"

#include <array>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

constexpr int kShownAssumptions = 8;
constexpr int kIndent = 2;

// Kinds of evidence that a reader has to know of, weakest first.
constexpr std::array<const char*, 3> kWeak = {"assumed", "inferred", "estimated"};

// One paragraph: later lines stand under the first one's text.
std::string Paragraph(absl::string_view text, int indent) {
  constexpr std::size_t kWidth = 100;
  std::string lines, line(indent, ' ');
  for (const absl::string_view word : absl::StrSplit(text, ' ')) {
    if (line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&lines, line, "\n");
      line.assign(indent + 1, ' ');
    }
    absl::StrAppend(&line, line.find_first_not_of(' ') == std::string::npos ? "" : " ", word);
  }
  return absl::StrCat(lines, line, "\n");
}

// "15.6 trillion tokens".
std::string TokensText(double tokens) {
  constexpr std::array<std::pair<double, const char*>, 3> kScales = {
      {{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}}};
  for (const auto& [scale, word] : kScales) {
    if (tokens >= scale) return absl::StrCat(FormatNumber(tokens / scale), " ", word, " tokens");
  }
  return absl::StrCat(FormatNumber(tokens), " tokens");
}

// Nothing where no platform could run the job.
std::string RunLength(const proto::JobResult& result) {
  if (!result.has_steps()) return "";
  return result.steps() > 1 ? absl::StrCat(", ", TokensText(result.tokens())) : ", one step";
}

// Several platforms share job, model and batch; these are said once.
std::string JobLine(const proto::JobResult& result) {
  const proto::Setup& setup = result.setup();
  return absl::StrCat(
      result.job(), ": ", setup.model(),
      setup.has_parameters()
          ? absl::StrCat(" (", FormatNumber(setup.parameters() / 1e9), " billion parameters)")
          : "",
      RunLength(result), "\n");
}

std::vector<std::vector<const proto::JobResult*>> ByJob(const proto::Report& report) {
  std::vector<std::vector<const proto::JobResult*>> jobs;
  for (const proto::JobResult& result : report.results()) {
    if (jobs.empty() || jobs.back().front()->job() != result.job()) jobs.emplace_back();
    jobs.back().push_back(&result);
  }
  return jobs;
}

// The first result that has one: its setup is the fullest.
const proto::JobResult& Representative(const std::vector<const proto::JobResult*>& results) {
  for (const proto::JobResult* result : results) {
    if (result->outcome() == proto::JobResult::DONE) return *result;
  }
  return *results.front();
}

// Fine-tuning only.
std::string TuningText(const proto::Setup& setup) {
  if (setup.tuning().empty()) return "";
  return absl::StrCat(setup.tuning(), ": ", FormatNumber(setup.trainable_parameters() / 1e6),
                      " million parameters trained (",
                      FormatPercent(setup.trainable_parameters() / setup.parameters()), ")\n");
}

}  // namespace

std::string StrategyText(const proto::Strategy& strategy) {
  std::string text =
      absl::StrCat(strategy.tensor(), " x ", strategy.pipeline(), " x ", strategy.data());
  if (strategy.context() > 1) absl::StrAppend(&text, " x context ", strategy.context());
  if (strategy.expert() > 1) absl::StrAppend(&text, ", expert ", strategy.expert());
  if (strategy.expert_tensor() > 1) absl::StrAppend(&text, " x ", strategy.expert_tensor());
  return text;
}

std::string SetupText(const proto::JobResult& result) {
  const proto::Setup& setup = result.setup();
  if (!setup.traffic().empty()) {
    return absl::StrCat(setup.precision(), "; engine ", setup.stack(), "; ", setup.layout(), "\n",
                        setup.traffic(), "\n");
  }
  return absl::StrCat(setup.precision(), ", ", FormatFixed(setup.global_batch_sequences(), 0),
                      " sequences of ", FormatFixed(setup.sequence_length(), 0),
                      " tokens a step, recompute ", setup.recompute(), ", stack ", setup.stack(),
                      "\n", TuningText(setup));
}

std::string AssumptionsText(const std::vector<const proto::JobResult*>& results, int most) {
  std::vector<proto::AssumptionMade> all;
  std::set<std::string> seen;
  for (const proto::JobResult* result : results) {
    for (const proto::AssumptionMade& assumption : result->assumptions()) {
      if (seen.insert(assumption.what()).second) all.push_back(assumption);
    }
  }
  if (all.empty()) return "";
  std::string text = "Assumptions that matter\n";
  int shown = 0;
  for (const char* evidence : kWeak) {
    for (const proto::AssumptionMade& assumption : all) {
      if (assumption.evidence() != evidence || shown == most) continue;
      ++shown;
      const std::string source =
          assumption.source().empty() ? "" : absl::StrCat(": ", assumption.source());
      absl::StrAppend(
          &text, Paragraph(absl::StrCat(assumption.what(), " [", evidence, source, "]"), kIndent));
    }
  }
  const int more = static_cast<int>(all.size()) - shown;
  return absl::StrCat(text, more > 0 ? absl::StrCat("  and ", more, " more: --format json\n") : "");
}

std::string ReasonsText(const std::vector<const proto::JobResult*>& results) {
  std::string text;
  for (const proto::JobResult* result : results) {
    if (!result->reason().empty()) {
      absl::StrAppend(&text,
                      Paragraph(absl::StrCat(result->platform(), ": ", result->reason()), 0));
    }
    for (const proto::MissingFigure& missing : result->missing()) {
      absl::StrAppend(&text, Paragraph(absl::StrCat(result->platform(), ": ", missing.what(),
                                                    " unknown: ", missing.why()),
                                       0));
    }
  }
  return text;
}

std::string LimitsText(const proto::JobResult& result, int most) {
  std::vector<std::string> texts;
  for (const proto::Limit& limit : result.limits()) {
    if (static_cast<int>(texts.size()) >= most) break;
    texts.push_back(absl::StrCat(limit.what(), " ", FormatPercent(limit.share_ratio())));
  }
  return absl::StrJoin(texts, ", ");
}

std::string ReportText(const proto::Report& report) {
  std::string text;
  for (const auto& results : ByJob(report)) {
    const proto::JobResult& result = Representative(results);
    absl::StrAppend(&text, text.empty() ? "" : "\n", JobLine(result), SetupText(result));
    if (results.size() > 1) {
      absl::StrAppend(&text, SideBySideText(results));
    } else if (result.outcome() == proto::JobResult::DONE) {
      absl::StrAppend(&text, result.has_serving() ? ServingText(result) : OnePlatformText(result));
    }
    absl::StrAppend(&text, ReasonsText(results), AssumptionsText(results, kShownAssumptions));
  }
  return text;
}

}  // namespace fleetsim
