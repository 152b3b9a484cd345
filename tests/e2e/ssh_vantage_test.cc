// ssh: vantages with a real ssh and a real sshd of this user's own: every way in which a host has no agent, gets one,
// or cannot be reached. No port is opened: sshd serves each connection over ssh's ProxyCommand (sshd -i).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "controller/dispatch/agent_copy.h"
#include "controller/dispatch/agent_dispatcher.h"
#include "controller/dispatch/elf_file.h"
#include "controller/dispatch/ssh_script.h"
#include "tests/e2e/event_lines.h"
#include "tests/e2e/ssh_fixture.h"
#include "tests/support/scripted_server.h"

namespace parallax::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SshVantageTest : public SshTest {
 protected:
  v1::Run Run(const std::string& vantage = std::string("ssh:") + kHost) {
    Configure();
    SideConfig side;
    side.name = "inside";
    side.vantage = vantage;
    events_.text.clear();
    auto dispatcher = MakeAgentDispatcher({side}, reach_, "run-1", nullptr, events_);
    v1::Run run;
    EXPECT_TRUE(dispatcher.ok()) << dispatcher.status();
    if (!dispatcher.ok()) return run;
    (*dispatcher)->Connect(run);
    v1::Plan plan;
    plan.set_version(1);
    plan.set_attempts(1);
    v1::ProbeSpec* probe = plan.add_probes();
    probe->set_name("tcp");
    probe->set_timeout_ms(5'000);
    probe->mutable_tcp()->mutable_endpoint()->set_host("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_address("127.0.0.1");
    probe->mutable_tcp()->mutable_endpoint()->set_port(9);
    (*dispatcher)->RunPhase(plan, "why", run);
    (*dispatcher)->Close();
    return run;
  }
  v1::Side Missing(const std::string& vantage = std::string("ssh:") + kHost) { return Run(vantage).sides(0); }
  void ExpectThere(const v1::Run& run) const {
    EXPECT_THAT(run.sides(0).missing(), IsEmpty());
    EXPECT_EQ(run.observations_size(), 1);
  }

  e2e::EventLines events_;
};

// --- the agent is there

TEST_F(SshVantageTest, AnAgentInThePathIsStarted) {
  fs::create_symlink(PARALLAX_AGENT, folder_ / "there/parallax-agent");
  ExpectThere(Run());
  EXPECT_FALSE(fs::exists(Copied()));
}

TEST_F(SshVantageTest, OneInTheHomesOwnFoldersToo) {
  for (const char* place : {".local/bin", ".cache/parallax/" PARALLAX_VERSION, "."}) {
    fs::create_directories(home_ / place);
    fs::create_symlink(PARALLAX_AGENT, home_ / place / "parallax-agent");
    ExpectThere(Run());
    fs::remove(home_ / place / "parallax-agent");
  }
}

TEST_F(SshVantageTest, AMotdABannerAndANoisyProfileArePassedOver) {
  fs::create_symlink(PARALLAX_AGENT, folder_ / "there/parallax-agent");
  Write("banner", "*** authorized use only ***\n");
  sshd_more_ = "Banner " + (folder_ / "banner").string() + "\n";
  Write("home/.bashrc", "echo PARALLAX-AGENT/ is great; head -c 5000 /dev/zero | tr '\\0' x\n");
  ExpectThere(Run());
}

TEST_F(SshVantageTest, WhateverShellTheAccountHas) {
  fs::create_symlink(PARALLAX_AGENT, folder_ / "there/parallax-agent");
  for (const char* shell : {"dash", "bash", "zsh", "fish"}) {
    if (std::system(("command -v " + std::string(shell) + " >/dev/null").c_str()) != 0) continue;
    SCOPED_TRACE(shell);
    sshd_more_ = "ForceCommand " + std::string(shell) + " -c \"$SSH_ORIGINAL_COMMAND\"\n";
    ExpectThere(Run());
  }
}

// --- it is not

TEST_F(SshVantageTest, WithoutAnybodyToAskItSaysWhatToDo) {
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(),
              AllOf(HasSubstr("there is no parallax-agent on inside.test"), HasSubstr("Linux"), HasSubstr("glibc")));
  EXPECT_THAT(side.missing_remedy(),
              AllOf(HasSubstr("--copy-agent"), HasSubstr("scp " PARALLAX_AGENT " inside.test:")));
  EXPECT_FALSE(fs::exists(Copied()));
}

TEST_F(SshVantageTest, CopiedOnceItIsFoundTheNextTime) {
  reach_.copy_agent = true;
  ExpectThere(Run());
  EXPECT_THAT(events_.text, HasSubstr("copying"));
  EXPECT_EQ(ReadFile(Copied()), ReadFile(PARALLAX_AGENT));
  struct stat about {};
  ASSERT_EQ(stat(Copied().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(Copied().parent_path())) ++files;
  EXPECT_EQ(files, 1U) << "nothing half-written is left";
  reach_.copy_agent = false;
  ExpectThere(Run());
  EXPECT_THAT(events_.text, Not(HasSubstr("copying")));
}

TEST_F(SshVantageTest, ItsCompanionGoesAlong) {
  reach_.copy_agent = true;
  reach_.client_to_copy = "/usr/bin/env";  // any program
  ExpectThere(Run());
  EXPECT_EQ(ReadFile(Companion()), ReadFile("/usr/bin/env"));
}

TEST_F(SshVantageTest, OneThatWasCopiedWithoutItIsCompletedOnceThereIsOne) {
  reach_.copy_agent = true;
  ExpectThere(Run());
  EXPECT_FALSE(fs::exists(Companion()));
  reach_.client_to_copy = "/usr/bin/env";  // any program
  reach_.copy_agent = false;
  ExpectThere(Run());
  EXPECT_FALSE(fs::exists(Companion())) << "without leave it is used as it is";
  reach_.copy_agent = true;
  ExpectThere(Run());
  EXPECT_TRUE(fs::exists(Companion()));
  ExpectThere(Run());
  EXPECT_THAT(events_.text, Not(HasSubstr("copying")));
}

TEST_F(SshVantageTest, TheCompanionIsFoundWhereAnInstallationHasIt) {
  const fs::path bin = folder_ / "prefix/bin";
  const fs::path libexec = folder_ / "prefix/libexec/parallax";
  fs::create_directories(bin);
  fs::create_directories(libexec);
  const std::string agent = (bin / "parallax-agent").string();
  fs::copy_file("/usr/bin/env", agent);
  EXPECT_THAT(CompanionOf(agent, true), Not(HasSubstr(folder_.string())));
  fs::copy_file("/usr/bin/env", libexec / "parallax-agent-client");
  EXPECT_EQ(CompanionOf(agent, true), libexec / "parallax-agent-client");
  EXPECT_EQ(CompanionOf(agent, false), "") << "of an agent that was named by hand only what lies beside it";
  // One for another machine is none.
  std::string arm = ReadFile("/usr/bin/env");
  arm[18] = static_cast<char>(arm[18] == '\xb7' ? '\x3e' : '\xb7');  // e_machine
  Write("prefix/bin/parallax-agent-client", arm);
  EXPECT_EQ(CompanionOf(agent, true), libexec / "parallax-agent-client");
  fs::copy_file("/usr/bin/env", bin / "parallax-agent-client", fs::copy_options::overwrite_existing);
  EXPECT_EQ(CompanionOf(agent, true), bin / "parallax-agent-client") << "the one beside it goes first";
  EXPECT_EQ(CompanionOf(agent, false), bin / "parallax-agent-client");
  fs::create_symlink(agent, folder_ / "here/parallax-agent");
  EXPECT_EQ(CompanionOf(folder_ / "here/parallax-agent", false), bin / "parallax-agent-client");
}

TEST_F(SshVantageTest, AnAgentOfAnotherReleaseDoesNotHideOurs) {
  // It says another version, and is then ours: so that what ran can be told apart.
  Script("there/parallax-agent",
         "[ \"$1\" = --version ] && { echo parallax-agent 0.0.1; exit; }\n"
         "echo other >>" +
             (folder_ / "ran").string() + "\nexec " PARALLAX_AGENT " stdio\n");
  std::string question;
  reach_.ask = [&](const std::string& asked, const std::atomic<bool>*) {
    question = asked;
    return false;
  };
  ExpectThere(Run());
  EXPECT_TRUE(fs::exists(folder_ / "ran")) << "where nobody lets ours be copied, it is used";
  EXPECT_THAT(question, AllOf(HasSubstr("There is no complete parallax-agent " PARALLAX_VERSION),
                              HasSubstr("there/parallax-agent: parallax-agent 0.0.1")));
  fs::remove(folder_ / "ran");
  reach_.copy_agent = true;
  ExpectThere(Run());
  EXPECT_TRUE(fs::exists(Copied()));
  reach_.copy_agent = false;
  ExpectThere(Run());
  EXPECT_FALSE(fs::exists(folder_ / "ran")) << "ours goes first";
}

TEST_F(SshVantageTest, OneOfAnotherProtocolIsNamedByItsPath) {
  Script("there/parallax-agent",
         "[ \"$1\" = --version ] && { echo parallax-agent 99.9; exit; }\n"
         "exec " PARALLAX_FAKE_AGENT " other-protocol\n");
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), AllOf(HasSubstr("protocol 2"), HasSubstr("there/parallax-agent: parallax-agent 99.9")));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("--copy-agent"));
  Script("there/parallax-agent",
         "[ \"$1\" = --version ] && { echo parallax-agent 99.9; exit; }\n"
         "echo PARALLAX-AGENT/2 99.9; exec cat\n");
  EXPECT_THAT(Missing().missing(), HasSubstr("there/parallax-agent: parallax-agent 99.9"));
}

