// The words of a command that are secrets because of the word before them, or of the program that they are for. Pure;
// thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_MASK_WORDS_H_
#define PARALLAX_CONTROLLER_DISPATCH_MASK_WORDS_H_

#include <string>
#include <string_view>

namespace parallax::dispatch {

// Whether what is assigned to `name`, or announced by the flag `name`, is a secret: PGPASSWORD, --token, DB_PW; but not
// PGPASSFILE. As contract/secret_names.h says, and wider, because names here are joined as people like.
bool AnnouncesASecret(std::string_view name);

// `text`, as a shell reads its words, with *** for the secrets among them; all else stays as it is written. Commands in
// quotes (sh -c '...') are read, too.
std::string WithoutSecretWords(const std::string& text);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_MASK_WORDS_H_
