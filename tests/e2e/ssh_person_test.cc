// The whole program on a terminal, with a person who answers: ssh asks about the host's key and for the passphrase, and
// parallax whether to copy the agent; each once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/ssh_fixture.h"

namespace parallax::dispatch {
namespace {

using ::testing::HasSubstr;

struct Answered {
  std::string screen;
  int exit = -1;
};

// Runs the words on a terminal of their own, and types each answer when its question has come, once. Bounded by 60 s.
Answered OnTerminal(std::vector<std::string> words, std::vector<std::pair<std::string, std::string>> answers) {
  Answered answered;
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    alarm(60);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  size_t read_until = 0;  // questions before this were answered
  char buffer[4096];
  for (ssize_t got = 0; (got = read(terminal, buffer, sizeof(buffer))) > 0;) {
    answered.screen.append(buffer, static_cast<size_t>(got));
    if (answers.empty()) continue;
    const size_t at = answered.screen.find(answers.front().first, read_until);
    if (at == std::string::npos) continue;
    read_until = answered.screen.size();
    EXPECT_GT(write(terminal, answers.front().second.data(), answers.front().second.size()), 0);
    answers.erase(answers.begin());
  }
  close(terminal);
  int status = 0;
  waitpid(pid, &status, 0);
  answered.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  EXPECT_TRUE(answers.empty()) << "never asked: " << answers.front().first;
  return answered;
}

class SshPersonTest : public SshTest {
 protected:
  SshPersonTest() {
    fs::remove(folder_ / "user");
    fs::remove(folder_ / "user.pub");
    const std::string line = "ssh-keygen -q -t ed25519 -N 'open sesame' -C test -f " + (folder_ / "user").string();
    EXPECT_EQ(std::system(line.c_str()), 0);
    fs::copy_file(folder_ / "user.pub", folder_ / "authorized_keys", fs::copy_options::overwrite_existing);
    Write("known_hosts", "");
    host_key_checking_ = "ask";
    Configure();
    setenv("XDG_STATE_HOME", (folder_ / "state").c_str(), 1);
    setenv("TERM", "xterm", 1);
  }
  static std::vector<std::string> Compare() {
    return {PARALLAX_PROGRAM, "compare", "tcp://127.0.0.1:1", "--inside",  std::string("ssh:") + kHost,
            "--repeats",      "1",       "--no-investigate",  "--no-store"};
  }
};

TEST_F(SshPersonTest, IsAskedForEachThingOnceAndThenTheSideIsThere) {
  const Answered answered = OnTerminal(
      Compare(), {{"continue connecting", "yes\n"}, {"passphrase for key", "open sesame\n"}, {"[y/N]", "y\n"}});
  EXPECT_EQ(answered.exit, 1) << answered.screen;  // nothing listens there, and both sides see it
  EXPECT_THAT(answered.screen, HasSubstr("target.down"));
  EXPECT_TRUE(fs::exists(Copied()));
  const size_t first = answered.screen.find("passphrase for key");
  EXPECT_EQ(answered.screen.find("passphrase for key", first + 1), std::string::npos) << "one session does it all";
}

TEST_F(SshPersonTest, MayInterruptAQuestion) {
  const Answered answered = OnTerminal(Compare(), {{"continue connecting", "\x03"}});
  EXPECT_EQ(answered.exit, 130) << answered.screen;
}

TEST_F(SshPersonTest, MayInterruptOursToo) {
  const Answered answered = OnTerminal(
      Compare(), {{"continue connecting", "yes\n"}, {"passphrase for key", "open sesame\n"}, {"[y/N]", "\x03"}});
  EXPECT_EQ(answered.exit, 130) << answered.screen;
  EXPECT_FALSE(fs::exists(Copied()));
}

}  // namespace
}  // namespace parallax::dispatch
