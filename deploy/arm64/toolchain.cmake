# Cross-compiles for arm64 on a Debian of another architecture: cmake --toolchain deploy/arm64/toolchain.cmake.
# The libraries are Debian's own, of architecture arm64, beside those of this machine; protoc and its plugin run here.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)

# Debian keeps both architectures in one tree, and pkg-config tells them apart by its name.
set(PKG_CONFIG_EXECUTABLE /usr/bin/aarch64-linux-gnu-pkg-config)
set(Protobuf_PROTOC_EXECUTABLE /usr/bin/protoc)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
