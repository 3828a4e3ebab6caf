#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "proto/request_trace.pb.h"
#include "sim/trace/layout.h"
#include "sim/trace/trace_file.h"

namespace fleetsim {

using google::protobuf::io::FileInputStream;

struct TraceReader::Input {
  Input(std::string name, int descriptor) : path(std::move(name)), stream(descriptor) {
    stream.SetCloseOnDelete(true);
  }

  absl::Status Wrong(absl::string_view found, absl::string_view expected) const {
    return InputError({.file = path, .field = absl::StrCat("byte ", chunk_start)}, found, expected);
  }
  absl::StatusOr<bool> ReadMessage(google::protobuf::MessageLite& message);
  absl::Status CheckColumns() const;
  absl::Status CheckRequest(const Request& request) const;
  absl::Status CheckPrefix(const Request& request) const;
  absl::Status ReadChunk();
  absl::Status CheckEnd();
  void Take(int block_tokens, Request* request);

  std::string path;
  FileInputStream stream;
  proto::RequestChunk chunk;
  std::int64_t chunk_start = 0;  // byte
  int next = 0, next_block = 0;  // in the chunk
  std::int64_t position = 0;     // of the next request in the trace
  Seconds last_arrival;
};

TraceReader::TraceReader(TraceOrigin origin, std::unique_ptr<Input> input)
    : origin_(std::move(origin)), input_(std::move(input)) {}
TraceReader::~TraceReader() = default;

// False at the end of the file.
absl::StatusOr<bool> TraceReader::Input::ReadMessage(google::protobuf::MessageLite& message) {
  chunk_start = stream.ByteCount();
  bool at_end = false;
  if (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&message, &stream, &at_end)) {
    return true;
  }
  if (at_end) return false;
  return Wrong("the part that begins here is cut short or damaged",
               "a whole file: import or copy it again");
}

absl::StatusOr<std::unique_ptr<TraceReader>> TraceReader::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return InputError({path}, absl::StrCat("cannot be opened (", std::strerror(errno), ")"),
                      errno == ENOENT ? "give the path of a trace" : "");
  }
  auto input = std::make_unique<Input>(path, descriptor);
  std::string magic;
  {
    google::protobuf::io::CodedInputStream start(&input->stream);
    if (!start.ReadString(&magic, static_cast<int>(kTraceMagic.size()))) magic.clear();
  }
  if (magic != kTraceMagic) {
    return input->Wrong("is no request trace", "what fleetsim import writes");
  }
  proto::RequestTraceHeader header;
  ASSIGN_OR_RETURN(const bool there, input->ReadMessage(header));
  if (!there) return input->Wrong("the file ends here", "a header");
  if (header.version() != kTraceVersion) {
    return input->Wrong(absl::StrCat("version is ", header.version()),
                        absl::StrCat("this program reads ", kTraceVersion, ": import it again"));
  }
  TraceOrigin origin{.source = header.source(),
                     .block_tokens = static_cast<int>(header.block_tokens())};
  return std::unique_ptr<TraceReader>(new TraceReader(std::move(origin), std::move(input)));
}

absl::Status TraceReader::Input::CheckColumns() const {
  const int requests = chunk.arrival_s_size();
  const auto fits = [&](int size) { return size == requests || size == 0; };
  if (chunk.input_tokens_size() != requests || chunk.output_tokens_size() != requests ||
      !fits(chunk.session_size()) || !fits(chunk.parent_size()) ||
      !fits(chunk.after_parent_s_size()) || !fits(chunk.priority_size()) ||
      !fits(chunk.block_count_size()) || !fits(chunk.shared_prefix_size()) ||
      !fits(chunk.shared_prefix_tokens_size())) {
    return Wrong("columns of different lengths", "one entry a request in each");
  }
  std::int64_t blocks = 0;
  for (const std::uint32_t count : chunk.block_count()) blocks += count;
  if (blocks != chunk.block_hash_size()) {
    return Wrong(absl::StrCat(chunk.block_hash_size(), " block hashes"),
                 absl::StrCat("block_count asks for ", blocks));
  }
  return absl::OkStatus();
}

absl::Status TraceReader::Input::CheckEnd() {
  if (static_cast<std::int64_t>(chunk.total_requests()) != position + chunk.arrival_s_size()) {
    return Wrong(absl::StrCat("holds ", position + chunk.arrival_s_size(), " requests"),
                 absl::StrCat(chunk.total_requests(), " were written: import it again"));
  }
  proto::RequestChunk more;
  ASSIGN_OR_RETURN(const bool there, ReadMessage(more));
  if (there) return Wrong("something follows the last part", "the end of the file");
  return absl::OkStatus();
}

