// Lengths of the requests that published serving points were measured with, where a source names
// its data set.
#ifndef SIM_VALIDATION_REQUEST_LENGTHS_H_
#define SIM_VALIDATION_REQUEST_LENGTHS_H_

#include <array>
#include <string>

#include "sim/inputs/serving_cases_reader.h"
#include "sim/model/lengths.h"

namespace fleetsim {

// Means of ten equally likely parts, shortest first, over the mean of all.
using LengthShape = std::array<double, 10>;

struct RequestLengths {
  const char* name;     // in the row's notes or load
  double input_tokens;  // mean; 0: the row must state it
  LengthShape input, output;
};

// Null: no data set that is known.
const RequestLengths* LengthsOfRequests(const ServingCase& point);

// With this mean, which may not reach a whole token for the shortest.
LengthDistribution ShapedLengths(const LengthShape& shape, double mean_tokens);

}  // namespace fleetsim

#endif  // SIM_VALIDATION_REQUEST_LENGTHS_H_
