// Stands between libpq and its server while they speak in plain text, and lets no request for a password through that
// this program would not answer there.
//
// Why in between: libpq before 16 cannot be told which requests it may answer. Asking the server beforehand, on another
// connection, settles nothing, because a meddler answers the second one otherwise; and looking at what has arrived
// before libpq reads it (MSG_PEEK) settles nothing, because libpq reads on. So libpq's descriptor becomes one end of a
// pair of sockets, and what the server says is handed over message by message, each only once it is whole as far as it
// matters. Behind a handed over 'S' the server's own socket goes back under libpq's number, and TLS runs as without us;
// likewise behind AuthenticationOk, after which libpq answers no request any more.
//
// Not thread-safe; used between two calls of PQconnectPoll().
#ifndef PARALLAX_AGENT_CLIENTS_LOGIN_GATE_H_
#define PARALLAX_AGENT_CLIENTS_LOGIN_GATE_H_

#include <poll.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace parallax::clients {

class LoginGate {
 public:
  LoginGate() = default;
  ~LoginGate() { Drop(); }
  LoginGate(const LoginGate&) = delete;
  LoginGate& operator=(const LoginGate&) = delete;

  // Puts itself in the place of `fd`, a connected socket over which nothing has gone. False, with errno, when it
  // cannot: then nothing may be said over `fd`.
  bool Install(int fd);
  // Whether `fd` is the end that libpq was given: its number may by now be another connection's.
  bool Guards(int fd) const;
  // Whether `fd` is the server's own socket, given back: over it nothing more is to be judged.
  bool GaveBack(int fd) const;
  // Ends our hands on both, where they are still here.
  void Drop();

  // Moves what there is, both ways, without blocking; gives the server's socket back to `fd` when that is due.
  void Pump(int fd);
  // What poll(2) is to wait for on the two ends that are ours; a descriptor of -1 is to be ignored.
  void Await(pollfd* server, pollfd* client) const;

  // The authentication request that was held back; 0 while there was none.
  int32_t held_back() const { return held_back_; }
  // Held back was something else, of which nobody can say how libpq would read it.
  bool senseless() const { return senseless_; }

 private:
  enum class Expects { kRequest, kSslAnswer, kMessage, kBody, kNothing };

  bool Reads() const;
  void FromClient();
  void FromServer();
  // Hands over what of in_ may go.
  void Judge();
  void JudgeMessage();
  // `size` bytes of in_.
  void HandOver(size_t size);
  // All that came, and then an end: nothing that follows is read by libpq.
  void HandOverTheLast(size_t size);
  void Cut();
  void Flush(int fd, std::string* bytes);

  int server_ = -1;       // our hand on the real socket
  int client_ = -1;       // our end of the pair
  struct stat given_ {};  // libpq's end
  struct stat real_ {};   // the server's socket
  Expects expects_ = Expects::kRequest;
  std::string asked_;  // the client's first bytes, until it is known what they ask for
  std::string to_server_;
  std::string in_;  // from the server, not judged yet
  std::string to_client_;
  size_t body_left_ = 0;  // of the message at hand
  bool let_in_ = false;   // it is AuthenticationOk
  bool give_back_ = false;
  bool given_back_ = false;
  bool server_ended_ = false;
  bool ended_ = false;  // libpq was told the end
  bool cut_ = false;
  int32_t held_back_ = 0;
  bool senseless_ = false;
};

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_LOGIN_GATE_H_
