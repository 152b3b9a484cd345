#include "agent/net/end_with_parent.h"

namespace parallax::net {

void EndWithParent() {}

}  // namespace parallax::net
