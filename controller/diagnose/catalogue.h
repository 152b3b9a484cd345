// Every cause that Parallax can name, most telling first.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_

#include <span>
#include <string_view>

#include "controller/diagnose/rule.h"

namespace parallax::diagnose {

std::span<const Rule> Catalogue();

// nullptr when there is no such cause.
const Rule* FindCause(std::string_view cause);

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_CATALOGUE_H_
