#include "controller/conduct/surroundings.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace parallax::conduct {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

}  // namespace

plan::FileText ReadPlainFile(const std::string& path) {
  plan::FileText file;
  // O_NONBLOCK: opening a pipe would wait for who writes it.
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    file.there = errno != ENOENT && errno != ENOTDIR;
    file.regular = true;  // as far as can be said
    file.private_file = true;
    if (file.there) file.error = std::strerror(errno);
    return file;
  }
  struct stat facts {};
  file.there = fstat(fd, &facts) == 0;
  file.regular = file.there && S_ISREG(facts.st_mode);
  file.private_file = (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  std::array<char, 16 * 1024> buffer;
  while (file.regular && file.error.empty()) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got < 0) {
      if (errno != EINTR) file.error = std::strerror(errno);
      continue;
    }
    file.text.append(buffer.data(), static_cast<size_t>(got));
    if (file.text.size() > kMaxFileBytes) file.error = "it is larger than 1 MiB";
  }
  close(fd);
  return file;
}

plan::Surroundings OurSurroundings() {
  plan::Surroundings around;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const size_t equals = variable.find('=');
    if (!variable.starts_with("PG") || equals == std::string_view::npos) continue;
    around.variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  std::vector<char> buffer(16 * 1024);
  passwd record{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &record, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    around.os_user = found->pw_name;
    around.home = found->pw_dir;
  }
  // libpq of today asks HOME first.
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') around.home = home;
  around.read = &ReadPlainFile;
  return around;
}

}  // namespace parallax::conduct
