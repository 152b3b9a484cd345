#!/usr/bin/env bash
# tests/bench/run.sh [--bin DIR] [--rounds N] [--json] [--no-install] [ROW...]: measures the release against Debian's
# prometheus-blackbox-exporter, libpq and a bare connect loop, all in one run, and prints one table of ratios.
#   --bin DIR     measures the programs of this build directory; without it build/release is built
#   --rounds N    how often the contestants take turns (default 5)
#   ROW           fidelity, rate, memory, postgres, start; all when none is named
# Ends with 0 when everything could be measured, met or not. Starts no service; needs no root once packages are there.
set -eu
cd "$(dirname "$0")/../.."

bin='' install=yes arguments=()
while [ $# -gt 0 ]; do
  case $1 in
    --bin) bin=${2:?--bin needs a build directory}; shift ;;
    --no-install) install='' ;;
    -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
[ -z "$install" ] || deploy/install-packages.sh build bench >&2
if [ -z "$bin" ]; then
  bin=build/release
  export CCACHE_BASEDIR=$PWD
  mkdir -p build
  { cmake --preset release && cmake --build --preset release --target parallax parallax-agent parallax-bench; } \
    >build/bench.build.log 2>&1 || { tail -20 build/bench.build.log >&2; echo "run.sh: the build failed" >&2; exit 1; }
fi
exec "$bin/parallax-bench" --bin "$bin" "${arguments[@]}"