TEST_F(SshVantageTest, AnAgentThatMayNotBeExecutedIsToldAsThat) {
  fs::create_directories(Copied().parent_path());
  Write("home/.cache/parallax/" PARALLAX_VERSION "/parallax-agent", "#!/bin/sh\n");
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), AllOf(HasSubstr(Copied().string()), HasSubstr("ermission denied")));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("noexec"));
}

TEST_F(SshVantageTest, AHomeWithABarInItsName) {
  home_ = folder_ / "home|of|me";
  fs::create_directory(home_);
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), AllOf(HasSubstr("there is no parallax-agent on inside.test"), Not(HasSubstr("of|me"))));
  reach_.copy_agent = true;
  ExpectThere(Run());
  EXPECT_TRUE(fs::exists(Copied()));
}

TEST_F(SshVantageTest, ThePersonIsAskedAndMayDecline) {
  std::string question;
  bool answer = false;
  reach_.ask = [&](const std::string& asked, const std::atomic<bool>*) {
    question = asked;
    return answer;
  };
  EXPECT_THAT(Missing().missing_remedy(), HasSubstr("--copy-agent"));
  EXPECT_THAT(question,
              AllOf(HasSubstr("inside.test"), HasSubstr(Copied().parent_path().string() + "?"), HasSubstr("MB")));
  EXPECT_FALSE(fs::exists(Copied()));
  answer = true;
  ExpectThere(Run());
}

