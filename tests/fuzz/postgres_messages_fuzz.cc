// What a PostgreSQL server, or whatever answers in its place, may send after the startup message.
#include "agent/probes/postgres/messages.h"
#include "contract/limits.h"
#include "tests/fuzz/fuzzed_stream.h"

namespace parallax {
namespace {

using fuzz::Require;

void ParseAsEverything(const probes::postgres::BackendMessage& message) {
  namespace postgres = probes::postgres;
  Require(message.body.size() <= postgres::kMaxMessageBytes);
  if (const auto request = postgres::ParseAuthentication(message.body); request.ok()) {
    Require(request->data.size() <= message.body.size());
  }
  const v1::ServerError error = postgres::ParseError(message.body);
  Require(error.message().size() <= contract::kMaxTextBytes + 3);
  Require(!error.SerializeAsString().empty() || error.ByteSizeLong() == 0);  // what is not UTF-8 is no protobuf string
  postgres::ParseParameter(message.body);
  if (const auto row = postgres::ParseRow(message.body); row.ok()) {
    size_t bytes = 0;
    for (const std::string& column : *row) bytes += column.size();
    Require(bytes <= message.body.size());
  }
  postgres::ParseBackendPid(message.body);
}

}  // namespace
}  // namespace parallax

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input = parallax::fuzz::View(data, size);
  const size_t piece = parallax::fuzz::TakeByte(&input);
  parallax::fuzz::FuzzedStream stream(input, piece);
  parallax::probes::postgres::BackendReader reader;
  while (stream.Read(reader.buffer(), 16 * 1024, 0).ok()) {
    for (;;) {
      auto next = reader.Next();
      if (!next.ok()) return 0;
      if (!next->has_value()) break;
      parallax::ParseAsEverything(**next);
    }
  }
  return 0;
}
