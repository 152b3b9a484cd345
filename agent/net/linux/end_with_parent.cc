#include "agent/net/end_with_parent.h"

#include <signal.h>
#include <sys/prctl.h>

namespace parallax::net {

void EndWithParent() { prctl(PR_SET_PDEATHSIG, SIGKILL); }

}  // namespace parallax::net
