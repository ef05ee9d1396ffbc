# Cross compilation to 64-bit ARM Linux with Debian's gcc-aarch64-linux-gnu; ctest runs what is built
# under qemu (package qemu-user-static). Tests are static binaries, so that they need no sysroot:
#
#   cmake -S . -B build/aarch64 -DCMAKE_TOOLCHAIN_FILE=cmake/toolchain-aarch64-linux-gnu.cmake
#   cmake --build build/aarch64 && ctest --test-dir build/aarch64
#
# qemu's own variable QEMU_CPU chooses the CPU it plays: max has FEAT_DotProd, FEAT_FP16 and FEAT_FHM,
# cortex-a72 none of them. qemu 7 (Debian 12) needs gigabytes for tests that make many indexes; .ci/aarch64 brings a
# newer one.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_ASM_COMPILER aarch64-linux-gnu-gcc)

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)

# Executables are tests and benches here; the library stays shared.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
