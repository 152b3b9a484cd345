// An agent that listens at a unix socket.
#include "agent/session/listen_carrier_for_test.h"

namespace parallax::session {
namespace {

class UnixListenTest : public ListenCarrierTest {
 protected:
  UnixListenTest() {
    char folder[] = "/tmp/parallax-serve-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    options_.address = "unix:" + folder_ + "/agent.sock";
    options_.token = check_.token = "";
  }
  ~UnixListenTest() override {
    if (serving_.valid()) {
      theatre_.Open();
      AskToEnd();
      serving_.wait();
      serving_ = {};
    }
    EXPECT_EQ(rmdir(folder_.c_str()), 0) << "something was left there";
  }
  std::string folder_;
};

TEST_F(UnixListenTest, ItsModesSayWhoAndNothingElseIsAskedFor) {
  const std::string address = Serve();
  struct stat facts {};
  ASSERT_EQ(stat((folder_ + "/agent.sock").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  Controller first(address, "");
  Controller second(address, "");
  first.Begin();
  second.Begin();
  first.Assign(1, {"refused"});
  EXPECT_EQ(first.Receive().observation().observation().outcome(), v1::REFUSED);
  EXPECT_EQ(first.Receive().done().observations(), 1U);
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(UnixListenTest, ATokenThatIsGivenIsAskedForHereToo) {
  options_.token = kToken;
  options_.socket_mode = 0666;  // only with it
  const std::string address = Serve();
  EXPECT_THAT(Message(Check()), HasSubstr("wants a token"));
  check_.token = kToken;
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(UnixListenTest, ItsEndIsAsOrderly) {
  const std::string address = Serve();
  Controller working(address, "");
  Controller idle(address, "");
  working.Begin();
  idle.Begin();
  working.Assign(1, {"gate"});
  ASSERT_TRUE(theatre_.AwaitAtGate(1));
  AskToEnd();
  EXPECT_THAT(idle.AwaitRefusal(), HasSubstr("asked to end"));
  EXPECT_THAT(Message(Check()), HasSubstr("asked to end"));
  theatre_.Open();
  EXPECT_EQ(working.Receive().observation().observation().outcome(), v1::NONE);
  EXPECT_EQ(working.Receive().done().observations(), 1U);
  EXPECT_TRUE(Served().ok());
  EXPECT_THAT(Message(Check()), HasSubstr("there is no socket"));
}

TEST_F(UnixListenTest, WhatDoesNotFitIsAUsageError) {
  const auto serve = [&] { return Message(ServeListen(*session_, options_, stop_[0])); };
  for (const mode_t mode : {0666, 0606, 0602, 0400, 0700, 0660 | S_ISUID}) {
    options_.socket_mode = mode;
    EXPECT_THAT(serve(), HasSubstr("--socket-mode")) << mode;
  }
  options_.socket_mode = 0600;
  options_.tls_client_ca = "/ca.pem";
  EXPECT_THAT(serve(), HasSubstr("TLS"));
}

TEST(DefaultListen, RootsPlaceAndTheRuntimeFolderOfOthers) {
  const auto in_child = [](uid_t user, const char* runtime, const std::string& wanted) {
    const pid_t child = fork();
    if (child == 0) {
      if (runtime == nullptr ? unsetenv("XDG_RUNTIME_DIR") != 0 : setenv("XDG_RUNTIME_DIR", runtime, 1) != 0) _exit(2);
      if (geteuid() != user && setuid(user) != 0) _exit(3);
      _exit(DefaultListen() == wanted ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  };
  const uid_t somebody = geteuid() == 0 ? 65534 : geteuid();
  EXPECT_EQ(in_child(somebody, "/run/user/1000", "unix:/run/user/1000/parallax-agent.sock"), 0);
  EXPECT_EQ(in_child(somebody, nullptr, "unix:/run/parallax-agent/agent.sock"), 0);
  EXPECT_EQ(in_child(somebody, "relative", "unix:/run/parallax-agent/agent.sock"), 0);
  if (geteuid() != 0) return;
  EXPECT_EQ(in_child(0, "/run/user/0", "unix:/run/parallax-agent/agent.sock"), 0);
}

// --- Is it well?

}  // namespace
}  // namespace parallax::session
