#include "contract/no_core_file.h"

namespace parallax::contract {

// No such switch is used here yet; the limit on core files holds.
void BeUnreadable() {}

}  // namespace parallax::contract
