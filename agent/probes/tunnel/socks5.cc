#include "agent/probes/tunnel/socks5.h"

#include "absl/strings/str_cat.h"
#include "agent/net/address.h"

namespace parallax::probes {
namespace {

constexpr char kVersion = 5;
constexpr char kNoAuthentication = 0;

SocksAnswer Failed(SocksAnswer answer, v1::Failure failure, std::string text) {
  answer.failure = failure;
  answer.text = std::move(text);
  return answer;
}

// Exactly `size` bytes; what fails before the first of them is *before the first byte* of this message.
net::IoResult ReadExactly(net::ByteStream& stream, size_t size, int64_t deadline_ns, std::string* to) {
  const size_t before = to->size();
  while (to->size() < before + size) {
    net::IoResult got = stream.Read(to, before + size - to->size(), deadline_ns);
    if (got.ok()) continue;
    if (to->empty() && got.failure == v1::CLOSED) got.failure = v1::CLOSED_BEFORE_FIRST_BYTE;
    if (to->empty() && got.failure == v1::RESET) got.failure = v1::RESET_BEFORE_FIRST_BYTE;
    return got;
  }
  return {};
}

v1::Failure FromReply(uint8_t reply) {
  switch (reply) {
    case 0: return v1::NONE;
    case 3:
    case 4: return v1::UNREACHABLE;
    case 5: return v1::REFUSED;
    case 6: return v1::TIMED_OUT;
    default: return v1::SERVER_ERROR;
  }
}

std::string ReplyWords(uint8_t reply) {
  constexpr const char* kWords[] = {"succeeded",           "general failure",       "not allowed by the ruleset",
                                    "network unreachable", "host unreachable",      "connection refused",
                                    "TTL expired",         "command not supported", "address type not supported"};
  return reply < std::size(kWords) ? kWords[reply] : absl::StrCat("reply ", int{reply});
}

}  // namespace

SocksAnswer GreetSocks(net::ByteStream& stream, int64_t deadline_ns) {
  SocksAnswer answer;
  const std::string hello = {kVersion, 1, kNoAuthentication};
  if (net::IoResult sent = stream.Write(hello, deadline_ns); !sent.ok()) {
    answer.os_error = sent.os_error;
    return Failed(answer, sent.failure, sent.text);
  }
  std::string chosen;
  if (net::IoResult got = ReadExactly(stream, 2, deadline_ns, &chosen); !got.ok()) {
    answer.os_error = got.os_error;
    if (!chosen.empty() && chosen[0] != kVersion) return Failed(answer, v1::UNEXPECTED_FIRST_BYTE, "no SOCKS5 server");
    return Failed(answer, got.failure, got.text);
  }
  if (chosen[0] != kVersion) return Failed(answer, v1::UNEXPECTED_FIRST_BYTE, "no SOCKS5 server");
  answer.greeted = true;
  if (chosen[1] != kNoAuthentication) return Failed(answer, v1::AUTH_REJECTED, "the proxy wants authentication");
  return answer;
}

SocksAnswer ConnectBySocks(net::ByteStream& stream, const std::string& host, uint16_t port, int64_t deadline_ns) {
  SocksAnswer answer = GreetSocks(stream, deadline_ns);
  if (answer.failure != v1::NONE) return answer;
  std::string request = {kVersion, 1, 0};
  if (const std::string address = net::AddressToBytes(host); !address.empty()) {
    request.push_back(address.size() == 4 ? 1 : 4);
    request += address;
  } else {
    if (host.empty() || host.size() > 255) return Failed(answer, v1::LOCAL_RESOURCE, "a name has 1 to 255 bytes");
    request.push_back(3);
    request.push_back(static_cast<char>(host.size()));
    request += host;
  }
  request.push_back(static_cast<char>(port >> 8));
  request.push_back(static_cast<char>(port & 0xff));
  if (net::IoResult sent = stream.Write(request, deadline_ns); !sent.ok()) {
    answer.os_error = sent.os_error;
    return Failed(answer, sent.failure, sent.text);
  }
  std::string reply;
  if (net::IoResult got = ReadExactly(stream, 4, deadline_ns, &reply); !got.ok()) {
    answer.os_error = got.os_error;
    return Failed(answer, got.failure, got.text.empty() ? "no reply to CONNECT" : got.text);
  }
  if (reply[0] != kVersion) return Failed(answer, v1::PROTOCOL_VIOLATION, "a reply of another version");
  answer.replied = true;
  answer.reply = static_cast<uint8_t>(reply[1]);
  if (answer.reply != 0) return Failed(answer, FromReply(answer.reply), ReplyWords(answer.reply));
  // The bound address, so that what follows is the destination's.
  size_t rest = 0;
  std::string bound;
  switch (reply[3]) {
    case 1: rest = 4 + 2; break;
    case 4: rest = 16 + 2; break;
    case 3:
      if (net::IoResult got = ReadExactly(stream, 1, deadline_ns, &bound); !got.ok()) {
        return Failed(answer, got.failure, got.text);
      }
      rest = size_t{static_cast<unsigned char>(bound[0])} + 2;
      break;
    default: return Failed(answer, v1::PROTOCOL_VIOLATION, "a reply with an unknown type of address");
  }
  if (net::IoResult got = ReadExactly(stream, rest, deadline_ns, &bound); !got.ok()) {
    return Failed(answer, got.failure, got.text);
  }
  return answer;
}

}  // namespace parallax::probes
