#!/bin/sh
# deploy/agent/collect.sh ROOT: makes ROOT, into which the component `agent` was installed, a whole root file system:
# adds the shared libraries of its programs, certificate authorities, name lookup and a user that is not root. Taken from
# the machine it runs on, which is to be the Debian that compiled them.
set -eu
root=${1:?usage: collect.sh ROOT}
[ -x "$root/usr/bin/parallax-agent" ] || { echo "collect.sh: $root/usr/bin has no parallax-agent; install the component 'agent' there first" >&2; exit 2; }
for file in /etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf; do
  [ -e "$file" ] || { echo "collect.sh: this machine has no $file; install ca-certificates and openssl" >&2; exit 1; }
done

for program in "$root"/usr/bin/* "$root"/usr/libexec/parallax/*; do
  [ -f "$program" ] || continue
  libraries=$(ldd "$program")
  if echo "$libraries" | grep 'not found'; then echo "collect.sh: $program lacks these libraries" >&2; exit 1; fi
  for library in $(echo "$libraries" | grep -o '/[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done

# OpenSSL looks below /usr/lib/ssl, libcurl and libpq where Debian has it.
mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp -L /etc/ssl/openssl.cnf "$root/etc/ssl/"
ln -sf /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
ln -sf /etc/ssl/openssl.cnf "$root/usr/lib/ssl/openssl.cnf"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
echo 'agent:x:65532:65532:parallax-agent:/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'agent:x:65532:' >"$root/etc/group"
# What a container's runtime mounts over must be there where the root file system is read-only.
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp"
# Where `serve` makes its socket; the image gives it to the user above.
mkdir -p -m 0700 "$root/run/parallax-agent"
