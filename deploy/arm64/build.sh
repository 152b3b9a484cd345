#!/usr/bin/env bash
# deploy/arm64/build.sh [BUILD_DIRECTORY]: cross-builds both programs and the .deb for arm64 (Graviton, a Mac's Linux VM)
# on a Debian 12 or 13 of another architecture. Needs root, to install Debian's packages of architecture arm64: best in a
# container or a chroot, for they stay. Default: build/arm64.
set -eu
cd "$(dirname "$0")/../.."
build=${1:-build/arm64}
[ "$(id -u)" -eq 0 ] || { echo "arm64/build.sh: run it as root: it installs packages of architecture arm64" >&2; exit 1; }

# Of the packages that a build needs, these are tools that run here; libraries are taken for arm64; headers are for all.
here='ca-certificates|git|cmake|ninja-build|ccache|pkg-config|protobuf-compiler|protobuf-compiler-grpc'
anywhere='libcli11-dev|nlohmann-json3-dev'
packages=(crossbuild-essential-arm64)
for package in $(awk '$1 == "build" {$1 = ""; print}' deploy/packages.txt); do
  case $package in
    g++) ;;
    *) if [[ $package =~ ^($here|$anywhere)$ ]]; then packages+=("$package"); else packages+=("$package:arm64"); fi ;;
  esac
done
dpkg --add-architecture arm64
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null

cmake --preset release -B "$build" --toolchain deploy/arm64/toolchain.cmake
cmake --build "$build" --target parallax parallax_agent_component parallax_installed_files
(cd "$build" && cpack)

ls -l "$build"/*.deb
