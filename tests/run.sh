#!/usr/bin/env bash
# tests/run.sh [--fast] [--times N] [--no-install]: every test of the project, on a bare Debian 12 or 13.
#   --fast        leaves out the sanitizer builds, the lab, the packages and images of deploy/, and fuzzing
#   --times N     how often each lab scenario runs (default 1)
#   --no-install  trusts that the packages of deploy/packages.txt are there
# Ends non-zero on any failure; the last line counts: "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1

fast='' times=1 install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=yes ;;
    --times) times=${2:?--times needs a number}; shift ;;
    --no-install) install='' ;;
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "tests/run.sh: unknown option '$1'; it knows --fast, --times N, --no-install" >&2; exit 2 ;;
  esac
  shift
done
case $times in ''|*[!0-9]*|0) echo "tests/run.sh: --times takes a whole number from 1, not '$times'" >&2; exit 2 ;; esac

passed=0 failed=0 skipped=0
fail() { echo "FAIL: $*"; failed=$((failed + 1)); }
total() { # the sum of the first number of the lines of $1 that match $2
  sed -nE "s/$2/\1/p" "$1" | awk '{sum += $1} END {print sum + 0}'
}

if [ -n "$install" ]; then
  # What is not needed is not installed.
  groups='build lab'; [ -n "$fast" ] || groups='build lab deploy fuzz'
  # shellcheck disable=SC2086
  deploy/install-packages.sh $groups || { echo "FAIL: packages"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi
export CCACHE_BASEDIR=$PWD

# build_and_test PRESET: builds everything of a preset and runs its unit, e2e and replay tests.
build_and_test() {
  local preset=$1 log
  echo "== $1: build"
  log=build/$1.build.log; mkdir -p build
  if ! { cmake --preset "$1" && cmake --build --preset "$1"; } >"$log" 2>&1; then
    grep -nE 'error|Error|FAILED' "$log" | head -40; tail -20 "$log"; fail "$1: the build"; return 1
  fi
  echo "== $1: tests"
  log=build/$1.test.log
  ctest --test-dir "build/$1" --timeout 300 -j2 -V >"$log" 2>&1
  local status=$?
  local ok bad skip
  ok=$(total "$log" '^[0-9]+: \[  PASSED  \] ([0-9]+) tests?\..*')
  bad=$(total "$log" '^[0-9]+: \[  FAILED  \] ([0-9]+) tests?, listed below:.*')
  skip=$(total "$log" '^[0-9]+: \[  SKIPPED \] ([0-9]+) tests?, listed below:.*')
  echo "$1: $ok passed, $bad failed, $skip skipped"
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  [ "$skip" -gt 0 ] && grep -E 'Skipped$|SKIP' "$log" | sort -u | head -20
  if [ "$skip" -gt 0 ] && [ "${CI:-}" = true ]; then fail "$1: $skip tests skipped, and this machine must skip none"; fi
  if [ $status -ne 0 ]; then
    grep -E '\*\*\*|\[  FAILED  \]|Failure$|ERROR: |WARNING: ThreadSanitizer|runtime error' "$log" | sort -u | head -40
    [ "$bad" -gt 0 ] || fail "$1: ctest ended with $status, see $log"
  fi
  if [ "$ok" -eq 0 ]; then fail "$1: no test ran"; fi
}

echo "== structure"
if python3 tests/layering_test.py; then passed=$((passed + 1)); else fail "layering"; fi

build_and_test dev
dev=$?

# suite NAME COMMAND...: tests that count by themselves: their last line says "N passed, N failed, N skipped".
suite() {
  local name=$1 line status ok bad skip
  shift
  echo "== $name: $*"
  "$@" 2>&1 | tee "build/$name.log"
  status=${PIPESTATUS[0]}
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "build/$name.log" | tail -1)
  read -r ok _ bad _ skip _ <<<"${line:-0 x 0 x 0 x}"
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  if [ -z "$line" ]; then fail "$name: it ended with $status and counted nothing, see build/$name.log"
  elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then fail "$name: ended with $status"
  elif [ "$skip" -gt 0 ] && [ "${CI:-}" = true ]; then fail "$name: $skip skipped, and this machine must skip none"; fi
}

if [ -z "$fast" ]; then
  build_and_test asan
  build_and_test tsan
  if [ $dev -eq 0 ] || [ -x build/dev/parallax ]; then
    suite lab python3 tests/lab/lab.py run --all --times "$times" --bin build/dev
    suite examples python3 tests/lab/examples.py --bin build/dev
  fi
  suite deploy tests/deploy/run.sh --no-install
  suite fuzz tests/fuzz/run.sh --seconds 30
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
