#include "contract/no_core_file.h"

#include <sys/resource.h>

namespace parallax::contract {

void LeaveNoCoreFile() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  BeUnreadable();
}

}  // namespace parallax::contract
