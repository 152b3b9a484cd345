// make_seeds FOLDER: what the fuzzers begin with, one folder a target: the recorded runs of tests/scenarios and what
// the agents of these runs sent, a plan of theirs in a session, and for the protocols an exchange as it should be.
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "parallax/v1/run.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax {
namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

  void Add(const std::string& target, const std::string& bytes) {
    fs::create_directories(folder_ / target);
    std::ofstream(folder_ / target / absl::StrCat("seed-", ++count_), std::ios::binary) << bytes;
  }
  void AddHex(const std::string& target, const std::string& hex) { Add(target, absl::HexStringToBytes(hex)); }
  int count() const { return count_; }

 private:
  const fs::path folder_;
  int count_ = 0;
};

std::string Framed(const v1::ControllerMessage& message) {
  const std::string bytes = message.SerializeAsString();
  return absl::StrCat(std::string{static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size() & 0xff)}, bytes);
}

// A greeting, a plan, acks, a cancel, a Bye.
std::string Session(const std::string& plan) {
  v1::ControllerMessage welcome, ping, assignment, ack, cancel, bye;
  welcome.mutable_welcome()->set_protocol(1);
  ping.mutable_clock_ping()->set_id(1);
  assignment.mutable_assignment()->set_id(1);
  assignment.mutable_assignment()->set_plan(plan);
  assignment.mutable_assignment()->set_first_attempt(1);
  assignment.mutable_assignment()->set_attempts(1);
  assignment.mutable_assignment()->set_side_count(2);
  v1::SecretValue* secret = assignment.mutable_assignment()->add_secrets();
  secret->set_ref("controller:P");
  secret->set_value("hunter2");
  ack.mutable_ack()->set_number(1);
  cancel.mutable_cancel()->set_assignment(1);
  bye.mutable_bye()->set_why("over");
  return absl::StrCat(Framed(welcome), Framed(ping), Framed(assignment), Framed(ack), Framed(cancel), Framed(bye));
}

void AddRuns(const fs::path& scenarios, Seeds* seeds) {
  for (const auto& entry : fs::directory_iterator(scenarios)) {
    if (entry.path().extension() != ".txtpb") continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    v1::Run run;
    if (!google::protobuf::TextFormat::ParseFromString(text.str(), &run)) continue;
    seeds->Add("stored_run", run.SerializeAsString());
    for (const v1::Side& side : run.sides()) {
      v1::AgentMessage hello;
      *hello.mutable_hello() = side.agent();
      seeds->Add("agent_message", hello.SerializeAsString());
    }
    for (const v1::Phase& phase : run.phases()) {
      if (phase.plan_bytes().size() < 0xF000) seeds->Add("agent_session", Session(phase.plan_bytes()));
    }
    for (int i = 0; i < run.observations_size(); i += 7) {  // some of each run: they resemble each other
      v1::AgentMessage message;
      message.mutable_observation()->set_number(1);
      *message.mutable_observation()->mutable_observation() = run.observations(i).observation();
      seeds->Add("agent_message", message.SerializeAsString());
    }
  }
}

