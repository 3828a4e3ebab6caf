#include "sim/trace/json_row.h"

#include <nlohmann/json.hpp>

#include "sim/trace/row_fields.h"

namespace fleetsim {

using nlohmann::json;

JsonRow::JsonRow() : row_(std::make_unique<json>()) {}
JsonRow::~JsonRow() = default;

namespace {

// As it stands in the row: a number in quotes keeps them, and is then no number.
std::string Written(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

absl::Status JsonRow::Read(const TextLines& line) {
  const absl::string_view text = line.text();
  *row_ = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (row_->is_discarded()) {
    return InputError(line.At(), "is not JSON", "one whole JSON object a line");
  }
  if (!row_->is_object()) return InputError(line.At(), "is no JSON object", "one object a line");
  return absl::OkStatus();
}

absl::StatusOr<const json*> JsonRow::Field(const TextLines& line, const std::string& field) const {
  const auto found = row_->find(field);
  if (found != row_->end()) return &*found;
  return InputError(line.At(field), "is missing", "each row has this field");
}

absl::StatusOr<std::int32_t> JsonRow::Tokens(const TextLines& line,
                                             const std::string& field) const {
  ASSIGN_OR_RETURN(const json* value, Field(line, field));
  return ReadTokens(line, field, Written(*value));
}

absl::StatusOr<double> JsonRow::Time(const TextLines& line, const std::string& field) const {
  ASSIGN_OR_RETURN(const json* value, Field(line, field));
  return ReadTime(line, field, Written(*value));
}

absl::StatusOr<std::int64_t> JsonRow::Whole(const TextLines& line, const std::string& field) const {
  ASSIGN_OR_RETURN(const json* value, Field(line, field));
  return ReadWhole(line, field, Written(*value));
}

absl::StatusOr<std::vector<std::uint64_t>> JsonRow::Hashes(const TextLines& line,
                                                           const std::string& field) const {
  std::vector<std::uint64_t> hashes;
  const auto found = row_->find(field);
  if (found == row_->end()) return hashes;
  if (!found->is_array()) {
    return InputError(line.At(field), "is no list", "a list of block ids");
  }
  hashes.reserve(found->size());
  for (const json& value : *found) {
    if (!value.is_number_unsigned()) {
      return InputError(line.At(field), absl::StrCat("holds ", Written(value).substr(0, 60)),
                        "whole numbers from 0");
    }
    hashes.push_back(value.get<std::uint64_t>());
  }
  return hashes;
}

absl::Status ReadLengthsAndBlocks(const TextLines& line, const JsonRow& row, int block_tokens,
                                  Request& request) {
  ASSIGN_OR_RETURN(request.input_tokens, row.Tokens(line, "input_length"));
  ASSIGN_OR_RETURN(request.output_tokens, row.Tokens(line, "output_length"));
  ASSIGN_OR_RETURN(request.block_hashes, row.Hashes(line, "hash_ids"));
  const std::size_t whole = request.input_tokens / block_tokens;
  const std::size_t most = whole + (request.input_tokens % block_tokens > 0 ? 1 : 0);
  if (request.block_hashes.size() > most) {
    return InputError(line.At("hash_ids"), absl::StrCat("has ", request.block_hashes.size()),
                      absl::StrCat("at most ", most, ": ", request.input_tokens,
                                   " tokens in blocks of ", block_tokens));
  }
  if (request.block_hashes.size() > whole) request.block_hashes.resize(whole);
  request.hash_block_tokens = block_tokens;
  return absl::OkStatus();
}

}  // namespace fleetsim
