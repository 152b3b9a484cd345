#include "controller/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "controller/report/layout.h"

namespace parallax::cli {
namespace {

constexpr int kDefaultColumns = 80;
constexpr int kMinColumns = 60;
constexpr int kMaxColumns = 120;

bool Dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) == "dumb" || *term == '\0';
}

}  // namespace

bool UseColour(std::string_view choice, int fd) {
  if (choice == "always") return true;
  if (choice == "never") return false;
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(fd) != 0 && (no_color == nullptr || *no_color == '\0') && !Dumb();
}

int Columns(int fd) {
  winsize size{};
  if (isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
  return std::clamp<int>(size.ws_col, kMinColumns, kMaxColumns);
}

std::function<bool(const std::string&)> PersonAtTerminal() {
  std::FILE* probe = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 ? std::fopen("/dev/tty", "r+e") : nullptr;
  if (probe == nullptr) return nullptr;
  std::fclose(probe);
  return [](const std::string& question) {
    std::FILE* terminal = std::fopen("/dev/tty", "r+e");
    if (terminal == nullptr) return false;
    std::fprintf(terminal, "%s [y/N] ", report::Clean(question).c_str());
    std::fflush(terminal);
    char answer[16] = "";
    const bool read = std::fgets(answer, sizeof(answer), terminal) != nullptr;
    std::fclose(terminal);
    const std::string_view word(answer);
    return read && (word == "y\n" || word == "Y\n" || word == "yes\n");
  };
}

ProgressLine::ProgressLine() : on_(isatty(STDERR_FILENO) != 0 && !Dumb()) {}

void ProgressLine::Show(std::string_view text) {
  if (!on_) return;
  // One column less than there are: a full line would wrap on some terminals.
  const std::string line = report::Fit(report::Clean(text), static_cast<size_t>(Columns(STDERR_FILENO)) - 1);
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void ProgressLine::Clear() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace parallax::cli
