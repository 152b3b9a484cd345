// Stable aliases of names, addresses and paths. The same thing has the same alias wherever it stands, and what the
// diagnosis rests on stays as it is: who is in whose subnet, which name is under which domain, what equals what.
//
// Learn everything first, then ask. One thread at a time.
#ifndef PARALLAX_CONTROLLER_REPORT_REDACT_ALIASES_H_
#define PARALLAX_CONTROLLER_REPORT_REDACT_ALIASES_H_

#include <map>
#include <string>
#include <string_view>

namespace parallax::report {

class Aliases {
 public:
  // `key`: whoever does not know it cannot try an address and see whether it gives that alias.
  explicit Aliases(std::string key) : key_(std::move(key)) {}

  // A word of that kind ("user", "host") is from now on `user1`. Words of the vocabulary and very common ones are left.
  void LearnWord(std::string_view word, std::string_view kind);
  // Each label of it that tells anything: "db.acme.internal" becomes "host1.host2.internal".
  void LearnHost(std::string_view host);

  // Free text: every word that was learned, every address, name with dots, path, fingerprint and mail address in it.
  std::string Text(std::string_view text);

  // An address as inet_pton reads it, or the text as it is. Two addresses that share n bits have aliases that share n
  // bits; private, loopback, link-local and multicast addresses stay such.
  std::string Address(const std::string& address);

 private:
  // What stands at the beginning of `text`, as its alias; how many bytes that was, 0 none.
  size_t Token(std::string_view text, char before, std::string* out);
  size_t Network(std::string_view text, std::string_view address, std::string* out);
  size_t Url(std::string_view text, std::string_view scheme, std::string* out);
  std::string Masked(const std::string& address, int length);  // its alias, without host bits if it has none
  std::string Pieces(std::string_view word) const;
  bool IsKnownWord(std::string_view word) const;
  std::string Word(std::string_view word) const;
  std::string HostName(std::string_view host);
  std::string Path(std::string_view path);
  std::string Fingerprint(std::string_view text) const;
  bool Flip(std::string_view bits_before, char family) const;

  const std::string key_;
  std::map<std::string, std::string, std::less<>> words_;  // lower case -> alias
  std::map<std::string, int, std::less<>> counts_;         // by kind
  std::map<std::string, std::string, std::less<>> paths_;
};

}  // namespace parallax::report

#endif  // PARALLAX_CONTROLLER_REPORT_REDACT_ALIASES_H_
