#include "sim/commands/catalog_show.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/report/format.h"

namespace fleetsim {
namespace {

constexpr int kExactDigits = 7;  // as many as a catalog entry states

struct Suffix {
  absl::string_view ending;
  absl::string_view unit;
  bool prefixed;  // an SI prefix helps
};

// Longer endings first.
constexpr Suffix kSuffixes[] = {{"_usd_per_kw_month", "USD/kW/month", false},
                                {"_usd_per_kwh", "USD/kWh", false},
                                {"_usd_per_h", "USD/h", false},
                                {"_usd_per_accelerator", "USD", false},
                                {"_g_per_kwh", "g CO2e/kWh", false},
                                {"_flops_per_s", "FLOP/s", true},
                                {"flops_per_s", "FLOP/s", true},
                                {"_bytes_per_s", "B/s", true},
                                {"_s_per_m", "s/m", true},
                                {"_ratio_per_year", "a year", false},
                                {"_bytes", "B", true},
                                {"_usd", "USD", false},
                                {"_mm2", "mm2", false},
                                {"_m2", "m2", false},
                                {"_kg", "kg", false},
                                {"_years", "years", false},
                                {"_w", "W", true},
                                {"_s", "s", true}};

const Suffix* SuffixOf(absl::string_view name) {
  for (const Suffix& suffix : kSuffixes) {
    if (absl::EndsWith(name, suffix.ending)) return &suffix;
  }
  return nullptr;
}

// The unit is in the innermost name that has one: "price_usd.low", "peak[BF16].flops_per_s".
const Suffix* UnitOf(const std::string& name) {
  const std::size_t dot = name.find('.');
  const Suffix* inner = dot == std::string::npos ? nullptr : SuffixOf(name.substr(dot + 1));
  return inner != nullptr ? inner : SuffixOf(name.substr(0, name.find_first_of(".[")));
}

std::string ShowNumber(const std::string& name, double value) {
  const Suffix* suffix = UnitOf(name);
  if (suffix == nullptr) {
    const bool year = name == "year" || absl::EndsWith(name, "_year");
    return year ? absl::StrCat(value) : FormatNumber(value, kExactDigits);
  }
  if (suffix->prefixed) return FormatSi(value, suffix->unit, kExactDigits);
  return absl::StrCat(FormatNumber(value, kExactDigits), " ", suffix->unit);
}

std::string Describe(const Evidence& evidence) {
  std::string text = EvidenceKindName(evidence.kind);
  if (evidence.year > 0) absl::StrAppend(&text, ", ", evidence.year);
  if (!evidence.source.empty()) absl::StrAppend(&text, ": ", evidence.source);
  if (!evidence.note.empty()) absl::StrAppend(&text, "; ", evidence.note);
  return text;
}

}  // namespace

std::string ShowValue(const EntryField& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  if (const auto* truth = std::get_if<bool>(&field.value)) return *truth ? "yes" : "no";
  return ShowNumber(field.name, std::get<double>(field.value));
}

std::string EntryText(const std::string& title, const std::vector<EntryField>& fields) {
  std::vector<std::string> notes;
  std::size_t width = 0, value_width = 0;
  constexpr std::size_t kWidestValue = 24;
  for (const EntryField& field : fields) {
    width = std::max(width, field.name.size());
    value_width = std::max(value_width, std::min(kWidestValue, ShowValue(field).size()));
  }
  std::string text = title + "\n";
  for (const EntryField& field : fields) {
    std::string value = ShowValue(field);
    std::string line = field.name + std::string(width - field.name.size() + 2, ' ') + value;
    if (field.evidence) {
      const std::string note = Describe(*field.evidence);
      auto found = std::find(notes.begin(), notes.end(), note);
      if (found == notes.end()) found = notes.insert(notes.end(), note);
      if (value.size() < value_width) line.append(value_width - value.size(), ' ');
      absl::StrAppend(&line, "  ", EvidenceKindName(field.evidence->kind), " [",
                      found - notes.begin() + 1, "]");
    }
    absl::StrAppend(&text, "  ", line, "\n");
  }
  if (!notes.empty()) absl::StrAppend(&text, "evidence\n");
  for (std::size_t i = 0; i < notes.size(); ++i) {
    absl::StrAppend(&text, "  [", i + 1, "] ", notes[i], "\n");
  }
  return text;
}

Table EntryTable(const std::vector<EntryField>& fields) {
  Table table({{"field", "field"},
               {"value", "value"},
               {"shown", "shown"},
               {"evidence", "evidence"},
               {"year", "year"},
               {"source", "source"},
               {"note", "note"}});
  for (const EntryField& field : fields) {
    const Cell value = std::visit([](const auto& held) { return Cell(held); }, field.value);
    std::vector<Cell> row = {field.name, value, ShowValue(field), Cell(), Cell(), Cell(), Cell()};
    if (field.evidence) {
      row[3] = std::string(EvidenceKindName(field.evidence->kind));
      if (field.evidence->year > 0) row[4] = static_cast<double>(field.evidence->year);
      if (!field.evidence->source.empty()) row[5] = field.evidence->source;
      if (!field.evidence->note.empty()) row[6] = field.evidence->note;
    }
    table.AddRow(std::move(row));
  }
  return table;
}

}  // namespace fleetsim
