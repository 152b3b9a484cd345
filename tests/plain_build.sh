#!/usr/bin/env bash
# tests/plain_build.sh [1-12]: builds one of the two programs as a stranger would, without a preset. There are twelve such
# builds, of which a day has one: the day of the year chooses, or the argument does.
set -u
cd "$(dirname "$0")/.." || exit 1
builds=("g++ Release" "clang++ Debug" "g++ RelWithDebInfo" "clang++ Release" "g++ Debug" "clang++ RelWithDebInfo")
number=${1:-$(( 10#$(date -u +%j) % 12 + 1 ))}
case $number in [1-9]|1[0-2]) ;; *) echo "tests/plain_build.sh: takes a number from 1 to 12, not '$number'" >&2; exit 2 ;; esac
read -r compiler type <<<"${builds[(number - 1) / 2]}"
[ $((number % 2)) = 1 ] && program=parallax_agent_component || program=parallax
command -v "$compiler" >/dev/null || { echo "plain build: $compiler is not installed; run: deploy/install-packages.sh build dev"; exit 1; }
folder=build/plain-$compiler-$type log=build/plain.log
echo "== plain build $number of 12: $program by $compiler, $type"
if ! { cmake -G Ninja -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE="$type" &&
       cmake --build "$folder" --target "$program"; } >$log 2>&1; then
  grep -nE 'error|FAILED' $log | head -20; tail -5 $log; echo "plain build: $program by $compiler, $type: it does not build, see $log"; exit 1
fi
echo "plain build: $program by $compiler, $type, with $(grep -c 'warning:' $log) warnings"
