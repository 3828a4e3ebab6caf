#include "sim/inputs/lengths_reader.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "proto/lengths.pb.h"
#include "sim/inputs/textproto.h"

namespace fleetsim {
namespace {

constexpr double kMaxTokens = 1e9;
constexpr double kMaxListed = 1e5;

absl::StatusOr<LengthDistribution> ReadListed(const FieldCheck& check,
                                              const proto::Lengths& entry) {
  RETURN_IF_ERROR(check.InRange("tokens", entry.tokens_size(), 1, kMaxListed));
  std::vector<double> tokens(entry.tokens().begin(), entry.tokens().end());
  std::vector<double> weights(entry.weight().begin(), entry.weight().end());
  if (weights.empty()) weights.assign(tokens.size(), 1.0);
  if (weights.size() != tokens.size()) {
    return check.Wrong("weight", absl::StrCat("has ", weights.size(), " numbers"),
                       absl::StrCat("give one for each of the ", tokens.size(), " lengths"));
  }
  for (size_t i = 0; i < tokens.size(); ++i) {
    RETURN_IF_ERROR(check.InRange(absl::StrCat("tokens[", i, "]"), tokens[i], 1, kMaxTokens));
    RETURN_IF_ERROR(check.InRange(absl::StrCat("weight[", i, "]"), weights[i], 1e-9, 1e15));
  }
  return ListedLengths(std::move(tokens), std::move(weights));
}

absl::StatusOr<LengthDistribution> ReadLogNormal(const FieldCheck& check,
                                                 const proto::Lengths::LogNormal& entry) {
  RETURN_IF_ERROR(check.InRange("mean_tokens", entry.mean_tokens(), 1, kMaxTokens));
  RETURN_IF_ERROR(check.InRange("percentile_ratio", entry.percentile_ratio(), 0.51, 0.9999));
  RETURN_IF_ERROR(check.InRange("percentile_tokens", entry.percentile_tokens(), 1, kMaxTokens));
  auto lengths =
      LogNormalLengths(entry.mean_tokens(), entry.percentile_ratio(), entry.percentile_tokens());
  if (lengths) return *std::move(lengths);
  return check.Wrong("percentile_tokens", absl::StrCat("is ", entry.percentile_tokens()),
                     absl::StrCat("no log-normal distribution with a mean of ", entry.mean_tokens(),
                                  " has that percentile: give one nearer"));
}

absl::StatusOr<LengthDistribution> ReadSample(const FieldCheck& check, const std::string& path,
                                              const std::string& name,
                                              const std::string& models_root) {
  namespace fs = std::filesystem;
  const fs::path shipped = fs::path(models_root).parent_path() / "lengths" / (name + ".textproto");
  for (const fs::path& file : {fs::path(path).parent_path() / name, fs::path(name), shipped}) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    proto::Lengths sample;
    ASSIGN_OR_RETURN(const FieldLines lines, ParseProtoFile(file.string(), &sample));
    const FieldCheck inside(file.string(), lines);
    if (!sample.sample().empty()) {
      return inside.Wrong("sample", absl::StrCat("is \"", sample.sample(), "\""),
                          "give the lengths themselves in a sample");
    }
    return ReadLengths(inside, file.string(), sample, models_root);
  }
  return check.Wrong("sample", absl::StrCat("\"", name, "\" is no file"),
                     absl::StrCat("give a path, or a name of ", shipped.parent_path().string()));
}

}  // namespace

absl::StatusOr<LengthDistribution> ReadLengths(const FieldCheck& check, const std::string& path,
                                               const proto::Lengths& entry,
                                               const std::string& models_root) {
  const int ways = (entry.tokens_size() > 0 ? 1 : 0) + (entry.has_log_normal() ? 1 : 0) +
                   (entry.sample().empty() ? 0 : 1);
  if (ways != 1) {
    return check.Wrong("", absl::StrCat("states lengths in ", ways, " ways"),
                       "give one of tokens, log_normal and sample");
  }
  if (entry.has_log_normal()) return ReadLogNormal(check.Inside("log_normal"), entry.log_normal());
  if (!entry.sample().empty()) return ReadSample(check, path, entry.sample(), models_root);
  return ReadListed(check, entry);
}

}  // namespace fleetsim
