#include "sim/inputs/serving_cases_reader.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/inputs/csv.h"

namespace fleetsim {
namespace {

constexpr int kMostAccelerators = 10000000;
constexpr int kMostTokens = 100000000;

// Degrees of prefill and decode instances.
bool IsSplit(const std::string& cell) { return absl::StrContains(cell, "P/"); }

class Cells {
 public:
  Cells(const CsvTable& table, const CsvTable::Row& row) : table_(table), row_(row) {}

  const std::string& Text(const char* column) const { return row_.cells[table_.Column(column)]; }

  // Empty where the cell is; "trace" and degrees of split deployments ("8P/4D") count as not
  // stated, and so does a 0 in tables that write it for a degree nobody knows.
  absl::StatusOr<std::optional<int>> Count(const char* column, int most,
                                           bool unknown_as_0 = false) const {
    const std::string& cell = Text(column);
    if (cell.empty() || cell == "trace" || cell == "yes" || IsSplit(cell) ||
        (unknown_as_0 && cell == "0"))
      return std::optional<int>();
    double value = 0;
    if (!absl::SimpleAtod(cell, &value) || value != std::floor(value) || value < 1 ||
        value > most) {
      return Wrong(column, absl::StrCat("a whole number from 1 to ", most,
                                        ", or nothing where it is not stated"));
    }
    return std::optional<int>(static_cast<int>(value));
  }

  // The same of a column that a table need not have.
  absl::StatusOr<std::optional<int>> OptionalCount(const std::string& column) const {
    if (table_.Column(column) < 0) return std::optional<int>();
    return Count(column.c_str(), kMostAccelerators, /*unknown_as_0=*/true);
  }

  absl::StatusOr<std::optional<double>> Bits(const char* column) const {
    const std::string& cell = Text(column);
    if (cell.empty()) return std::optional<double>();
    double value = 0;
    if (!absl::SimpleAtod(cell, &value) || !(value >= 1 && value <= 32)) {
      return Wrong(column, "bits from 1 to 32, or nothing where it is not stated");
    }
    return std::optional<double>(value);
  }

  absl::StatusOr<double> Value(const char* column) const {
    double value = 0;
    if (!absl::SimpleAtod(Text(column), &value) || !std::isfinite(value) || value <= 0.0) {
      return Wrong(column, "a finite number above 0");
    }
    return value;
  }

  absl::Status Wrong(const char* column, absl::string_view expected) const {
    return InputError({table_.file, row_.line, column}, absl::StrCat("'", Text(column), "'"),
                      expected);
  }

