#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "contract/names.h"
#include "contract/upgrade.h"
#include "controller/diagnose/diagnose.h"
#include "controller/report/html/embedded_run.h"
#include "controller/report/html/html.h"
#include "controller/report/markdown/markdown.h"
#include "controller/report/redact/aliases.h"
#include "controller/report/redact/redact.h"
#include "controller/report/redact/tokens.h"
#include "controller/report/report.h"

namespace parallax::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Aliases, AddressesKeepTheirSubnetsAndTheirKind) {
  Aliases aliases("key");
  const std::string one = aliases.Address("10.0.4.172");
  EXPECT_NE(one, "10.0.4.172");
  EXPECT_EQ(one, Aliases("key").Address("10.0.4.172"));
  EXPECT_NE(one, Aliases("other").Address("10.0.4.172"));
  EXPECT_TRUE(one.starts_with("10."));
  EXPECT_TRUE(aliases.Address("192.168.7.9").starts_with("192.168."));
  EXPECT_EQ(aliases.Address("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(aliases.Address("::1"), "::1");
  const std::string neighbour = aliases.Address("10.0.4.9");
  EXPECT_EQ(one.substr(0, one.rfind('.')), neighbour.substr(0, neighbour.rfind('.')));
  EXPECT_EQ(aliases.Address("::ffff:10.0.4.172"), "::ffff:" + one);
  EXPECT_TRUE(aliases.Text("10.0.4.0/22").ends_with(".0/22"));
}

TEST(Aliases, FreeTextKeepsItsSenseAndLosesItsNames) {
  Aliases aliases("key");
  aliases.LearnWord("zaphod", "user");
  aliases.LearnHost("db.heartofgold.internal");
  EXPECT_EQ(aliases.Text("no pg_hba.conf entry for user \"zaphod\", no encryption"),
            "no pg_hba.conf entry for user \"user1\", no encryption");
  EXPECT_EQ(aliases.Text("db.heartofgold.internal, heartofgold"), "host1.host2.internal, host2");
  EXPECT_EQ(aliases.Text("cannot read /home/zaphod/.pgpass: no such file"), "cannot read /path1: no such file");
  EXPECT_EQ(aliases.Text("10.0.0.2:53/udp A").substr(0, 3), "10.");
  EXPECT_THAT(aliases.Text("10.0.0.2:53/udp A"), HasSubstr(":53/udp A"));
  EXPECT_EQ(aliases.Text("libpqxx 6.4.5, TLSv1.3, SSH-2.0-OpenSSH_9.2p1"),
            "libpqxx 6.4.5, TLSv1.3, SSH-2.0-OpenSSH_9.2p1");
  EXPECT_EQ(aliases.Text("postgres://zaphod@db.heartofgold.internal:5432/trillian?sslmode=require"),
            "postgres://user1@host1.host2.internal:5432/database1?sslmode=require");
}

std::vector<std::filesystem::path> Recorded() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(PARALLAX_SOURCE_DIR "/tests/scenarios")) {
    if (entry.path().string().ends_with(".run.txtpb")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

v1::Run Read(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  v1::Run run;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &run)) << path;
  contract::Upgrade(&run);
  return run;
}

// What whoever reads a redacted report must not find. Words that any report may hold are no secret.
std::set<std::string> Secrets(const v1::Run& run) {
  std::set<std::string> secrets;
  const auto add = [&](const std::string& text) {
    if (text.size() > 3 && text != "root" && text != "localhost") secrets.insert(text);
  };
  for (const v1::Target& target : run.targets()) {
    add(target.host());
    add(target.user());
    add(target.database());
  }
  for (const v1::Side& side : run.sides()) {
    add(side.agent().host().hostname());
    for (const v1::Interface& interface : side.agent().host().interfaces()) {
      for (const std::string& address : interface.addresses()) {
        if (!address.starts_with("127.") && !address.starts_with("::1")) add(address.substr(0, address.find('/')));
      }
    }
    for (const std::string& resolver : side.agent().host().resolvers()) {
      if (!resolver.starts_with("127.")) add(resolver);
    }
    std::istringstream words(side.vantage());
    for (std::string word; words >> word;) {
      if (word.front() == '/' && !IsPlainPath(word)) add(word);
    }
    if (side.vantage().find("plx") != std::string::npos) {
      const size_t at = side.vantage().find("plx");
      add(side.vantage().substr(at, side.vantage().find(' ', at) - at));
    }
  }
  for (const v1::SideObservation& observed : run.observations()) {
    for (const v1::Step& step : observed.observation().steps()) {
      for (const std::string& address : step.resolve().addresses()) add(address);
      for (const v1::Certificate& certificate : step.tls().chain()) add(certificate.sha256());
    }
  }
  return secrets;
}

TEST(Redact, NothingIsLeftInAnyFormAndTheVerdictStays) {
  const auto paths = Recorded();
  ASSERT_GT(paths.size(), 40U);
  for (const auto& path : paths) {
    const v1::Run run = Read(path);
    const v1::Report report = diagnose::MakeReport(run);
    const v1::Run redacted = Redacted(run);
    const v1::Report after = diagnose::MakeReport(redacted);
    ASSERT_EQ(report.targets_size(), after.targets_size());
    EXPECT_EQ(report.status(), after.status()) << path;
    for (int i = 0; i < report.targets_size(); ++i) {
      EXPECT_EQ(report.targets(i).diagnosis().verdict().cause(), after.targets(i).diagnosis().verdict().cause())
          << path;
    }
    const Sheet sheet = MakeSheet(redacted, after);
    const std::string page = Html(sheet);
    const auto embedded = RunInPage(page, 64 << 20);
    ASSERT_TRUE(embedded.ok());
    std::string exported;
    google::protobuf::TextFormat::PrintToString(*embedded, &exported);
    const std::vector<std::pair<std::string, std::string>> forms = {{"text", Text(sheet, {})},
                                                                    {"json", Json(redacted, after)},
                                                                    {"markdown", Markdown(sheet)},
                                                                    {"html", page},
                                                                    {"export", exported}};
    for (const std::string& secret : Secrets(run)) {
      for (const auto& [form, text] : forms) {
        const size_t at = text.find(secret);
        EXPECT_EQ(at, std::string::npos) << path << " " << form << ": " << secret << ": "
                                         << (at == std::string::npos ? "" : text.substr(at < 60 ? 0 : at - 60, 140));
      }
    }
  }
}

TEST(Redact, TheTitleSaysWhatWasDone) {
  v1::Run run;
  run.set_id("7f3a");
  run.set_title("heartofgold is down");
  EXPECT_EQ(Redacted(run).title(), "names, addresses and paths are aliases");
  EXPECT_EQ(Redacted(run).id(), "7f3a");
}

TEST(Redact, TwoRunsShareTheirAliases) {
  v1::Run one;
  one.add_targets()->set_host("a.heartofgold.internal");
  v1::Run two;
  two.add_targets()->set_host("b.heartofgold.internal");
  Redactor redactor({&one, &two});
  const std::string first = redactor.Redacted(one).targets(0).host();
  const std::string second = redactor.Redacted(two).targets(0).host();
  EXPECT_EQ(first.substr(first.find('.')), second.substr(second.find('.')));
}

}  // namespace
}  // namespace parallax::report
