// What a program file was built for, from its ELF header (System V gABI, chapter 4). Stateless; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_ELF_FILE_H_
#define PARALLAX_CONTROLLER_DISPATCH_ELF_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace parallax::dispatch {

struct ElfFacts {
  std::string machine;      // as uname(1) -m says it: "x86_64", "aarch64"; "elf-machine-243" for others
  std::string interpreter;  // the program loader it asks for, "/lib64/ld-linux-x86-64.so.2"; "": static
};

// InvalidArgument when the bytes, the beginning of a file, are not those of a 64-bit little-endian ELF program.
absl::StatusOr<ElfFacts> ReadElf(std::string_view bytes);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_ELF_FILE_H_
