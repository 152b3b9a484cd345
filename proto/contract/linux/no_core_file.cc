#include "contract/no_core_file.h"

#include <sys/prctl.h>

namespace parallax::contract {

void BeUnreadable() { prctl(PR_SET_DUMPABLE, 0); }

}  // namespace parallax::contract
