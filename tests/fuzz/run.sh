#!/usr/bin/env bash
# tests/fuzz/run.sh [--seconds N] [--no-install] [TARGET...]: runs each fuzzer for N seconds (default 30), on seeds made of
# tests/scenarios and on what earlier runs found. A finding is kept under build/fuzz/findings/TARGET; give it to
# build/fuzz/tests/fuzz/fuzz_TARGET to see it again. Ends non-zero on a finding; the last line counts.
set -u
cd "$(dirname "$0")/../.." || exit 1

seconds=30 install=yes targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --no-install) install='' ;;
    -h|--help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "tests/fuzz/run.sh: unknown option '$1'; it knows --seconds N, --no-install" >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
case $seconds in ''|*[!0-9]*|0) echo "tests/fuzz/run.sh: --seconds takes a whole number from 1, not '$seconds'" >&2; exit 2 ;; esac
known=()
for file in tests/fuzz/*_fuzz.cc; do name=${file##*/}; known+=("${name%_fuzz.cc}"); done
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
  [[ " ${known[*]} " == *" $target "* ]] || { echo "tests/fuzz/run.sh: no target '$target'; there are: ${known[*]}" >&2; exit 2; }
done

if [ -n "$install" ]; then
  deploy/install-packages.sh build dev fuzz || { echo "FAIL: packages"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
out=build/fuzz; mkdir -p $out
if ! { cmake --preset fuzz && cmake --build --preset fuzz --target fuzzers; } >build/fuzz.build.log 2>&1; then
  grep -nE 'error|FAILED' build/fuzz.build.log | head -20; tail -10 build/fuzz.build.log
  echo "FAIL: the build"; echo "0 passed, 1 failed, 0 skipped"; exit 1
fi
rm -rf $out/seeds
$out/tests/fuzz/make_seeds $out/seeds || { echo "FAIL: no seeds"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
mkdir -p $out/seeds/experiment
find deploy tests controller -name '*.yaml' -size -64k -exec cp --backup=numbered -t $out/seeds/experiment {} +

passed=0 failed=0
for target in "${targets[@]}"; do
  corpus=$out/corpus/$target findings=$out/findings/$target log=$out/$target.log
  mkdir -p "$corpus" "$findings" "$out/seeds/$target"
  # A stored run is large; the others say everything in a few kilobytes.
  longest=4096; [ "$target" = stored_run ] && longest=131072
  [[ $target == agent_* ]] && longest=65536
  if $out/tests/fuzz/fuzz_"$target" -max_total_time="$seconds" -max_len=$longest -timeout=10 -rss_limit_mb=2048 \
      -artifact_prefix="$findings/" -print_final_stats=1 "$corpus" "$out/seeds/$target" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $target: $(sed -nE 's/^stat::number_of_executed_units: +//p' "$log") inputs in $seconds s," \
      "$(sed -nE 's/^#[0-9]+\s+\w+ +cov: ([0-9]+) .*/\1/p' "$log" | tail -1) edges"
  else
    failed=$((failed + 1))
    echo "FAIL: $target: $(grep -m1 -E 'SUMMARY|ERROR: ' "$log"); see $log and $findings"
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