TEST_F(SshVantageTest, AnAgentThatDoesNotRunThereIsToldAndReplaced) {
  Script("there/parallax-agent", "echo 'error while loading shared libraries: libgrpc++.so.1.51' >&2; exit 127\n");
  EXPECT_THAT(Missing().missing(), AllOf(HasSubstr("there/parallax-agent"), HasSubstr("libgrpc++.so.1.51")));
  reach_.copy_agent = true;
  ExpectThere(Run());
}

TEST_F(SshVantageTest, AnotherMachineGetsNoCopy) {
  reach_.copy_agent = true;
  Script("there/uname", "[ \"$1\" = -m ] && echo riscv64 || echo Linux\n");
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), AllOf(HasSubstr("built for"), HasSubstr("this host is riscv64")));
  EXPECT_THAT(side.missing_remedy(), AllOf(HasSubstr("--agent-binary"), HasSubstr("deploy/arm64")));
  Script("there/uname", "[ \"$1\" = -m ] && echo arm64 || echo Darwin\n");
  const v1::Side mac = Missing();
  EXPECT_THAT(mac.missing(), HasSubstr("this host is Darwin"));
  EXPECT_THAT(mac.missing_remedy(), HasSubstr("health"));
  EXPECT_FALSE(fs::exists(Copied()));
}

