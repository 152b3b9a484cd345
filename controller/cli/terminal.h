// What the process's own terminal can do, and the one line of progress on it.
//
// One thread at a time.
#ifndef PARALLAX_CONTROLLER_CLI_TERMINAL_H_
#define PARALLAX_CONTROLLER_CLI_TERMINAL_H_

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

namespace parallax::cli {

// --color: "always", "never", or "auto": a terminal, no NO_COLOR (https://no-color.org), TERM not "dumb".
bool UseColour(std::string_view choice, int fd);

// Of the terminal behind `fd`; 80 where there is none; in 60..120: longer lines are not read.
int Columns(int fd);

// Asks a yes-or-no question on the terminal of this process; only "y" and "yes" are a yes. It is given up once
// `interrupted` (may be null).
using Asking = std::function<bool(const std::string& question, const std::atomic<bool>* interrupted)>;
// Null where there is nobody to ask: no terminal, or stdin or stderr lead elsewhere.
Asking PersonAtTerminal();

// One line on stderr, overwritten, and gone at the end; nothing at all where stderr is no terminal.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(std::string_view text);  // "": as Clear
  void Clear();

 private:
  const bool on_;
  bool shown_ = false;
};

}  // namespace parallax::cli

#endif  // PARALLAX_CONTROLLER_CLI_TERMINAL_H_
