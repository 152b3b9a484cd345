#!/usr/bin/env bash
# tests/deploy/run.sh [--fast] [--arm64] [--build DIR] [--no-install]: what deploy/ gives to users, used: the
# package, the image, manual pages and completions, the files for ECS, Kubernetes, compose, SST and systemd.
#   --fast        leaves out the image's own build stage (the image is made of the programs under test)
#   --arm64       also cross-builds for arm64 in a bare Debian: ten minutes more on two cores
#   --build DIR   the programs of this build; without it build/release is built
#   --no-install  trusts that the packages of deploy/packages.txt are there
# Ends non-zero on any failure; the last line counts: "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 1

fast='' arm64='' build='' install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --fast) fast=yes ;;
    --arm64) arm64=yes ;;
    --build) build=${2:?--build needs a directory}; shift ;;
    --no-install) install='' ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "tests/deploy/run.sh: unknown option '$1'; it knows --fast, --arm64, --build DIR, --no-install" >&2; exit 2 ;;
  esac
  shift
done
end() { echo "FAIL: $*"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }

if [ -n "$install" ]; then
  deploy/install-packages.sh build deploy ${arm64:+arm64} || end packages
fi
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
mkdir -p build
if [ -z "$build" ]; then
  build=build/release
  cmake --preset release >build/deploy.build.log 2>&1 || { tail -20 build/deploy.build.log; end "cmake --preset release"; }
fi
# The programs, and what is compressed to be installed beside them.
cmake --build "$build" --target parallax parallax_agent_component parallax_installed_files >>build/deploy.build.log 2>&1 ||
  { grep -nE 'error|FAILED' build/deploy.build.log | head -20; tail -5 build/deploy.build.log; end "the build of $build"; }

PARALLAX_BUILD=$(realpath "$build"); export PARALLAX_BUILD
modules=(manual_test manifests_test types_test package_test container_test)
[ -n "$fast" ] || export PARALLAX_IMAGE=whole
[ -z "$arm64" ] || modules+=(arm64_test)
# Debian's own python3: the modules that the tests import are its packages.
exec /usr/bin/python3 tests/deploy/suite.py "${modules[@]}"
