// What stands at a SOCKS port: a proxy's answers, or something else's.
#include "agent/probes/tunnel/socks5.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parallax::fuzz::Require;
  std::string_view input = parallax::fuzz::View(data, size);
  const uint8_t choice = parallax::fuzz::TakeByte(&input);
  const char* hosts[] = {"10.0.4.172", "fd00:4::172", "db.internal"};
  parallax::fuzz::FuzzedStream stream(input, choice >> 2);
  const parallax::probes::SocksAnswer answer =
      parallax::probes::ConnectBySocks(stream, hosts[choice % 3], 5432, /*deadline_ns=*/0);
  Require(!answer.replied || answer.greeted);
  Require(answer.failure != parallax::v1::FAILURE_UNSPECIFIED);
  Require(answer.failure != parallax::v1::NONE || (answer.replied && answer.reply == 0));
  return 0;
}
