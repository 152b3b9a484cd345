#!/usr/bin/env bash
# tests/tidy.sh [--all | FILE...]: clang-tidy over FILE..., over every source, or over what the last commit changed and a
# sixteenth of the others; how many commits there are chooses which sixteenth, so that many runs see everything.
set -u
cd "$(dirname "$0")/.." || exit 1
all='' files=()
while [ $# -gt 0 ]; do
  case $1 in
    --all) all=yes ;;
    -*) echo "tests/tidy.sh: unknown option '$1'; it knows --all" >&2; exit 2 ;;
    *) files+=("$1") ;;
  esac
  shift
done
command -v clang-tidy >/dev/null || { echo "tidy: clang-tidy is missing; run: deploy/install-packages.sh style"; exit 1; }

# It reads what the compiler reads: the commands, and the messages' headers.
if ! { cmake --preset tidy && cmake --build build/tidy --target parallax_generated; } >build/tidy.log 2>&1; then
  tail -5 build/tidy.log; echo "tidy: the preset cannot be configured, see build/tidy.log"; exit 1
fi
sources() { grep -E '^(agent|controller|proto)/.*\.cc$' | grep -v '_test\.cc$'; }
git_here() { git -c safe.directory="$PWD" "$@" 2>/dev/null; }
if [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(find agent controller proto -name '*.cc' | sources | sort)
  if [ -z "$all" ]; then
    part=$(( $(git_here rev-list --count HEAD || echo 0) % 16 ))
    mapfile -t files < <(
      git_here diff --name-only --diff-filter=d HEAD~1 | sources
      printf '%s\n' "${files[@]}" | awk -v part=$part 'NR % 16 == part')
  fi
fi

one() {
  if out=$(clang-tidy -p build/tidy --quiet "$1" 2>/dev/null); then echo "ok $1"; else echo "FAIL $1"; echo "$out"; fi
}
export -f one
printf '%s\n' "${files[@]}" | awk '!seen[$0]++' | xargs -P 2 -I{} bash -c 'one "$@"' _ {} >build/tidy.found
grep -v '^ok ' build/tidy.found | head -60
echo "tidy: $(grep -c '^ok ' build/tidy.found) files are clean, $(grep -c '^FAIL ' build/tidy.found) are not, of ${#files[@]}: $(grep -oE '[^ ]+\.cc$' build/tidy.found | tr '\n' ' ')"
grep -q '^ok ' build/tidy.found && ! grep -q '^FAIL ' build/tidy.found
