// Splits a command as a shell splits words, for `exec:` vantages and `exec:` secret references. Pure; thread-safe.
//
// No shell is ever run: nothing is expanded, substituted, redirected or globbed.
#ifndef PARALLAX_PROTO_CONTRACT_SHELL_WORDS_H_
#define PARALLAX_PROTO_CONTRACT_SHELL_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace parallax::contract {

// Words are parted by spaces, tabs and newlines. 'single quotes' keep everything; "double quotes" keep everything but a
// backslash before ", \, $, ` or a newline; outside quotes a backslash keeps the next character (POSIX.1-2017,
// XCU 2.2). An operator or an expansion stays as it was written: `a | b` is three words. InvalidArgument, saying where,
// for an open quote, a backslash at the end, a NUL byte, or no word at all.
absl::StatusOr<std::vector<std::string>> SplitShellWords(std::string_view command);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_SHELL_WORDS_H_
