#!/usr/bin/env bash
# tests/tidy.sh [--seconds N] [FILE...]: clang-tidy over FILE..., or over what the last commit changed and then over as many
# others as begin within N seconds (default 180); the commit chooses which, so that many runs see everything.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=180 files=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    -*) echo "tests/tidy.sh: unknown option '$1'; it knows --seconds N" >&2; exit 2 ;;
    *) files+=("$1") ;;
  esac
  shift
done
case $seconds in ''|*[!0-9]*) echo "tests/tidy.sh: --seconds takes a whole number, not '$seconds'" >&2; exit 2 ;; esac
command -v clang-tidy >/dev/null || { echo "tidy: clang-tidy is missing; run: deploy/install-packages.sh style"; exit 1; }

# It reads what the compiler reads: the commands, and the messages' headers.
if ! { cmake --preset tidy && cmake --build build/tidy --target parallax_generated; } >build/tidy.log 2>&1; then
  tail -5 build/tidy.log; echo "tidy: the preset cannot be configured, see build/tidy.log"; exit 1
fi
named=${#files[@]}
if [ "$named" -eq 0 ]; then
  mapfile -t all < <(find agent controller proto -name '*.cc' ! -name '*_test.cc' | sort)
  mapfile -t changed < <(git -c safe.directory="$PWD" diff --name-only --diff-filter=d HEAD~1 2>/dev/null |
    grep -E '^(agent|controller|proto)/.*\.cc$' | grep -v '_test\.cc$')
  first=$(git -c safe.directory="$PWD" rev-parse HEAD 2>/dev/null || echo 0)
  first=$(( 16#${first:0:7} % ${#all[@]} ))
  files=("${changed[@]}" "${all[@]:first}" "${all[@]:0:first}")
fi

# Two at a time, and none begins once the time is over.
one() {
  [ "$3" -ne 0 ] || [ "$(date +%s)" -lt "$2" ] || exit 0
  if out=$(clang-tidy -p build/tidy --quiet "$1" 2>/dev/null); then echo "ok $1"; else echo "FAIL $1"; echo "$out"; fi
}
export -f one
until=$(( $(date +%s) + seconds ))
printf '%s\n' "${files[@]}" | awk '!seen[$0]++' | xargs -P 2 -I{} bash -c 'one "$@"' _ {} $until "$named" >build/tidy.found
grep -v '^ok ' build/tidy.found | head -60
echo "tidy: $(grep -c '^ok ' build/tidy.found) files are clean, $(grep -c '^FAIL ' build/tidy.found) are not, of ${#files[@]}: $(grep -oE '[^ ]+\.cc$' build/tidy.found | tr '\n' ' ')"
grep -q '^ok ' build/tidy.found && ! grep -q '^FAIL ' build/tidy.found
