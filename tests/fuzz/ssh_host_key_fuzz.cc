// What stands at a bastion's port: an sshd up to its host key, or something else.
#include "agent/net/ssh_host_key.h"
#include "tests/fuzz/fuzzed_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using parallax::fuzz::Require;
  std::string_view input = parallax::fuzz::View(data, size);
  parallax::fuzz::FuzzedStream stream(input, parallax::fuzz::TakeByte(&input));
  const parallax::net::SshBanner banner = parallax::net::ReadSshBanner(stream, 0);
  Require(banner.bytes_in <= parallax::net::kMaxBannerBytes);
  if (banner.failure != parallax::v1::NONE) return 0;
  Require(banner.line.starts_with("SSH-"));
  const parallax::net::SshHostKey key = parallax::net::AskSshHostKey(stream, banner, 0);
  Require(key.failure != parallax::v1::NONE || (!key.type.empty() && key.sha256.starts_with("SHA256:")));
  parallax::net::SshKeyType(input);
  return 0;
}
