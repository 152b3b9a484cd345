// A host of its own behind a real ssh and a real sshd, both as this user. No port is opened: sshd serves each
// connection over ssh's ProxyCommand (sshd -i).
#ifndef PARALLAX_TESTS_E2E_SSH_FIXTURE_H_
#define PARALLAX_TESTS_E2E_SSH_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "controller/dispatch/dispatcher.h"

namespace parallax::dispatch {

namespace fs = std::filesystem;

inline constexpr char kHost[] = "inside.test";

inline std::string ReadFile(const fs::path& path) {
  std::stringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

class SshTest : public ::testing::Test {
 protected:
  SshTest() : path_before_(std::getenv("PATH")) {
    std::string pattern = (fs::temp_directory_path() / "parallax_ssh_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    for (const char* name : {"home", "there", "here"}) fs::create_directory(folder_ / name);
    for (const char* key : {"host", "user", "stranger"}) {
      const std::string line = "ssh-keygen -q -t ed25519 -N '' -C test -f " + (folder_ / key).string();
      EXPECT_EQ(std::system(line.c_str()), 0);
    }
    fs::copy_file(folder_ / "user.pub", folder_ / "authorized_keys");
    home_ = folder_ / "home";
    Write("known_hosts", std::string(kHost) + " " + ReadFile(folder_ / "host.pub"));
    // sshd wants it; nothing is put there.
    if (geteuid() == 0) fs::create_directories("/run/sshd");
    Script("here/ssh", "exec /usr/bin/ssh -F " + (folder_ / "ssh_config").string() + " \"$@\"\n");
    setenv("PATH", ((folder_ / "here").string() + ":" + path_before_).c_str(), 1);
    reach_.local_agent = reach_.agent_to_copy = PARALLAX_AGENT;
  }
  ~SshTest() override {
    setenv("PATH", path_before_.c_str(), 1);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void SetUp() override {
    if (!fs::exists("/usr/sbin/sshd")) GTEST_SKIP() << "there is no sshd here: deploy/install-packages.sh lab";
  }

  void Write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
  // A shell script that can be run.
  void Script(const std::string& name, const std::string& text) {
    Write(name, "#!/bin/sh\n" + text);
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }
  // The configuration of both ends, as the test has made it by then.
  void Configure() {
    const std::vector<std::pair<std::string, std::string>> values = {
        {"@", folder_.string()}, {"%home", home_.string()}, {"%checking", host_key_checking_}, {"%host", kHost}};
    Write("sshd_config", absl::StrReplaceAll(R"(HostKey @/host
AuthorizedKeysFile @/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PrintMotd no
LogLevel ERROR
SetEnv HOME=%home PATH=@/there:/usr/bin:/bin
)",
                                             values) +
                             sshd_more_);
    Write("ssh_config", absl::StrReplaceAll(R"(Host *
UserKnownHostsFile @/known_hosts
GlobalKnownHostsFile /dev/null
IdentityFile @/user
IdentitiesOnly yes
IdentityAgent none
StrictHostKeyChecking %checking
LogLevel ERROR
Host %host
ProxyCommand /usr/sbin/sshd -i -f @/sshd_config
)",
                                            values));
  }
  fs::path Copied() const { return home_ / ".cache/parallax" / PARALLAX_VERSION / "parallax-agent"; }

  fs::path Companion() const { return Copied().parent_path() / "parallax-agent-client"; }

  const std::string path_before_;
  fs::path folder_;
  fs::path home_;  // of the far end
  std::string host_key_checking_ = "yes";
  std::string sshd_more_;  // lines of its configuration
  Reach reach_;
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_TESTS_E2E_SSH_FIXTURE_H_
