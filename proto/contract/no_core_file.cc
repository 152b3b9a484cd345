#include "contract/no_core_file.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace parallax::contract {

void BeUnreadable() { prctl(PR_SET_DUMPABLE, 0); }

void LeaveNoCoreFile() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  BeUnreadable();
}

}  // namespace parallax::contract
