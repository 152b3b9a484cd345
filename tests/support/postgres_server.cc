#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/scripted_server.h"

namespace parallax::support {
namespace {

constexpr int kStartMs = 60'000;

struct User {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;
};

// Whom the server runs as: ourselves, but for root.
User ServerUser() {
  if (geteuid() != 0) return {};
  const passwd* postgres = getpwnam("postgres");
  return postgres == nullptr ? User{} : User{true, postgres->pw_uid, postgres->pw_gid};
}

bool WriteFile(const std::string& path, std::string_view content, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  const bool ok = fd >= 0 && write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  if (fd >= 0) close(fd);
  const User user = ServerUser();
  return ok && (!user.change || chown(path.c_str(), user.uid, user.gid) == 0);
}

int WaitFor(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

std::string PostgresServer::BinDir() {
  std::string newest;
  int newest_major = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    const int major = std::atoi(entry.path().filename().c_str());
    if (major > newest_major && std::filesystem::exists(entry.path() / "bin/postgres", error)) {
      newest = (entry.path() / "bin").string();
      newest_major = major;
    }
  }
  return newest;
}

std::unique_ptr<PostgresServer> PostgresServer::Start(const TlsIdentity& identity, std::string_view hba,
                                                      std::string_view sql, std::string* why_not) {
  char folder[] = "/tmp/parallax-postgres-XXXXXX";
  if (mkdtemp(folder) == nullptr) {
    *why_not = "no directory under /tmp";
    return nullptr;
  }
  std::unique_ptr<PostgresServer> server(new PostgresServer(folder));
  if (!server->Begin(identity, hba, why_not) || !server->Sql(sql, why_not)) return nullptr;
  return server;
}

PostgresServer::PostgresServer(std::string folder) : folder_(std::move(folder)) {}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);  // at once: nothing here is worth a checkpoint
    WaitFor(pid_);
  }
  if (log_reader_.joinable()) log_reader_.join();  // the server and its children held the other end
  if (log_fd_ >= 0) close(log_fd_);
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

bool PostgresServer::Begin(const TlsIdentity& identity, std::string_view hba, std::string* why_not) {
  const User user = ServerUser();
  if (user.change && chown(folder_.c_str(), user.uid, user.gid) != 0) {
    *why_not = "cannot give the directory to the user postgres";
    return false;
  }
  const std::string data = folder_ + "/data";
  std::string output;
  if (!RunToEnd({BinDir() + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"},
                &output)) {
    *why_not = "initdb: " + output;
    return false;
  }
  if (!WriteFile(data + "/server.crt", identity.certificate_pem(), 0600) ||
      !WriteFile(data + "/server.key", identity.key_pem(), 0600) ||
      !WriteFile(data + "/pg_hba.conf", "local all postgres trust\n" + std::string(hba), 0600)) {
    *why_not = "cannot write the server's configuration";
    return false;
  }
  return Launch("database system is ready to accept connections", why_not);
}

std::unique_ptr<PostgresServer> PostgresServer::StartReplica(std::string* why_not) {
  char folder[] = "/tmp/parallax-postgres-XXXXXX";
  const User user = ServerUser();
  if (mkdtemp(folder) == nullptr || (user.change && chown(folder, user.uid, user.gid) != 0)) {
    *why_not = "no directory under /tmp";
    return nullptr;
  }
  std::unique_ptr<PostgresServer> replica(new PostgresServer(folder));
  if (!RunToEnd({BinDir() + "/pg_basebackup", "-h", folder_, "-p", std::to_string(port_), "-U", "postgres", "-D",
                 replica->folder_ + "/data", "-R", "-c", "fast"},
                why_not) ||
      !replica->Launch("database system is ready to accept read-only connections", why_not)) {
    return nullptr;
  }
  return replica;
}

bool PostgresServer::Launch(std::string_view ready, std::string* why_not) {
  const std::string data = folder_ + "/data";
  port_ = ClosedPort().port();
  int log[2];
  if (pipe2(log, O_CLOEXEC) != 0) return false;
  log_fd_ = log[0];
  std::vector<std::string> words = {BinDir() + "/postgres", "-D", data};
  for (const std::string& setting :
       {"port=" + std::to_string(port_), std::string("listen_addresses=127.0.0.1"),
        "unix_socket_directories=" + folder_, std::string("ssl=on"), std::string("fsync=off"),
        std::string("logging_collector=off"), std::string("log_destination=stderr"), std::string("log_connections=on"),
        std::string("max_connections=20"), std::string("shared_buffers=8MB")}) {
    words.insert(words.end(), {"-c", setting});
  }
  pid_ = Spawn(words, log[1]);
  close(log[1]);
  log_reader_ = std::thread([this] { ReadLog(); });
  if (pid_ > 0 && WaitForLog(ready, kStartMs)) return true;
  std::lock_guard lock(mutex_);
  *why_not = "the server did not come up: " + log_;
  return false;
}

bool PostgresServer::Sql(std::string_view sql, std::string* output) {
  std::string text;
  const bool ok = RunToEnd({BinDir() + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder_, "-p",
                            std::to_string(port_), "-U", "postgres", "-d", "postgres", "-c", std::string(sql)},
                           &text);
  if (output != nullptr) *output = text;
  return ok;
}

std::string PostgresServer::LogUntilNow() {
  std::string mark;
  {
    std::lock_guard lock(mutex_);
    mark = "parallax mark " + std::to_string(++marks_);
  }
  Sql("DO $$ BEGIN RAISE LOG '" + mark + "'; END $$");
  WaitForLog(mark, 10'000);
  std::lock_guard lock(mutex_);
  return log_;
}

bool PostgresServer::WaitForLog(std::string_view text, int timeout_ms) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return log_.find(text) != std::string::npos; };
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return log_ended_ || there(); });
  return there();
}

void PostgresServer::ReadLog() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = read(log_fd_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    std::lock_guard lock(mutex_);
    if (got > 0) {
      log_.append(buffer.data(), static_cast<size_t>(got));
    } else {
      log_ended_ = true;
    }
    changed_.notify_all();
    if (got <= 0) return;
  }
}

pid_t PostgresServer::Spawn(const std::vector<std::string>& words, int out_fd) const {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const User user = ServerUser();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  // Only async-signal-safe calls from here to exec.
  if (user.change && (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // a test that dies takes the server with it
  dup2(out_fd, STDOUT_FILENO);
  dup2(out_fd, STDERR_FILENO);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  if (chdir(folder_.c_str()) != 0) _exit(126);
  execv(argv[0], argv.data());
  _exit(127);
}

bool PostgresServer::RunToEnd(const std::vector<std::string>& words, std::string* output) const {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return false;
  const pid_t pid = Spawn(words, out[1]);
  close(out[1]);
  std::array<char, 4096> buffer;
  for (ssize_t got = 1; got > 0 || (got < 0 && errno == EINTR);) {
    got = read(out[0], buffer.data(), buffer.size());
    if (got > 0) output->append(buffer.data(), static_cast<size_t>(got));
  }
  close(out[0]);
  return pid > 0 && WaitFor(pid) == 0;
}

}  // namespace parallax::support
