#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/delimited_message_util.h>

#include <algorithm>
#include <utility>

#include "proto/request_trace.pb.h"
#include "sim/base/check.h"
#include "sim/inputs/output_file.h"
#include "sim/trace/layout.h"
#include "sim/trace/trace_file.h"

namespace fleetsim {
namespace {

std::string Delimited(const google::protobuf::MessageLite& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  const bool written = google::protobuf::util::SerializeDelimitedToZeroCopyStream(message, &stream);
  FLEETSIM_CHECK(written);  // a chunk is far below protobuf's limit of 2 GB
  return bytes;
}

template <class Column, class Value>
void DropIfAll(Column* column, Value value) {
  const auto same = [&](const auto& entry) { return entry == value; };
  if (std::all_of(column->begin(), column->end(), same)) column->Clear();
}

// Columns that say nothing are not written.
void DropDefaults(proto::RequestChunk& chunk) {
  DropIfAll(chunk.mutable_session(), -1);
  DropIfAll(chunk.mutable_parent(), -1);
  DropIfAll(chunk.mutable_after_parent_s(), 0.0);
  DropIfAll(chunk.mutable_priority(), 0);
  DropIfAll(chunk.mutable_block_count(), 0U);
  DropIfAll(chunk.mutable_shared_prefix(), -1);
  DropIfAll(chunk.mutable_shared_prefix_tokens(), 0U);
}

}  // namespace

struct TraceWriter::Output {
  OutputFile file;
  proto::RequestChunk chunk;
  std::int64_t requests = 0;

  absl::Status Flush() {
    DropDefaults(chunk);
    RETURN_IF_ERROR(file.Write(Delimited(chunk)));
    chunk.Clear();
    return absl::OkStatus();
  }
};

TraceWriter::TraceWriter(std::unique_ptr<Output> output) : output_(std::move(output)) {}
TraceWriter::~TraceWriter() = default;
TraceWriter::TraceWriter(TraceWriter&&) noexcept = default;

absl::StatusOr<TraceWriter> TraceWriter::Create(const std::string& path,
                                                const TraceOrigin& origin) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path));
  auto output = std::unique_ptr<Output>(new Output{.file = std::move(file)});
  proto::RequestTraceHeader header;
  header.set_version(kTraceVersion);
  header.set_source(origin.source);
  header.set_block_tokens(static_cast<std::uint32_t>(origin.block_tokens));
  RETURN_IF_ERROR(output->file.Write(kTraceMagic));
  RETURN_IF_ERROR(output->file.Write(Delimited(header)));
  return TraceWriter(std::move(output));
}

absl::Status TraceWriter::Add(const Request& request) {
  proto::RequestChunk& chunk = output_->chunk;
  chunk.add_arrival_s(request.arrival.value());
  chunk.add_input_tokens(static_cast<std::uint32_t>(request.input_tokens));
  chunk.add_output_tokens(static_cast<std::uint32_t>(request.output_tokens));
  chunk.add_session(request.session);
  chunk.add_parent(request.parent);
  chunk.add_after_parent_s(request.after_parent.value());
  chunk.add_priority(request.priority);
  chunk.add_block_count(static_cast<std::uint32_t>(request.block_hashes.size()));
  for (const std::uint64_t block : request.block_hashes) chunk.add_block_hash(block);
  chunk.add_shared_prefix(request.shared_prefix);
  chunk.add_shared_prefix_tokens(static_cast<std::uint32_t>(request.shared_prefix_tokens));
  ++output_->requests;
  const bool full =
      chunk.arrival_s_size() >= kChunkRequests || chunk.block_hash_size() >= kChunkBlocks;
  return full ? output_->Flush() : absl::OkStatus();
}

absl::Status TraceWriter::Finish() {
  output_->chunk.set_total_requests(static_cast<std::uint64_t>(output_->requests));
  RETURN_IF_ERROR(output_->Flush());
  return output_->file.Commit();
}

}  // namespace fleetsim
