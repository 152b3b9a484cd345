// What plan/surroundings.h asks for, of this process and this host.
#ifndef PARALLAX_CONTROLLER_CONDUCT_SURROUNDINGS_H_
#define PARALLAX_CONTROLLER_CONDUCT_SURROUNDINGS_H_

#include "controller/plan/surroundings.h"

namespace parallax::conduct {

// Reads the environment now, the files when they are asked for: plain files of at most 1 MiB, never blocking.
plan::Surroundings OurSurroundings();

// As libpq sees it: no rights of group and others. For tests.
plan::FileText ReadPlainFile(const std::string& path);

}  // namespace parallax::conduct

#endif  // PARALLAX_CONTROLLER_CONDUCT_SURROUNDINGS_H_
