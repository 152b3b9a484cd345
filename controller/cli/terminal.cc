#include "controller/cli/terminal.h"

#include <fcntl.h>
#include <poll.h>
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
constexpr int kPollMs = 40;  // how often `interrupted` is looked at

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

Asking PersonAtTerminal() {
  const int probe =
      isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0 ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
  if (probe < 0) return nullptr;
  close(probe);
  return [](const std::string& question, const std::atomic<bool>* interrupted) {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) return false;
    dprintf(terminal, "%s [y/N] ", report::Clean(question).c_str());
    pollfd answers = {terminal, POLLIN, 0};
    // A Ctrl-C is a flag by now, which no read would notice.
    while (poll(&answers, 1, kPollMs) <= 0 && !(interrupted != nullptr && interrupted->load())) {
    }
    char line[256];
    const ssize_t got = answers.revents != 0 ? read(terminal, line, sizeof(line)) : 0;
    close(terminal);
    const std::string_view word(line, static_cast<size_t>(std::max<ssize_t>(0, got)));
    return word == "y\n" || word == "Y\n" || word == "yes\n";
  };
}

ProgressLine::ProgressLine() : on_(isatty(STDERR_FILENO) != 0 && !Dumb()) {}

void ProgressLine::Show(std::string_view text) {
  if (text.empty()) return Clear();
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
