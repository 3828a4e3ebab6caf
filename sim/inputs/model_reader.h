// Model architectures from files: our textproto entries and Hugging Face config.json.
#ifndef SIM_INPUTS_MODEL_READER_H_
#define SIM_INPUTS_MODEL_READER_H_

#include <map>
#include <string>

#include "sim/base/status.h"
#include "sim/model/architecture.h"

namespace fleetsim {

// One file, a model textproto (or binary) or a config.json, told apart by content. An unnamed model
// takes the file's name; a config.json the name of its folder or file.
absl::StatusOr<Architecture> ReadModelFile(const std::string& path);

// Every *.textproto in the folder, by name. Also rejects: a name that differs from its file's, a
// name or alias (ignoring case) that two files claim.
absl::StatusOr<std::map<std::string, Architecture>> ReadModels(const std::string& models_root);

// A model of the folder by name or alias, ignoring case, or the file at a path. NotFound with the
// nearest names where there is neither.
absl::StatusOr<Architecture> FindModel(const std::string& name_or_path,
                                       const std::string& models_root);

}  // namespace fleetsim

#endif  // SIM_INPUTS_MODEL_READER_H_
