#include "contract/agent_token.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "contract/limits.h"

namespace parallax::contract {
namespace {

constexpr char kHowToMake[] = "make one with: (umask 077; openssl rand -hex 32 > token)";

// Closed by whoever opens it.
absl::StatusOr<std::string> ReadOpen(int fd, const std::string& shown) {
  struct stat facts {};
  if (fstat(fd, &facts) != 0) return absl::NotFoundError(absl::StrCat("token file '", shown, "': ", strerror(errno)));
  if (!S_ISREG(facts.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("token file '", shown, "' is not a regular file"));
  }
  if (facts.st_uid != geteuid() && facts.st_uid != 0) {
    return absl::PermissionDeniedError(absl::StrCat("token file '", shown, "' belongs to uid ", facts.st_uid,
                                                    ", who can change it: it must be of the user that reads it (uid ",
                                                    geteuid(), ") or of root"));
  }
  if ((facts.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("token file '", shown, "' has mode ", absl::StrFormat("%04o", facts.st_mode & 07777),
                     ", so that others than its user can get at it: chmod 600 '", shown, "'"));
  }
  std::string text(kMaxTokenBytes + 3, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::NotFoundError(absl::StrCat("token file '", shown, "': ", strerror(errno)));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

absl::Status CheckToken(std::string_view token) {
  const bool plain = std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > ' ' && c < 0x7F; });
  if (plain && token.size() >= kMinTokenBytes && token.size() <= kMaxTokenBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a token is one word of ", kMinTokenBytes, " to ", kMaxTokenBytes, " printable characters, and this one ",
      plain ? absl::StrCat("has ", token.size()) : "has others; is it a token?", ": ", kHowToMake));
}

absl::StatusOr<std::string> ReadTokenFile(const std::string& path) {
  const std::string shown = Printable(path, 200);
  // O_NONBLOCK: a FIFO must not hang us.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return absl::NotFoundError(
        absl::StrCat("cannot read the token file '", shown, "': ", strerror(errno), "; ", kHowToMake));
  }
  auto token = ReadOpen(fd, shown);
  close(fd);
  if (!token.ok()) return token;
  if (absl::Status status = CheckToken(*token); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("token file '", shown, "': ", std::string(status.message())));
  }
  return token;
}

absl::StatusOr<std::string> TakeToken(std::string_view ref) {
  if (ref.starts_with("file:") && ref.size() > 5) return ReadTokenFile(std::string(ref.substr(5)));
  if (!ref.starts_with("env:") || ref.size() == 4) {
    return absl::InvalidArgumentError("the token is named by a reference: write env:NAME or file:PATH");
  }
  const std::string name(ref.substr(4));
  const std::string shown = Printable(name, 80);
  char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return absl::NotFoundError(
        absl::StrCat("the token is to be in the environment as ", shown, ", which is not set: ", kHowToMake));
  }
  std::string token = value;
  OPENSSL_cleanse(value, token.size());  // what /proc/PID/environ shows is this very memory
  unsetenv(name.c_str());
  if (absl::Status status = CheckToken(token); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the variable ", shown, ": ", std::string(status.message())));
  }
  return token;
}

bool SameToken(std::string_view token, std::string_view shown) {
  unsigned char ours[SHA256_DIGEST_LENGTH];
  unsigned char theirs[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), ours);
  SHA256(reinterpret_cast<const unsigned char*>(shown.data()), shown.size(), theirs);
  return CRYPTO_memcmp(ours, theirs, sizeof(ours)) == 0;
}

}  // namespace parallax::contract
