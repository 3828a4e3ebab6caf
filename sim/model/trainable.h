// What of a model a job trains: all of it, its upper layers, or low-rank adapters beside frozen
// matrices (LoRA: Hu et al. 2021, arXiv 2106.09685; QLoRA: Dettmers et al. 2023, arXiv 2305.14314).
#ifndef SIM_MODEL_TRAINABLE_H_
#define SIM_MODEL_TRAINABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/base/dtype.h"
#include "sim/model/architecture.h"
#include "sim/model/operators.h"

namespace fleetsim {

// How frozen matrices are stored; products always read them in the job's format.
enum class FrozenStorage { kSixteenBit, kFp8, kInt8, kInt4, kNf4, kNvfp4 };

// Bytes a parameter, scales included.
double StoredBytes(FrozenStorage storage);
const char* FrozenStorageName(FrozenStorage storage);

struct Trainable {
  int adapter_rank = 0;                      // 0: no adapters, the base itself is trained
  std::vector<std::string> adapter_modules;  // names of AdapterModuleNames()
  // Leading layers, and with one or more of them the embedding, that nothing is trained in: no
  // gradients reach them.
  int frozen_layers = 0;
  FrozenStorage storage = FrozenStorage::kSixteenBit;
  bool reference_pass = false;  // forward through the model as it was before (DPO)

  bool HasAdapters() const { return adapter_rank > 0; }
  bool Everything() const { return !HasAdapters() && frozen_layers == 0; }
  // Gradients of inputs are needed down to the lowest layer in which something is trained.
  bool Reaches(int layer) const { return layer >= frozen_layers; }
  bool TrainsBase(int layer) const { return !HasAdapters() && Reaches(layer); }
  // Products in `precision` read frozen matrices as they are stored.
  bool ReadsStored(DataType precision) const {
    return (storage == FrozenStorage::kFp8 && precision == DataType::kFp8) ||
           (storage == FrozenStorage::kNvfp4 && precision == DataType::kFp4);
  }
  bool TrainsEmbedding() const { return Everything(); }
  bool TrainsHead() const { return !HasAdapters(); }
};

// Names a job may give: those of Hugging Face (q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj,
// down_proj; q_a_proj, q_b_proj, kv_a_proj_with_mqa, kv_b_proj) and of Megatron (linear_qkv,
// linear_proj, linear_fc1, linear_fc2), which have one adapter on a joint matrix.
std::vector<std::string> AdapterModuleNames();
// Whether some layer of the model has the module.
bool HasModule(const Architecture& model, absl::string_view module);

// Beside a product [m,k] x [k,n] an adapter is [m,k] x [k,r], then [m,r] x [r,n].
struct Adapter {
  GemmOp in, out;         // on one rank; both matrices divided by tensor parallelism
  std::string product;    // of the base
  double parameters = 0;  // on one rank
};
// `products` are a layer's on one rank, `core` its attention (ForwardOperators).
std::vector<Adapter> AdaptersOf(const Trainable& trainable, const LayerOperators& operators,
                                const Architecture& model, int tensor);

// Inputs that gradients of weights need, of the products or of their adapters: what goes into the
// attention block, into the feed-forward block, and out of its activation function.
struct InputsKept {
  bool attention = true, feed_forward = true, activation = true;
};
InputsKept InputsForGradients(const Trainable& trainable, const Architecture& model, int layer);

// Of one layer on one rank of a `tensor` x `expert` group.
double LayerTrainableOnRank(const Architecture& model, const Trainable& trainable, int layer,
                            int tensor, int expert = 1);

// One forward pass of a token through the layer's adapters.
double AdapterFlopsPerToken(const Architecture& model, const Trainable& trainable, int layer);

// Of the whole model, published vocabulary.
double TrainableParameters(const Architecture& model, const Trainable& trainable);

}  // namespace fleetsim

#endif  // SIM_MODEL_TRAINABLE_H_