TEST_F(SshVantageTest, AHomeThatCannotBeWrittenIsToldInTheHostsOwnWords) {
  reach_.copy_agent = true;
  home_ = "/proc/none";
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), AllOf(HasSubstr("could not be copied to inside.test"), HasSubstr("/proc/none")));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("exec:ssh HOST"));
}

TEST_F(SshVantageTest, AFullDiskToo) {
  reach_.copy_agent = true;
  Script("there/head", "cat >/dev/null & echo 'head: write error: No space left on device' >&2; exit 1\n");
  EXPECT_THAT(Missing().missing(), HasSubstr("No space left on device"));
  EXPECT_TRUE(fs::is_empty(Copied().parent_path())) << "nothing half-written is left";
}

TEST_F(SshVantageTest, WhatIsCutOnTheWayIsNotKept) {
  reach_.copy_agent = true;
  Script("there/head", "[ \"$1\" = -c ] || exec /usr/bin/head \"$@\"; /usr/bin/head \"$@\" | tr a b\n");
  EXPECT_THAT(Missing().missing(), HasSubstr("what arrived is not what was sent"));
  EXPECT_TRUE(fs::is_empty(Copied().parent_path()));
}

TEST_F(SshVantageTest, ACopyThatDoesNotRunIsTold) {
  reach_.copy_agent = true;
  reach_.agent_to_copy = "/bin/false";
  EXPECT_THAT(Missing().missing(), HasSubstr("could not be copied"));
  reach_.agent_to_copy = (folder_ / "user.pub").string();
  EXPECT_THAT(Missing().missing(), HasSubstr("no 64-bit Linux program"));
  reach_.agent_to_copy = "/nowhere/agent";
  EXPECT_THAT(Missing().missing(), HasSubstr("cannot read '/nowhere/agent'"));
}

// --- the host is not reached

TEST_F(SshVantageTest, AHostKeyThatIsUnknownOrChanged) {
  Write("known_hosts", "");
  const v1::Side unknown = Missing();
  EXPECT_THAT(unknown.missing(), HasSubstr("Host key verification failed"));
  EXPECT_THAT(unknown.missing_remedy(),
              AllOf(HasSubstr("does not know this host's key"), HasSubstr("compare the key")));
  Write("known_hosts", std::string(kHost) + " " + ReadFile(folder_ / "stranger.pub"));
  EXPECT_THAT(Missing().missing_remedy(), AllOf(HasSubstr("key changed"), HasSubstr("compare the key")));
}

TEST_F(SshVantageTest, AKeyThatIsNotAccepted) {
  fs::copy_file(folder_ / "stranger.pub", folder_ / "authorized_keys", fs::copy_options::overwrite_existing);
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), HasSubstr("Permission denied"));
  EXPECT_THAT(side.missing_remedy(), AllOf(HasSubstr("ssh-add"), HasSubstr("IdentityFile"),
                                           HasSubstr("ssh inside.test true"), Not(HasSubstr("-i KEY"))));
}

TEST_F(SshVantageTest, ASessionThatEndsWithoutAWordSaysWhatToTry) {
  sshd_more_ = "ForceCommand true\n";
  EXPECT_THAT(Missing().missing_remedy(), HasSubstr("ssh inside.test uname -sm"));
}

