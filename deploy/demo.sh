#!/usr/bin/env bash
# deploy/demo.sh [--scenario NAME] [--list] [--keep] [--no-install]: the incident on one machine, and what Parallax says.
# Brings up a lab with a real broken tunnel in network namespaces, asks nc and psql, runs `parallax compare`, and takes
# the lab down, also when interrupted.
#   --scenario NAME  another fault than the incident
#   --list           the faults there are (needs neither root nor packages)
#   --keep           leaves the lab up, to play with
#   --no-install     trusts that the packages of deploy/packages.txt are there
# Exit 0 when the verdict was the expected one, else 1. Needs root.
set -u
cd "$(dirname "$0")/.." || exit 1

scenario=tunnel-started-against-a-stale-bastion-address keep='' install=yes list=''
while [ $# -gt 0 ]; do
  case $1 in
    --scenario) scenario=${2:?--scenario needs a name; see --list}; shift ;;
    --list) list=yes ;;
    --keep) keep=yes ;;
    --no-install) install='' ;;
    -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option '$1'; it knows --scenario NAME, --list, --keep, --no-install" >&2; exit 2 ;;
  esac
  shift
done

if [ -n "$list" ]; then
  for file in tests/lab/scenarios/*.toml; do
    printf '%s\n    %s\n' "$(basename "$file" .toml)" "$(sed -n 's/^sentence = "\(.*\)"$/\1/p' "$file")"
  done
  exit 0
fi
if [ ! -f "tests/lab/scenarios/$scenario.toml" ]; then
  echo "demo.sh: no scenario '$scenario'; deploy/demo.sh --list shows them" >&2; exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "demo.sh: network namespaces need root; run it as root on a machine (or VM) where it may make them" >&2; exit 1
fi

if [ -n "$install" ]; then deploy/install-packages.sh build lab || exit 1; fi

mkdir -p build
log=build/demo.build.log
echo "building the release preset (minutes, the first time; the log is $log)"
export CCACHE_BASEDIR=$PWD
progress() { # in tenths: a first build is long, and silence reads as a hang
  local line last=0 tenth
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      tenth=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
      if [ $tenth -gt $last ]; then last=$tenth; printf ' %d%%' $((tenth * 10)); fi
    fi
  done
  if [ $last -gt 0 ]; then echo; fi
}
set -o pipefail
build() { cmake --preset release && cmake --build --preset release --target parallax parallax-agent parallax_shaper; }
if ! build 2>&1 | tee "$log" | progress; then
  grep -nE 'error|Error|FAILED' "$log" | head -20; tail -5 "$log"
  echo "demo.sh: the build failed; the whole log is $log" >&2; exit 1
fi

# lab.py takes the lab down at its end, whatever ends it: SIGINT, SIGTERM and SIGHUP too.
exec python3 tests/lab/lab.py demo "$scenario" --bin build/release ${keep:+--keep}
