#!/usr/bin/env bash
# deploy/install-packages.sh GROUP...: installs the Debian packages of deploy/packages.txt that are missing, and nothing
# else. Says what it installs. Starts no service: the lab starts its own servers in its own namespaces.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || { echo "usage: install-packages.sh GROUP...; the groups are in packages.txt: $(awk '!/^#/ {print $1}' packages.txt | sort -u | tr '\n' ' ')" >&2; exit 2; }

missing=()
for group in "$@"; do
  grep -q "^$group " packages.txt || { echo "install-packages.sh: packages.txt has no group '$group'" >&2; exit 2; }
  for package in $(awk -v group="$group" '$1 == group {$1 = ""; print}' packages.txt); do
    # A program that is there by another way (npm from nodejs.org, say) is as good as the package.
    [ "$package" = npm ] && command -v npm >/dev/null && continue
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "These packages are missing and this is not Debian; install their equivalents by hand: ${missing[*]}" >&2; exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "These packages are missing; as root run: apt-get install --no-install-recommends ${missing[*]}" >&2; exit 1
fi
echo "installing by apt ($*): ${missing[*]}"

# No cluster and no daemon may start because of us: both are undone at the end.
undo=()
cleanup() { for file in "${undo[@]}"; do rm -f "$file"; done; }
trap cleanup EXIT
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; undo+=(/usr/sbin/policy-rc.d)
fi
if [ ! -e /etc/postgresql-common/createcluster.conf ] && [ ! -e /etc/postgresql-common/createcluster.d/parallax.conf ]; then
  mkdir -p /etc/postgresql-common/createcluster.d
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/parallax.conf
  undo+=(/etc/postgresql-common/createcluster.d/parallax.conf)
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log"; echo "install-packages.sh: apt could not install them; the whole log is $log" >&2; exit 1
fi
rm -f "$log"