 private:
  const CsvTable& table_;
  const CsvTable::Row& row_;
};

struct CountColumn {
  const char* name;
  std::optional<int> MeasuredCase::*member;
};

absl::Status ReadCounts(const Cells& cells, const std::vector<CountColumn>& columns,
                        MeasuredCase& measured, bool unknown_as_0 = false) {
  for (const CountColumn& column : columns) {
    ASSIGN_OR_RETURN(measured.*column.member,
                     cells.Count(column.name, kMostAccelerators, unknown_as_0));
  }
  return absl::OkStatus();
}

absl::Status ReadLengths(const Cells& cells, ServingCase& point) {
  ASSIGN_OR_RETURN(point.input_tokens, cells.Count("isl", kMostTokens));
  ASSIGN_OR_RETURN(point.output_tokens, cells.Count("osl", kMostTokens));
  return absl::OkStatus();
}

absl::StatusOr<ServingCase> ReadRow(const CsvTable& table, const CsvTable::Row& row) {
  const Cells cells(table, row);
  ServingCase point;
  MeasuredCase& measured = point.measured;
  measured.line = row.line;
  measured.id = cells.Text("id");
  if (measured.id.empty()) return cells.Wrong("id", "a name for the configuration");
  measured.family = measured.id.substr(0, measured.id.find('-'));
  measured.grade = cells.Text("confidence");
  measured.source = cells.Text("source");
  measured.model = cells.Text("model");
  measured.accelerator = cells.Text("accelerator");
  measured.notes = cells.Text("notes");
  RETURN_IF_ERROR(ReadCounts(cells,
                             {{"n_accel", &MeasuredCase::accelerators},
                              {"tp", &MeasuredCase::tensor},
                              {"pp", &MeasuredCase::pipeline},
                              {"ep", &MeasuredCase::expert},
                              {"dp", &MeasuredCase::data}},
                             measured));
  point.engine = cells.Text("engine");
  point.load = cells.Text("concurrency");
  ASSIGN_OR_RETURN(point.weight_bits, cells.Bits("weight_bits"));
  ASSIGN_OR_RETURN(point.activation_bits, cells.Bits("act_bits"));
  ASSIGN_OR_RETURN(point.cache_bits, cells.Bits("kv_bits"));
  RETURN_IF_ERROR(ReadLengths(cells, point));
  point.split = IsSplit(cells.Text("tp"));
  // Over all ranks of a stage.
  if (cells.Text("ep") == "yes") measured.expert = measured.accelerators;
  if (measured.family == "ifx") point.benchmark = Benchmark::kInferenceX;
  ASSIGN_OR_RETURN(const double value, cells.Value("value"));
  measured.measurements.push_back({cells.Text("metric"), value, cells.Text("unit"), row.line});
  return point;
}

// Last part of a repository's name, without the format that a checkpoint's name ends in.
std::string ModelName(const std::string& repository) {
  absl::string_view name = repository;
  name.remove_prefix(name.rfind('/') + 1);
  for (const char* format : {"-NVFP4", "-FP8"}) absl::ConsumeSuffix(&name, format);
  return std::string(name);
}

// Empty: their number or layout is not stated.
absl::StatusOr<std::optional<WorkerGroup>> ReadWorkers(const Cells& cells,
                                                       const std::string& role) {
  const auto count = [&](const char* what) {
    return cells.OptionalCount(absl::StrCat(role, "_", what));
  };
  ASSIGN_OR_RETURN(const std::optional<int> workers, count("workers"));
  ASSIGN_OR_RETURN(const std::optional<int> tensor, count("tp"));
  ASSIGN_OR_RETURN(const std::optional<int> data, count("attn_dp"));
  ASSIGN_OR_RETURN(const std::optional<int> expert, count("moe_ep"));
  if (!workers || !tensor) return std::optional<WorkerGroup>();
  return std::optional<WorkerGroup>({*workers, *tensor, data.value_or(1), expert.value_or(1)});
}

absl::Status ReadSplit(const Cells& cells, ServingCase& point) {
  point.split = cells.Text("mode") == "disagg";
  if (!point.split) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<WorkerGroup> prefill, ReadWorkers(cells, "prefill"));
  ASSIGN_OR_RETURN(const std::optional<WorkerGroup> decode, ReadWorkers(cells, "decode"));
  if (!prefill || !decode) return absl::OkStatus();
  point.workers = {*prefill, *decode};
  point.measured.accelerators =
      prefill->workers * prefill->Accelerators() + decode->workers * decode->Accelerators();
  return absl::OkStatus();
}

// The source's name for a deployment ("config_id=320").
std::string ConfigurationOf(const std::string& source) {
  const size_t begin = source.find("config_id=");
  if (begin == std::string::npos) return "";
  return source.substr(begin, source.find(';', begin) - begin);
}

// Samples of one deployment are a sweep over numbers of clients.
void SetMostClients(std::vector<ServingCase>& cases) {
  std::map<std::string, int> most;
  const auto sweep = [](const ServingCase& point) {
    const std::string configuration = ConfigurationOf(point.measured.source);
    return absl::StrCat(configuration.empty() ? point.measured.id : configuration, "|",
                        point.input_tokens.value_or(0), "|", point.output_tokens.value_or(0));
  };
  for (const ServingCase& point : cases) {
    int clients = 0;
    if (!point.workers || !absl::SimpleAtoi(point.load, &clients)) continue;
    int& known = most[sweep(point)];
    known = std::max(known, clients);
  }
  for (ServingCase& point : cases) {
    if (point.workers) point.workers->most_clients = most[sweep(point)];
  }
}

absl::StatusOr<ServingCase> ReadSample(const CsvTable& table, const CsvTable::Row& row) {
  const Cells cells(table, row);
  ServingCase point;
  MeasuredCase& measured = point.measured;
  measured.line = row.line;
  const std::string& backend = cells.Text("backend");
  measured.id = absl::StrCat("e2e-", cells.Text("system"), "-", backend, "-line-", row.line);
  measured.family = absl::StrCat("e2e-", cells.Text("system"), "-", backend);
  measured.grade = "B";
  measured.source = cells.Text("source");
  measured.model = ModelName(cells.Text("model"));
  measured.accelerator = cells.Text("system");
  RETURN_IF_ERROR(ReadCounts(cells,
                             {{"tp", &MeasuredCase::tensor},
                              {"pp", &MeasuredCase::pipeline},
                              {"moe_ep", &MeasuredCase::expert},
                              {"attn_dp", &MeasuredCase::data}},
                             measured, /*unknown_as_0=*/true));
  measured.accelerators = measured.tensor.value_or(1) * measured.pipeline.value_or(1);
  point.engine = absl::StrCat(backend, " ", cells.Text("backend_version"));
  point.load = cells.Text("concurrency");
  point.weight_format = cells.Text("gemm_quant");
  point.expert_format = cells.Text("moe_quant");
  RETURN_IF_ERROR(ReadLengths(cells, point));
  RETURN_IF_ERROR(ReadSplit(cells, point));
  point.benchmark = absl::StrContains(measured.source, "silicon_concurrency")
                        ? Benchmark::kInferenceX
                        : Benchmark::kAiconfigurator;
  for (const char* metric : {"ttft", "tpot"}) {
    ASSIGN_OR_RETURN(const double value, cells.Value(absl::StrCat(metric, "_ms").c_str()));
    measured.measurements.push_back({metric, value, "ms", row.line});
  }
  return point;
}

constexpr const char* kRowColumns[] = {
    "id",  "source",      "confidence", "model",       "accelerator", "n_accel", "tp",
    "pp",  "ep",          "dp",         "weight_bits", "act_bits",    "kv_bits", "isl",
    "osl", "concurrency", "engine",     "metric",      "value",       "unit",    "notes"};
constexpr const char* kSampleColumns[] = {
    "system",  "model",  "gemm_quant", "moe_quant",   "backend", "backend_version",
    "mode",    "isl",    "osl",        "concurrency", "tp",      "pp",
    "attn_dp", "moe_ep", "ttft_ms",    "tpot_ms",     "source"};

bool IsSampleTable(const CsvTable& table) { return table.Column("gemm_quant") >= 0; }

template <class Columns>
absl::Status CheckColumns(const CsvTable& table, const Columns& columns) {
  for (const char* name : columns) {
    if (table.Column(name) >= 0) continue;
    return InputError({table.file, 1, name}, "column is missing",
                      "the columns that docs/validate.md lists");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> IsServingTable(const std::string& path) {
  ASSIGN_OR_RETURN(const CsvTable table, ReadCsv(path));
  return IsSampleTable(table) || table.Column("weight_bits") >= 0;
}

absl::StatusOr<std::vector<ServingCase>> ReadServingCases(const std::string& path) {
  ASSIGN_OR_RETURN(const CsvTable table, ReadCsv(path));
  const bool samples = IsSampleTable(table);
  RETURN_IF_ERROR(samples ? CheckColumns(table, kSampleColumns) : CheckColumns(table, kRowColumns));
  std::vector<ServingCase> cases;
  for (const CsvTable::Row& row : table.rows) {
    ASSIGN_OR_RETURN(ServingCase point, samples ? ReadSample(table, row) : ReadRow(table, row));
    cases.push_back(std::move(point));
  }
  SetMostClients(cases);
  return cases;
}

}  // namespace fleetsim
