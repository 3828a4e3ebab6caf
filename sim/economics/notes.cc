#include "sim/economics/notes.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fleetsim {

void Notes::Assume(absl::string_view what, absl::string_view evidence, absl::string_view source) {
  const std::string text(what);
  const bool known = std::any_of(assumptions_.begin(), assumptions_.end(),
                                 [&](const Assumption& other) { return other.what == text; });
  if (!known) assumptions_.push_back({text, std::string(evidence), std::string(source)});
}

void Notes::Cite(absl::string_view what, const std::vector<Evidence>& evidence,
                 absl::string_view field) {
  for (const Evidence& record : evidence) {
    if (std::find(record.fields.begin(), record.fields.end(), field) == record.fields.end()) {
      continue;
    }
    std::string source = record.source.empty() ? record.note : record.source;
    if (record.year > 0 && !absl::StrContains(source, absl::StrCat(record.year))) {
      absl::StrAppend(&source, " (", record.year, ")");
    }
    return Assume(what, EvidenceKindName(record.kind), source);
  }
  Assume(what, EvidenceKindName(EvidenceKind::kAssumed), "the catalog entry names no source");
}

void Notes::State(absl::string_view what, absl::string_view where) {
  Assume(what, "stated", where);
}

void Notes::Miss(absl::string_view what, absl::string_view why) {
  const std::string cause(why);
  for (const MissingFigure& other : missing_) {
    if (other.what == what && other.why == cause) return;
  }
  missing_.push_back({std::string(what), cause});
}

}  // namespace fleetsim
