// Secrets in what users wrote and commands printed, as "***". Nobody can know all the forms that a secret may take in a
// command; these are the usual ones. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DISPATCH_MASK_H_
#define PARALLAX_CONTROLLER_DISPATCH_MASK_H_

#include <string>
#include <string_view>

namespace parallax::dispatch {

// A vantage as it is shown and stored. Masked are the values of names that announce a secret (PGPASSWORD=X, --token X,
// DB_PW=X, "password": "X"), of headers but for a few that bring none, what `Authorization:` and `Bearer` bring, the
// passwords of -u USER:PASSWORD, of URLs, and of programs that take them so (sshpass -p X, mysql -pX, redis-cli -a X,
// vault login X), and long words that no person made up. Printable.
std::string MaskCommand(std::string_view command);

// https://user:***@host
std::string MaskUrlPasswords(std::string text);

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_MASK_H_
