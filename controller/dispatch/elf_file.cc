#include "controller/dispatch/elf_file.h"

#include <elf.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::dispatch {
namespace {

template <typename T>
bool ReadAt(std::string_view bytes, size_t offset, T* to) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(to, bytes.data() + offset, sizeof(T));
  return true;
}

std::string MachineName(uint16_t machine) {
  if (machine == EM_X86_64) return "x86_64";
  if (machine == EM_AARCH64) return "aarch64";
  return absl::StrCat("elf-machine-", machine);
}

}  // namespace

absl::StatusOr<ElfFacts> ReadElf(std::string_view bytes) {
  Elf64_Ehdr header{};
  if (!ReadAt(bytes, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return absl::InvalidArgumentError("it is no 64-bit Linux program");
  }
  ElfFacts facts;
  facts.machine = MachineName(header.e_machine);
  for (uint16_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    if (!ReadAt(bytes, header.e_phoff + i * sizeof(segment), &segment)) break;
    if (segment.p_type != PT_INTERP || segment.p_offset >= bytes.size()) continue;
    const std::string_view path = bytes.substr(segment.p_offset, segment.p_filesz);
    facts.interpreter = contract::Printable(path.substr(0, path.find('\0')), 200);
  }
  return facts;
}

}  // namespace parallax::dispatch
