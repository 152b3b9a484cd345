// Words that identify nobody, and so keep their place when a run is redacted. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_REPORT_REDACT_WORDS_H_
#define PARALLAX_CONTROLLER_REPORT_REDACT_WORDS_H_

#include <string_view>

namespace parallax::report {

// A label of a host name that many share: "com", "rds", "eu-central-1". Lower case.
bool IsPublicLabel(std::string_view label);

// A word of Parallax's own vocabularies, a number, or a word that is the same everywhere: "tcp", "postgres". Lower
// case.
bool IsVocabulary(std::string_view word);

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_REDACT_WORDS_H_
