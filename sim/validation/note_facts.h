// Facts of a measured configuration that its source states in words only.
#ifndef SIM_VALIDATION_NOTE_FACTS_H_
#define SIM_VALIDATION_NOTE_FACTS_H_

#include <optional>
#include <vector>

#include "sim/inputs/cases_reader.h"

namespace fleetsim {

bool NamesFineTuning(const MeasuredCase& measured);   // SFT, LoRA, PEFT, QLoRA
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

// "w/o MTP": the model's further-token modules were left out.
bool WithoutPrediction(const MeasuredCase& measured);

// Share of the layers computed again, from the two utilisations stated: a forward pass is a third
// of a step's model flops.
std::optional<double> RecomputedLayers(const MeasuredCase& measured);

// "exclude", "withdrawn", "outlier": the row does not count.
bool DoesNotCount(const MeasuredCase& measured);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_NOTE_FACTS_H_
