#include "agent/host/memory.h"

#include <cstdlib>  // defines __GLIBC__
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace parallax::host {

#ifdef __GLIBC__
// glibc has an arena a thread. Two are enough for what runs at once here.
void ShareFreedMemory() { mallopt(M_ARENA_MAX, 2); }

void ReturnFreedMemory() { malloc_trim(0); }
#else
void ShareFreedMemory() {}

void ReturnFreedMemory() {}
#endif

}  // namespace parallax::host
