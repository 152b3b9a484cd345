// An agent that listens, and no session with it came about: what helps, told from gRPC's words. For the controller and
// for the agent's own health check. Pure; thread-safe.
#ifndef PARALLAX_CONTRACT_NOT_REACHED_H_
#define PARALLAX_CONTRACT_NOT_REACHED_H_

#include <string>
#include <string_view>

namespace parallax::contract {

// How it was dialled, and how whoever dialled would say it otherwise.
struct Dialling {
  bool tls = false;
  bool showed_certificate = false;  // with tls
  std::string_view in_plaintext;    // "by grpc://127.0.0.1:PORT"
  std::string_view with_tls;        // "by grpcs://"
  std::string_view look;            // how to see on its host whether one serves
};

// One sentence; of a text that says nothing known, the likeliest. `why` is what gRPC said, or anything else.
std::string NotReachedRemedy(std::string_view why, const Dialling& dialling);

}  // namespace parallax::contract

#endif  // PARALLAX_CONTRACT_NOT_REACHED_H_
