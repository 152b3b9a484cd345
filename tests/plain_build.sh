#!/usr/bin/env bash
# tests/plain_build.sh [1-6]: builds the programs as a stranger would, without a preset. There are six such builds, of which a
# day has one: the day of the year chooses, or the argument does.
set -u
cd "$(dirname "$0")/.." || exit 1
builds=("g++ Release" "clang++ Debug" "g++ RelWithDebInfo" "clang++ Release" "g++ Debug" "clang++ RelWithDebInfo")
number=${1:-$(( 10#$(date -u +%j) % 6 + 1 ))}
case $number in [1-6]) ;; *) echo "tests/plain_build.sh: takes a number from 1 to 6, not '$number'" >&2; exit 2 ;; esac
read -r compiler type <<<"${builds[number - 1]}"
command -v "$compiler" >/dev/null || { echo "plain build: $compiler is not installed; run: deploy/install-packages.sh build fuzz"; exit 1; }
folder=build/plain-$compiler-$type log=build/plain.log
echo "== plain build $number of 6: $compiler $type"
if ! { cmake -G Ninja -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE="$type" &&
       cmake --build "$folder" --target parallax parallax_agent_component; } >$log 2>&1; then
  grep -nE 'error|FAILED' $log | head -20; tail -5 $log; echo "plain build: $compiler $type does not build, see $log"; exit 1
fi
echo "plain build: $compiler $type, with $(grep -c 'warning:' $log) warnings"