void AddProtocols(Seeds* seeds) {
  using namespace std::string_literals;  // NOLINT: bytes with zeros in them
  // The first byte chooses the size of the pieces, or the kind: see each target.
  const std::string scram_mechanisms = "R\0\0\0\x2a\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"s;
  const std::string ready = "S\0\0\0\x19server_version\00015.18\0K\0\0\0\x0c\0\0\x12\x34\0\0\0\1Z\0\0\0\5I"s;
  const std::string row = "D\0\0\0\x18\0\3\0\0\0\x02ok\xff\xff\xff\xff\0\0\0\1f"s;
  const std::string error = "E\0\0\0\x30SFATAL\0VFATAL\0C28P01\0Mpassword rejected\0\0"s;
  for (const char piece : {'\0', '\1', '\7'}) {
    seeds->Add("postgres_messages", piece + scram_mechanisms + "R\0\0\0\x08\0\0\0\0"s + ready + row);
    seeds->Add("postgres_messages", piece + error);
    seeds->Add("postgres_messages", piece + "R\0\0\0\x0c\0\0\0\5salt"s);
  }
  for (const char binding : {'\0', '\1', '\2'}) {
    seeds->Add("scram", binding + "r=fuzzserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2\nv=rmF9pqV8S7suAoZWja4dJRkFsKQ="s);
    seeds->Add("scram", binding + "r=fuzzserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2,m=ext\ne=other-error"s);
  }
  // db.internal A: a CNAME and two addresses; an AAAA answer; NXDOMAIN.
  const std::string question =
      "026462"
      "08696e7465726e616c00";
  seeds->AddHex("dns_response", absl::StrCat("00", "0001818000010003", "00000000", question, "00010001",
                                             "c00c00050001000000050006", "036d6264c00f", "c02900010001000000050004",
                                             "0a0004ac", "c02900010001000000050004", "0a0004ad"));
  seeds->AddHex("dns_response", absl::StrCat("01", "0001818000010001", "00000000", question, "001c0001",
                                             "c00c001c0001000000050010", "fd000004000000000000000000000172"));
  seeds->AddHex("dns_response", absl::StrCat("00", "0001818300010000", "00000000", question, "00010001"));
  for (const char choice : {'\0', '\5', '\2'}) {
    seeds->Add("socks5", choice + "\5\0\5\0\0\1\x0a\0\4\xac\x15\x38"s);
    seeds->Add("socks5", choice + "\5\0\5\5\0\1\0\0\0\0\0\0"s);
    seeds->Add("socks5", choice + "\5\0\5\0\0\3\4host\x15\x38"s);
    seeds->Add("socks5", choice + "\5\xff"s);
  }
  // A KEXINIT that offers curve25519-sha256, and a KEX_ECDH_REPLY with an ssh-ed25519 key; four bytes of padding.
  const std::string kexinit = "\x14"s + std::string(16, 'c') +
                              "\0\0\0\x11"
                              "curve25519-sha256\0\0\0\x0bssh-ed25519"s;
  const std::string reply = "\x1f\0\0\0\x33\0\0\0\x0bssh-ed25519\0\0\0\x20"s + std::string(32, 'k');
  const auto packet = [](const std::string& payload) {
    return absl::StrCat("\0\0\0"s, std::string(1, static_cast<char>(payload.size() + 5)), "\4"s, payload, "\0\0\0\0"s);
  };
  for (const char piece : {'\0', '\1'}) {
    seeds->Add("ssh_host_key", piece + "SSH-2.0-OpenSSH_9.2\r\n"s + packet(kexinit) + packet(reply));
    seeds->Add("ssh_host_key", piece + "Exceeded MaxStartups\r\n"s);
    seeds->Add("ssh_host_key", piece + "hello\nSSH-2.0-x\n"s + packet("\1\0\0\0\2\0\0\0\3bye"s));
  }
  for (const char* text :
       {"postgres://me:p%40w@[fd00::5]:5432/my%20db?sslmode=verify-full&options=-c%20geqo%3Doff",
        "host=db port=5432 password='two \\' words' service=app", "jdbc:postgresql://db/app?user=me&ssl=true",
        "postgresql+asyncpg://h1:1,h2:2/app?ssl=require", "https://h/x#/a~1b=1&status=204", "tcp://db:1", "dns:db"}) {
    seeds->Add("target_url", text);
  }
  seeds->Add("preamble", "\x10*** Welcome ***\nPARALLAX-AGENT/1 0.1.0\n");
  seeds->Add("preamble", "\xffPARALLAX-AGENT/2 9.9\n");
  seeds->Add("preamble", "\1PARALLAX-AGENT/1 0.1.0\r\n");
}

}  // namespace
}  // namespace parallax

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_seeds FOLDER\n";
    return 2;
  }
  parallax::Seeds seeds(argv[1]);
  parallax::AddRuns(PARALLAX_SOURCE_DIR "/tests/scenarios", &seeds);
  parallax::AddProtocols(&seeds);
  std::cout << seeds.count() << " seeds\n";
  return 0;
}
