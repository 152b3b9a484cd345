#!/usr/bin/env bash
# tests/run.sh [--fast] [--times N] [--no-install]: every test of the project, on a bare Debian 12 or 13.
#   --fast        leaves out the sanitizer builds, the lab, the packages and images of deploy/ and fuzzing
#   --times N     how often each lab scenario runs (default 1)
#   --no-install  trusts that the packages of deploy/packages.txt are there
# Ends non-zero on any failure; says what each part took; the last line counts: "N passed, N failed, N skipped".
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

# timed NAME COMMAND...: runs it, and writes down the seconds by the clock and of the CPU.
mkdir -p build
took=build/took; : >$took
timed() {
  local name=$1 status
  shift
  local TIMEFORMAT="%R %U %S"
  { time "$@" 2>&4; } 4>&2 2>"build/time.$name"
  status=$?
  tail -1 "build/time.$name" | awk -v name="$name" '{printf "  %-16s %5.0f s   CPU %5.0f s\n", name, $1, $2 + $3}' >>$took
  rm -f "build/time.$name"
  return $status
}

# What compiles beside the lab gets only the time that the lab leaves: the lab's timings must stay its own.
beside() { nice -n 19 chrt --idle 0 "$@"; }

if [ -n "$install" ]; then
  # What is not needed is not installed.
  groups='build dev lab style'; [ -n "$fast" ] || groups='build dev lab style deploy fuzz browser'
  # shellcheck disable=SC2086
  timed packages deploy/install-packages.sh $groups || { echo "FAIL: packages"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi
# The cache serves one build folder with what another compiled by the same command.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# build_preset PRESET [HOW]: builds what the preset's tests need; HOW is a command that runs the build.
build_preset() {
  local preset=$1 log=build/$1.build.log
  shift
  echo "== $preset: build"
  # --fresh: what an earlier checkout left in the folder decides nothing.
  if ! { cmake --fresh --preset "$preset" && "$@" cmake --build --preset "$preset"; } >"$log" 2>&1; then
    grep -nE 'error|Error|FAILED' "$log" | head -40; tail -20 "$log"; fail "$preset: the build"; return 1
  fi
}

# test_preset PRESET: runs the unit, e2e and replay tests of a build.
test_preset() {
  local preset=$1 log=build/$1.test.log status ok bad skip
  echo "== $preset: tests"
  ctest --test-dir "build/$preset" --timeout 300 -j2 -V >"$log" 2>&1
  status=$?
  ok=$(total "$log" '^[0-9]+: \[  PASSED  \] ([0-9]+) tests?\..*')
  bad=$(total "$log" '^[0-9]+: \[  FAILED  \] ([0-9]+) tests?, listed below:.*')
  skip=$(total "$log" '^[0-9]+: \[  SKIPPED \] ([0-9]+) tests?, listed below:.*')
  echo "$preset: $ok passed, $bad failed, $skip skipped"
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  [ "$skip" -gt 0 ] && grep -E 'Skipped$|SKIP' "$log" | sort -u | head -20
  if [ "$skip" -gt 0 ] && [ "${CI:-}" = true ]; then fail "$preset: $skip tests skipped, and this machine must skip none"; fi
  if [ $status -ne 0 ]; then
    grep -E '\*\*\*|\[  FAILED  \]|Failure$|ERROR: |WARNING: ThreadSanitizer|runtime error' "$log" | sort -u | head -40
    [ "$bad" -gt 0 ] || fail "$preset: ctest ended with $status, see $log"
  fi
  if [ "$ok" -eq 0 ]; then fail "$preset: no test ran"; fi
}

# count NAME STATUS: of a suite that counts by itself: the last line of build/NAME.log says "N passed, N failed, N skipped".
count() {
  local name=$1 status=$2 line ok bad skip
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "build/$name.log" | tail -1)
  read -r ok _ bad _ skip _ <<<"${line:-0 x 0 x 0 x}"
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  if [ -z "$line" ]; then fail "$name: it ended with $status and counted nothing, see build/$name.log"
  elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then fail "$name: ended with $status"
  elif [ "$skip" -gt 0 ] && [ "${CI:-}" = true ]; then fail "$name: $skip skipped, and this machine must skip none"; fi
}
logged() { # NAME COMMAND...: its output in build/NAME.log and here
  local log=build/$1.log
  shift
  "$@" 2>&1 | tee "$log"
  return "${PIPESTATUS[0]}"
}
checked() { # NAME COMMAND...: one that passes or fails as a whole
  local name=$1
  shift
  echo "== $name: $*"
  if timed "$name" logged "$name" "$@"; then passed=$((passed + 1)); else fail "$name, see build/$name.log"; fi
}
suite() { # NAME COMMAND...
  local name=$1
  shift
  echo "== $name: $*"
  timed "$name" logged "$name" "$@"
  count "$name" $?
}

# The lab and the examples, which use the same addresses of the machine one after the other. Their process's id is $lab.
lab=''
start_lab() {
  echo "== lab: in the background, three labs at once; its lines follow when it is done"
  rm -f build/lab.log build/examples.log build/lab.status build/examples.status
  (
    child=''
    # A lab that is told to end takes its namespaces down; nobody else would.
    trap '[ -z "$child" ] || kill "$child" 2>/dev/null; wait; exit 143' TERM
    for name in lab examples; do
      command=(python3 tests/lab/examples.py --bin build/dev)
      [ $name = examples ] || command=(python3 tests/lab/lab.py run --all --jobs 3 --times "$times" --bin build/dev)
      started=$SECONDS
      "${command[@]}" >"build/$name.log" 2>&1 &
      child=$!
      wait $child
      echo $? >"build/$name.status"
      printf '  %-16s %5.0f s   beside the builds\n' "$name" $((SECONDS - started)) >>$took
    done
  ) &
  lab=$!
}
end_lab() {
  [ -n "$lab" ] || return 0
  wait "$lab"
  lab=''
  local name
  for name in lab examples; do
    echo "== $name"
    cat build/$name.log
    count $name "$(cat build/$name.status)"
  done
}
trap '[ -z "$lab" ] || { kill -TERM "$lab"; wait "$lab"; }' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

echo "== structure"
if timed structure python3 tests/layering_test.py; then passed=$((passed + 1)); else fail "layering"; fi
if timed format tests/format.sh; then passed=$((passed + 1)); else fail "format: run tests/format.sh --fix"; fi

timed dev-build build_preset dev && timed dev-tests test_preset dev

if [ -z "$fast" ]; then
  if [ -x build/dev/parallax ] && [ -x build/dev/parallax-agent ]; then start_lab; else fail "lab: no programs to run"; fi
  built=()
  for preset in asan tsan; do
    timed $preset-build build_preset $preset beside && built+=("$preset")
  done
  # deploy and fuzz build again by themselves, and find everything built.
  timed release-build build_preset release beside
  timed fuzz-build build_preset fuzz beside
  checked tidy beside tests/tidy.sh
  checked plain beside tests/plain_build.sh
  suite fuzz beside tests/fuzz/run.sh --no-install --seconds 30
  timed lab-wait end_lab
  for preset in "${built[@]}"; do timed "$preset-tests" test_preset "$preset"; done
  suite browser python3 tests/browser/page_test.py
  suite deploy tests/deploy/run.sh --no-install
fi

echo "== what it took (of $SECONDS s)"
cat $took
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