absl::Status TraceReader::Input::ReadChunk() {
  next = next_block = 0;
  chunk.Clear();
  ASSIGN_OR_RETURN(const bool there, ReadMessage(chunk));
  if (!there) return Wrong("the file ends before its last part", "a whole file: import it again");
  RETURN_IF_ERROR(CheckColumns());
  return chunk.has_total_requests() ? CheckEnd() : absl::OkStatus();
}

// The next request of the chunk, unchecked.
void TraceReader::Input::Take(int block_tokens, Request* request) {
  const auto entry = [&](const auto& column, auto absent) {
    return column.empty() ? absent : static_cast<decltype(absent)>(column[next]);
  };
  request->id = position;
  request->arrival = Seconds(chunk.arrival_s(next));
  request->input_tokens = static_cast<std::int32_t>(chunk.input_tokens(next));
  request->output_tokens = static_cast<std::int32_t>(chunk.output_tokens(next));
  request->session = entry(chunk.session(), std::int64_t{-1});
  request->parent = entry(chunk.parent(), std::int64_t{-1});
  request->after_parent = Seconds(entry(chunk.after_parent_s(), 0.0));
  request->priority = entry(chunk.priority(), 0);
  request->shared_prefix = entry(chunk.shared_prefix(), std::int64_t{-1});
  request->shared_prefix_tokens = entry(chunk.shared_prefix_tokens(), std::int32_t{0});
  request->hash_block_tokens = block_tokens;
  const int blocks = entry(chunk.block_count(), 0);
  const auto first = chunk.block_hash().begin() + next_block;
  request->block_hashes.assign(first, first + blocks);
  next_block += blocks;
  ++next;
}

absl::Status TraceReader::Input::CheckRequest(const Request& request) const {
  const auto wrong = [&](absl::string_view found, absl::string_view expected) {
    return Wrong(absl::StrCat("request ", position, ": ", found), expected);
  };
  if (!std::isfinite(request.arrival.value()) || request.arrival < last_arrival) {
    return wrong(absl::StrCat("arrival_s is ", request.arrival.value()),
                 absl::StrCat("not before the request that precedes it, ", last_arrival.value()));
  }
  if (request.input_tokens < 1 || request.output_tokens < 1) {
    return wrong(absl::StrCat("has ", request.input_tokens, " input and ", request.output_tokens,
                              " output tokens"),
                 "1 to 2147483647 of each");
  }
  if (request.parent < -1 || request.parent >= position) {
    return wrong(absl::StrCat("parent is ", request.parent), "an earlier request, or -1");
  }
  if (!std::isfinite(request.after_parent.value()) || request.after_parent < Seconds(0.0)) {
    return wrong(absl::StrCat("after_parent_s is ", request.after_parent.value()), "0 or more");
  }
  return CheckPrefix(request);
}

absl::Status TraceReader::Input::CheckPrefix(const Request& request) const {
  const auto hashed =
      static_cast<std::int64_t>(request.block_hashes.size()) * request.hash_block_tokens;
  if (hashed > request.input_tokens ||
      (request.hash_block_tokens == 0 && !request.block_hashes.empty())) {
    return Wrong(absl::StrCat("request ", position, ": ", request.block_hashes.size(),
                              " blocks of ", request.hash_block_tokens, " tokens"),
                 absl::StrCat("no more than its input of ", request.input_tokens));
  }
  if (request.shared_prefix_tokens < 0 || request.shared_prefix_tokens > request.input_tokens) {
    return Wrong(absl::StrCat("request ", position, ": shared_prefix_tokens is ",
                              request.shared_prefix_tokens),
                 absl::StrCat("no more than its input of ", request.input_tokens));
  }
  return absl::OkStatus();
}

bool TraceReader::Next(Request* request) {
  if (!outcome_.ok()) return false;
  const absl::StatusOr<bool> there = TryNext(request);
  outcome_ = there.status();
  return there.ok() && *there;
}

absl::StatusOr<bool> TraceReader::TryNext(Request* request) {
  Input& input = *input_;
  while (input.next == input.chunk.arrival_s_size()) {
    if (input.chunk.has_total_requests()) return false;
    RETURN_IF_ERROR(input.ReadChunk());
  }
  input.Take(origin_.block_tokens, request);
  RETURN_IF_ERROR(input.CheckRequest(*request));
  input.last_arrival = request->arrival;
  ++input.position;
  return true;
}

}  // namespace fleetsim
