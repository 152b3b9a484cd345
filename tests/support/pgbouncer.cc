#include "tests/support/pgbouncer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/scripted_server.h"

namespace parallax::support {
namespace {

constexpr int kStartMs = 10'000;
constexpr int kLookEveryMs = 5;

bool Accepts(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool accepted = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  close(fd);
  return accepted;
}

}  // namespace

std::string Pgbouncer::Program() {
  for (const char* path : {"/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

std::unique_ptr<Pgbouncer> Pgbouncer::Start(const std::string& pool_mode, uint16_t server_port, const std::string& user,
                                            std::string* why_not) {
  char folder[] = "/tmp/parallax-pgbouncer-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    *why_not = "no directory under /tmp";
    return nullptr;
  }
  std::unique_ptr<Pgbouncer> pooler(new Pgbouncer(folder));
  if (!pooler->Begin(pool_mode, server_port, user, why_not)) return nullptr;
  return pooler;
}

Pgbouncer::Pgbouncer(std::string folder) : folder_(std::move(folder)) {}

Pgbouncer::~Pgbouncer() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

bool Pgbouncer::Begin(const std::string& pool_mode, uint16_t server_port, const std::string& user,
                      std::string* why_not) {
  port_ = ClosedPort().port();
  const std::string ini = folder_ + "/pgbouncer.ini";
  std::ofstream(folder_ + "/users") << "\"" << user << "\" \"\"\n";
  std::ofstream(ini) << "[databases]\n* = host=127.0.0.1 port=" << server_port
                     << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                     << "listen_port = " << port_ << "\nunix_socket_dir =\nauth_type = trust\nauth_file = " << folder_
                     << "/users\npool_mode = " << pool_mode << "\n";
  const passwd* nobody = geteuid() == 0 ? getpwnam("nobody") : nullptr;  // it refuses to run as root
  std::error_code error;
  std::filesystem::permissions(folder_, std::filesystem::perms(0755), error);
  const std::string log = folder_ + "/log";
  const std::string program = Program();
  pid_ = fork();
  if (pid_ == 0) {
    // Only async-signal-safe calls from here to exec.
    const int out = open(log.c_str(), O_WRONLY | O_CREAT, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (nobody != nullptr &&
        (setgroups(0, nullptr) != 0 || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0)) {
      _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl(program.c_str(), program.c_str(), ini.c_str(), nullptr);
    _exit(127);
  }
  for (int waited_ms = 0; pid_ > 0 && waited_ms < kStartMs; waited_ms += kLookEveryMs) {
    if (Accepts(port_)) return true;
    poll(nullptr, 0, kLookEveryMs);
  }
  std::ifstream said(log);
  *why_not = "pgbouncer did not come up: " + std::string(std::istreambuf_iterator<char>(said), {});
  return false;
}

}  // namespace parallax::support
