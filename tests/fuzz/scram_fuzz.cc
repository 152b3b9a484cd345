// The server's half of a SCRAM exchange: its first message, a newline, its last one.
#include "agent/probes/postgres/scram.h"
#include "tests/fuzz/fuzzed_stream.h"

namespace {

// The iterations are bounded by a constant that has a unit test; here a million would only cost the fuzzer its time.
bool MayAskForManyIterations(std::string_view message) {
  size_t digits = 0;
  for (const char c : message) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 4) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace postgres = parallax::probes::postgres;
  std::string_view input = parallax::fuzz::View(data, size);
  const auto binding = static_cast<postgres::ChannelBinding>(parallax::fuzz::TakeByte(&input) % 3);
  const size_t newline = input.find('\n');
  const std::string_view first = input.substr(0, newline);
  const std::string_view last = newline == std::string_view::npos ? "" : input.substr(newline + 1);
  if (MayAskForManyIterations(first)) return 0;
  postgres::ScramClient client("pencil", binding, "end point", "fuzz");
  parallax::fuzz::Require(!client.VerifyServerFinal(last).ok());  // before there is anything to verify
  const auto proof = client.ClientFinal(first);
  if (proof.ok()) {
    parallax::fuzz::Require(proof->starts_with("c="));
    // Unless the server said it first, in its nonce.
    parallax::fuzz::Require(first.find("pencil") != std::string_view::npos ||
                            proof->find("pencil") == std::string::npos);
  }
  // No fuzzer finds an HMAC: who passes here passes without the password.
  parallax::fuzz::Require(!client.VerifyServerFinal(last).ok());
  postgres::Md5Hex(input);
  return 0;
}
