// Every cause that Parallax can name. The order of the rows means nothing.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_

#include <span>
#include <string_view>

#include "controller/diagnose/cause.h"

namespace parallax::diagnose {

std::span<const Cause> Catalogue();
std::span<const Explains> PairsWithinALayer();

// nullptr when there is no such cause.
const Cause* FindCause(std::string_view id);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_
