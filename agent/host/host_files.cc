#include "agent/host/host_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/net/address.h"
#include "agent/net/ssh_host_key.h"
#include "contract/limits.h"

namespace parallax::host {
namespace {

std::vector<std::string> Words(const std::string& line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
}

std::vector<std::string> Lines(std::string_view text) { return absl::StrSplit(std::string(text), '\n'); }

}  // namespace

std::string ReadSmallFile(const std::string& path, size_t max_bytes) {
  const int fd =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO in the place of a file must not hang us
  if (fd < 0) return "";
  std::string text(max_bytes, '\0');
  size_t size = 0;
  while (size < max_bytes) {
    const ssize_t got = read(fd, text.data() + size, max_bytes - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  close(fd);
  text.resize(size);
  return text;
}

ResolverConfig ParseResolvConf(std::string_view text) {
  ResolverConfig config;
  for (const std::string& line : Lines(text)) {
    const std::vector<std::string> words = Words(line);
    if (words.size() < 2) continue;
    if (words[0] == "nameserver" && config.addresses.size() < 8) {
      if (net::IsNumericAddress(words[1])) config.addresses.push_back(words[1]);
    } else if (words[0] == "search" || words[0] == "domain") {
      config.search.clear();
      for (size_t i = 1; i < words.size() && config.search.size() < 32; ++i) {
        config.search.push_back(contract::Printable(words[i], contract::kMaxNameBytes));
      }
    }
  }
  return config;
}

std::string SshKeyFingerprint(std::string_view line) {
  const std::vector<std::string> words = Words(std::string(line));
  std::string blob;
  if (words.size() < 2 || !absl::Base64Unescape(words[1], &blob)) return "";
  // The blob names its own type, which must be the one in the line.
  const std::string type = net::SshKeyType(blob);
  if (type.empty() || type != words[0]) return "";
  return absl::StrCat(type, " ", net::SshFingerprint(blob));
}

std::vector<std::string> ReadSshHostKeys(const std::string& folder) {
  std::vector<std::string> keys;
  DIR* entries = opendir(folder.c_str());
  if (entries == nullptr) return keys;
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with("ssh_host_") || !name.ends_with("_key.pub") || keys.size() >= 16) continue;
    const std::string key = SshKeyFingerprint(ReadSmallFile(absl::StrCat(folder, "/", entry->d_name)));
    if (!key.empty()) keys.push_back(contract::Printable(key, 200));
  }
  closedir(entries);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace parallax::host