TEST_F(SshVantageTest, AHostThatIsNotThere) {
  const support::ClosedPort closed;
  const v1::Side side = Missing("ssh://me@127.0.0.1:" + std::to_string(closed.port()));
  EXPECT_THAT(side.missing(), HasSubstr("Connection refused"));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("sshd"));
  EXPECT_THAT(Missing("ssh:no-such-host.invalid").missing_remedy(), HasSubstr("host name"));
}

TEST_F(SshVantageTest, NoSshOnThisHost) {
  fs::remove(folder_ / "here/ssh");
  setenv("PATH", (folder_ / "here").c_str(), 1);
  const v1::Side side = Missing();
  EXPECT_THAT(side.missing(), HasSubstr("cannot be started"));
  EXPECT_THAT(side.missing_remedy(), HasSubstr("OpenSSH"));
}

// --- the words alone

TEST(SshCommand, TheHostIsNoOptionAndTheScriptSurvivesAnyShell) {
  Vantage vantage;
  vantage.host = "me@host";
  vantage.port = 2222;
  const std::vector<std::string> words = SshCommand(vantage, false, true);
  ASSERT_GT(words.size(), 5U);
  EXPECT_EQ(words[words.size() - 3], "--");
  EXPECT_EQ(words[words.size() - 2], "me@host");
  const std::string& script = words.back();
  const std::string inner = script.substr(script.find('\'') + 1, script.rfind('\'') - script.find('\'') - 1);
  EXPECT_EQ(inner.find_first_of("'\\!"), std::string::npos) << "shells read these differently inside single quotes";
}

TEST(Absence, IsReadFromItsLine) {
  const auto absence = ParseAbsence("PARALLAX-NO-AGENT/1|Linux|aarch64|glibc 2.36|/home/me/.cache||/bin/x: a | b");
  ASSERT_TRUE(absence.has_value());
  EXPECT_EQ(absence->machine, "aarch64");
  EXPECT_EQ(absence->there, "/bin/x: a | b");
  EXPECT_FALSE(absence->usable);
  EXPECT_TRUE(ParseAbsence("PARALLAX-NO-AGENT/1|Linux|aarch64|glibc 2.36|/x|yes|/bin/x: old")->usable);
  EXPECT_FALSE(ParseAbsence("PARALLAX-NO-AGENT/1|Linux").has_value());
  EXPECT_FALSE(ParseAbsence("Linux|x|y|z|w").has_value());
  const ElfFacts arm = {"aarch64", "/lib/ld-linux-aarch64.so.1"};
  EXPECT_EQ(WhyNotThere(*absence, arm), "");
  EXPECT_EQ(WhyNotThere({"Linux", "arm64", "glibc 2.36", "", false, ""}, arm), "")
      << "another name of the same machine";
  EXPECT_THAT(WhyNotThere({"Linux", "aarch64", "musl", "", false, ""}, arm), HasSubstr("musl"));
  EXPECT_EQ(WhyNotThere({"Linux", "aarch64", "musl", "", false, ""}, {"aarch64", ""}), "")
      << "a static program runs anywhere";
}

TEST(Elf, TheProgramOfThisTestAndWhatIsNone) {
  const auto self = ReadElf(ReadFile("/proc/self/exe"));
  ASSERT_TRUE(self.ok());
  EXPECT_THAT(self->interpreter, HasSubstr("ld-linux"));
  const std::string whole = ReadFile("/proc/self/exe");
  for (const size_t size : {0, 3, 63, 64, 100}) ReadElf(whole.substr(0, size)).IgnoreError();
  EXPECT_FALSE(ReadElf("#!/bin/sh\n").ok());
}

TEST(ReadProgram, AFifoIsNoProgramAndHoldsNobody) {
  const std::string fifo = ::testing::TempDir() + "/parallax_agent_fifo";
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(std::string(ReadProgram(fifo, "parallax-agent").status().message()), HasSubstr("it is a FIFO"));
  EXPECT_EQ(CompanionOf(fifo, false), "");
}

}  // namespace
}  // namespace parallax::dispatch
