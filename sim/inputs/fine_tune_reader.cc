#include "sim/inputs/fine_tune_reader.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "proto/workload.pb.h"
#include "sim/base/nearest.h"
#include "sim/inputs/lengths_reader.h"

namespace fleetsim {
namespace {

constexpr double kMaxExamples = 1e15;
constexpr double kMaxEpochs = 1e6;

// Modules of the model, for messages.
std::vector<std::string> ModulesOf(const Architecture& model) {
  std::vector<std::string> names;
  for (const std::string& name : AdapterModuleNames()) {
    if (HasModule(model, name)) names.push_back(name);
  }
  return names;
}

absl::Status CheckModule(const FieldCheck& check, const std::string& field, const std::string& name,
                         const Architecture& model) {
  if (HasModule(model, name)) return absl::OkStatus();
  const std::vector<std::string> known = AdapterModuleNames();
  const bool exists = std::find(known.begin(), known.end(), name) != known.end();
  return check.Wrong(field,
                     exists ? absl::StrCat("\"", name, "\" is no module of ", model.name)
                            : absl::StrCat("\"", name, "\" is no module that an adapter can be on"),
                     absl::StrCat("give one of ", absl::StrJoin(ModulesOf(model), ", ")));
}

// linear_qkv is q_proj, k_proj and v_proj in one, and linear_fc1 gate_proj and up_proj.
absl::Status CheckTwice(const FieldCheck& check, const std::string& field, const std::string& name,
                        const std::set<std::string>& given) {
  const std::pair<const char*, const char*> kSame[] = {
      {"linear_qkv", "q_proj"},   {"linear_qkv", "k_proj"},    {"linear_qkv", "v_proj"},
      {"linear_proj", "o_proj"},  {"linear_fc1", "gate_proj"}, {"linear_fc1", "up_proj"},
      {"linear_fc2", "down_proj"}};
  std::string other = given.count(name) > 0 ? name : "";
  for (const auto& [joint, part] : kSame) {
    if (name == joint && given.count(part) > 0) other = part;
    if (name == part && given.count(joint) > 0) other = joint;
  }
  if (other.empty()) return absl::OkStatus();
  return check.Wrong(field,
                     absl::StrCat("\"", name, "\" has an adapter already, as \"", other, "\""),
                     "name each matrix once");
}

absl::Status ReadAdapter(const FieldCheck& check, const proto::Adapter& entry,
                         const Architecture& model, Trainable& trainable) {
  const double narrowest = std::min(model.hidden, model.head_dim * model.kv_heads);
  RETURN_IF_ERROR(check.InRange("rank", entry.rank(), 1, narrowest));
  RETURN_IF_ERROR(
      check.Given("modules", entry.modules_size() > 0,
                  absl::StrCat("give some of ", absl::StrJoin(ModulesOf(model), ", "))));
  trainable.adapter_rank = entry.rank();
  std::set<std::string> given;
  for (int i = 0; i < entry.modules_size(); ++i) {
    const std::string field = absl::StrCat("modules[", i, "]");
    RETURN_IF_ERROR(CheckModule(check, field, entry.modules(i), model));
    RETURN_IF_ERROR(CheckTwice(check, field, entry.modules(i), given));
    given.insert(entry.modules(i));
    trainable.adapter_modules.push_back(entry.modules(i));
  }
  return absl::OkStatus();
}

absl::StatusOr<FrozenStorage> ReadStorage(const FieldCheck& check, const proto::FineTune& entry,
                                          const Trainable& trainable) {
  constexpr FrozenStorage kStorages[] = {FrozenStorage::kSixteenBit, FrozenStorage::kSixteenBit,
                                         FrozenStorage::kFp8,        FrozenStorage::kInt8,
                                         FrozenStorage::kInt4,       FrozenStorage::kNf4,
                                         FrozenStorage::kNvfp4};
  const int given = entry.frozen_storage();
  if (given < 0 || given >= static_cast<int>(std::size(kStorages))) {
    return check.Wrong(
        "frozen_storage", absl::StrCat("is ", given),
        "give SIXTEEN_BIT, FP8_STORED, INT8_STORED, INT4_STORED, NF4_STORED or NVFP4_STORED");
  }
  const FrozenStorage storage = kStorages[given];
  if (storage != FrozenStorage::kSixteenBit && trainable.Everything()) {
    return check.Wrong("frozen_storage",
                       absl::StrCat("is ", FrozenStorageName(storage),
                                    ", and every matrix of the model is trained"),
                       "give SIXTEEN_BIT, or an adapter or frozen_layers");
  }
  return storage;
}

absl::Status ReadSize(const FieldCheck& check, const proto::FineTune& entry, const PretrainJob& job,
                      FineTuning& tuning) {
  if (entry.has_examples()) {
    RETURN_IF_ERROR(check.InRange("examples", entry.examples(), 1, kMaxExamples));
    if (job.tokens) {
      return check.Wrong("examples", "stands beside training.tokens", "give one of the two");
    }
    tuning.examples = entry.examples();
  }
  if (!entry.has_epochs()) return absl::OkStatus();
  if (!entry.has_examples()) {
    return check.Wrong("epochs", "is given without examples", "give the data set's examples");
  }
  RETURN_IF_ERROR(check.InRange("epochs", entry.epochs(), 1e-6, kMaxEpochs));
  tuning.epochs = entry.epochs();
  return absl::OkStatus();
}

absl::Status ReadRows(const FieldCheck& check, const std::string& path,
                      const proto::FineTune& entry, const PretrainJob& job,
                      const std::string& models_root, FineTuning& tuning) {
  if (entry.has_lengths()) {
    ASSIGN_OR_RETURN(tuning.lengths,
                     ReadLengths(check.Inside("lengths"), path, entry.lengths(), models_root));
  }
  tuning.packed = entry.packed();
  if (tuning.packed && !tuning.lengths) {
    return check.Wrong("packed", "is given without lengths", "give the lengths of the examples");
  }
  if (!entry.has_pad_to_multiple()) return absl::OkStatus();
  if (tuning.packed) {
    return check.Wrong("pad_to_multiple", "is given for packed sequences", "leave it out");
  }
  RETURN_IF_ERROR(
      check.InRange("pad_to_multiple", entry.pad_to_multiple(), 1, job.sequence_length));
  tuning.pad_multiple = entry.pad_to_multiple();
  return absl::OkStatus();
}

absl::Status ReadPreference(const FieldCheck& check, const proto::FineTune& entry,
                            const PretrainJob& job, FineTuning& tuning) {
  if (!entry.has_preference()) return absl::OkStatus();
  if (job.global_batch % 2 != 0) {
    return check.Inside("training")
        .Wrong("global_batch_sequences", absl::StrCat("is ", job.global_batch),
               "give an even number: a chosen and a rejected sequence for each pair");
  }
  tuning.preference = true;
  tuning.trainable.reference_pass = !entry.preference().reference_precomputed();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FineTuning> ReadFineTuning(const FieldCheck& check, const std::string& path,
                                          const proto::FineTune& entry, const PretrainJob& job,
                                          const std::string& models_root) {
  FineTuning tuning;
  Trainable& trainable = tuning.trainable;
  if (entry.has_frozen_layers()) {
    // A model with all of its layers frozen still trains its loss head, adapters have none there.
    const int most = entry.has_adapter() ? job.model.layers - 1 : job.model.layers;
    RETURN_IF_ERROR(check.InRange("frozen_layers", entry.frozen_layers(), 0, most));
    trainable.frozen_layers = entry.frozen_layers();
  }
  if (entry.has_adapter()) {
    RETURN_IF_ERROR(ReadAdapter(check.Inside("adapter"), entry.adapter(), job.model, trainable));
  }
  ASSIGN_OR_RETURN(trainable.storage, ReadStorage(check, entry, trainable));
  RETURN_IF_ERROR(ReadRows(check, path, entry, job, models_root, tuning));
  RETURN_IF_ERROR(ReadPreference(check, entry, job, tuning));
  RETURN_IF_ERROR(ReadSize(check, entry, job, tuning));
  return tuning;
}

}  // namespace fleetsim
