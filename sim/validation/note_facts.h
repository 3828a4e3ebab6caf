// Facts of a measured configuration that its source states in words only.
#ifndef SIM_VALIDATION_NOTE_FACTS_H_
#define SIM_VALIDATION_NOTE_FACTS_H_

#include <optional>
#include <vector>

#include "sim/inputs/cases_reader.h"
#include "sim/model/recompute.h"

namespace fleetsim {

bool NamesFineTuning(const MeasuredCase& measured);   // SFT, LoRA, PEFT, QLoRA
bool NamesAdapters(const MeasuredCase& measured);     // LoRA, PEFT, QLoRA
int AdapterRank(const MeasuredCase& measured);        // "LoRA r16"; zero if not stated
bool NamesHybridModel(const MeasuredCase& measured);  // Mamba, hybrid

// "sequence parallelism on" or "SP", "no sequence parallelism".
std::optional<bool> SequenceParallelStated(const MeasuredCase& measured);

// "layer split incl. embedding and head [5, 7, 7, 7]": transformer layers of each chunk; empty if
// not stated.
std::vector<int> LayerSplit(const MeasuredCase& measured);

// "optimizer sharded over 8 ranks", "over all data-parallel ranks" (all there are: the largest
// integer), "hybrid shard": the number; zero if not stated.
int OptimizerShards(const MeasuredCase& measured);

// "expert TP 4": ranks that each expert is cut over.
std::optional<int> ExpertTensor(const MeasuredCase& measured);

// "expert capacity factor 2.0": room of an expert over its mean share of the tokens; all of it is
// sent and computed, filled or not. 1 if not stated.
double ExpertCapacity(const MeasuredCase& measured);

// "Ulysses": attention exchanges heads for the sequence; else keys and values travel round.
bool NamesUlysses(const MeasuredCase& measured);

// "samples are shorter than the sequence length", by how much is not said.
bool NamesShortSamples(const MeasuredCase& measured);

// "w/o MTP": the model's further-token modules were left out.
bool WithoutPrediction(const MeasuredCase& measured);

// "selective: layernorm+moe_act", "MLP + core attention": parts of a layer that are computed again;
// none where the column names anything else.
RecomputeModules StatedModules(const MeasuredCase& measured);

// Share of the layers computed again, from the two utilisations stated: a forward pass is a third
// of a step's model flops.
std::optional<double> RecomputedLayers(const MeasuredCase& measured);

// Layers that are recomputed, of a model of `layers` on `chunks` pipeline chunks, as the notes say:
// "recompute block over 1 layers" (Megatron: the first so many of each chunk), "... 1 layers of
// each pipeline rank" (MindSpeed's --enable-recompute-layers-per-pp-rank), "full recompute on
// 6/3/2/3 layers per stage". Empty if they say none of it.
std::optional<double> RecomputedShare(const MeasuredCase& measured, int layers, int chunks);

// "no-op layers 1,15": their numbers from 0, places that hold no layer; empty if not stated.
std::vector<int> NoOpLayers(const MeasuredCase& measured);

// Sequences of a step, from "global batch 4M tokens" or from "9 accumulation steps" of `wave`
// sequences; zero if neither is said.
int GlobalBatchStated(const MeasuredCase& measured, int wave);

// "swap attention": MindSpeed sends a layer's activations to the host and back.
bool NamesActivationSwap(const MeasuredCase& measured);

// "activations of 40 layers offloaded" to the host; zero if not stated.
double OffloadedLayers(const MeasuredCase& measured);

// "2D TP": products cut in two dimensions.
bool NamesTwoDimensionalTensor(const MeasuredCase& measured);

// Parameters that the model's name states: "Llama-3-8B", "llama2_7b"; zero if it states none.
double NominalParameters(const MeasuredCase& measured);

// Number of the pattern's first group, with the suffix T, B or M of its second one; empty if the
// notes hold no such thing.
std::optional<double> StatedNumber(const MeasuredCase& measured, const char* pattern);

// "exclude", "withdrawn", "outlier": the row does not count.
bool DoesNotCount(const MeasuredCase& measured);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_NOTE_FACTS_H_
