// The number formats of proto/catalog.proto.
#ifndef SIM_INPUTS_DATA_TYPE_H_
#define SIM_INPUTS_DATA_TYPE_H_

#include "sim/base/dtype.h"
#include "sim/base/status.h"

namespace fleetsim {

// From the number of a proto::DataType; an error at `where` for an unspecified one.
absl::StatusOr<DataType> ReadDataType(int proto_data_type, const Location& where);

}  // namespace fleetsim

#endif  // SIM_INPUTS_DATA_TYPE_H_
