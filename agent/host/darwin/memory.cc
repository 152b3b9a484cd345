#include "agent/host/memory.h"

namespace parallax::host {

void ShareFreedMemory() {}

void ReturnFreedMemory() {}

}  // namespace parallax::host
