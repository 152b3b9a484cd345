#include "controller/diagnose/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "controller/diagnose/remedy.h"

namespace parallax::diagnose {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> Ids() {
  std::vector<std::string> ids;
  for (const Cause& cause : Catalogue()) ids.emplace_back(cause.id);
  return ids;
}

// [a-z]+(\.[a-z_]+)?  By hand: g++ 12 warns of its own <regex> under the sanitizers.
bool IsId(std::string_view text) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const size_t dot = text.find('.');
  const std::string_view family = text.substr(0, dot);
  if (family.empty() || !std::all_of(family.begin(), family.end(), lower)) return false;
  if (dot == std::string_view::npos) return true;
  const std::string_view name = text.substr(dot + 1);
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) { return lower(c) || c == '_'; });
}

// "| `dns.stale_answer` | fault | yes |"; empty when the line is no row.
std::vector<std::string> Cells(const std::string& line) {
  if (line.rfind("| `", 0) != 0) return {};
  std::vector<std::string> cells = {""};
  for (const char c : line.substr(1)) {
    if (c == '|') {
      cells.emplace_back();
    } else if (c != '`' && !(c == ' ' && cells.back().empty())) {
      cells.back() += c;
    }
  }
  for (std::string& cell : cells) cell.erase(cell.find_last_not_of(' ') + 1);
  return cells;
}

TEST(Catalogue, HoldsEveryIdOnce) {
  std::set<std::string> seen;
  for (const std::string& id : Ids()) EXPECT_TRUE(seen.insert(id).second) << id;
}

TEST(Catalogue, IdsAreOfOneForm) {
  for (const std::string& id : Ids()) EXPECT_TRUE(IsId(id)) << id;
  for (const char* other : {"", ".", "a.", ".a", "A.b", "a.b-c", "a b", "a.b.c"}) EXPECT_FALSE(IsId(other)) << other;
}

TEST(Catalogue, EveryCauseSaysWhatItMeans) {
  for (const Cause& cause : Catalogue()) {
    EXPECT_NE(cause.title, "") << cause.id;
    EXPECT_NE(cause.meaning, "") << cause.id;
    EXPECT_NE(cause.told_apart, "") << cause.id;
    EXPECT_NE(cause.severity, v1::SEVERITY_UNSPECIFIED) << cause.id;
    // A note asks for nothing.
    EXPECT_TRUE(cause.severity == v1::NOTE || !cause.remedy.empty()) << cause.id;
    // A command is pasted whole; a comment behind it would be broken over two lines.
    EXPECT_EQ(cause.remedy.find('#'), std::string_view::npos) << cause.id;
    EXPECT_EQ(cause.worse_when.has_value(), cause.lesser != v1::SEVERITY_UNSPECIFIED) << cause.id;
  }
}

// A cause that is told has a sentence for every case, and something that can speak for it.
TEST(Catalogue, EveryCauseThatIsToldCanBeSaid) {
  for (const Cause& cause : Catalogue()) {
    if (!cause.IsTold() || cause.id == "unexplained") continue;
    EXPECT_TRUE(std::any_of(cause.texts.begin(), cause.texts.end(), [](const Text& text) {
      return text.kind == TextKind::kSummary;
    })) << cause.id;
    EXPECT_TRUE(std::any_of(cause.links.begin(), cause.links.end(), [](const Link& link) {
      return link.yes >= Strength::kFor || link.no >= Strength::kFor;
    })) << cause.id;
    std::set<Atom> linked;
    for (const Link& link : cause.links) EXPECT_TRUE(linked.insert(link.atom).second) << cause.id;
  }
}

TEST(Catalogue, ThePairsAreOfKnownFaultsAndShort) {
  EXPECT_LE(PairsWithinALayer().size(), 15U) << "layers are to say which cause explains which";
  for (const auto& [cause, explained] : PairsWithinALayer()) {
    ASSERT_NE(FindCause(cause), nullptr) << cause;
    ASSERT_NE(FindCause(explained), nullptr) << explained;
    EXPECT_EQ(FindCause(cause)->severity, v1::FAULT) << "nothing but a fault explains: " << cause;
    for (const auto& [other, by_it] : PairsWithinALayer()) {
      EXPECT_FALSE(other == explained && by_it == cause) << cause << " and " << explained << " explain each other";
    }
  }
}

TEST(Catalogue, AnUnknownCauseIsNone) {
  EXPECT_EQ(FindCause("tunnel.haunted"), nullptr);
  EXPECT_EQ(FindCause(""), nullptr);
}

// The public vocabulary is the README's table: ids are for ever, so that a line may be added there, and none taken
// away.
TEST(Readme, ListsTheCatalogue) {
  std::ifstream readme(PARALLAX_SOURCE_DIR "/controller/diagnose/README.md");
  ASSERT_TRUE(readme.is_open());
  std::vector<std::string> listed;
  for (std::string line; std::getline(readme, line);) {
    const std::vector<std::string> cells = Cells(line);
    if (cells.size() < 3) continue;
    listed.push_back(cells[0]);
    const Cause* cause = FindCause(listed.back());
    ASSERT_NE(cause, nullptr) << line;
    EXPECT_EQ(cells[2], cause->IsTold() ? "yes" : "not yet") << line;
    const std::string severity = cause->severity == v1::FAULT     ? "fault"
                                 : cause->severity == v1::WARNING ? "warning"
                                 : cause->severity == v1::NOTE    ? "note"
                                                                  : "cannot tell";
    EXPECT_EQ(cells[1], severity) << line;
  }
  EXPECT_THAT(listed, UnorderedElementsAreArray(Ids()));
}

// What the other side said ends up in a line that a tired person pastes.
TEST(Remedy, NothingUnsafeIsFilledIn) {
  for (const char* host : {"db;reboot", "$(id)", "`id`", "a b", "a\nb", "-rf", "a'b", "a\"b", "a|b", "a>b", ""}) {
    v1::Comparison comparison;
    comparison.mutable_target()->set_host(host);
    EXPECT_TRUE(FillRemedy("getent hosts {host}", comparison).empty()) << host;
  }
}

TEST(Remedy, ALineWithoutItsValueIsLeftOut) {
  v1::Comparison comparison;
  comparison.mutable_target()->set_host("db.internal");
  EXPECT_THAT(FillRemedy("dig {host}\nnc {bastion_host} 22\nplain", comparison),
              ::testing::ElementsAre("dig db.internal", "plain"));
  EXPECT_THAT(FillRemedy("{nothing}\n{\n{host", comparison), ::testing::ElementsAre("{", "{host"));
}

}  // namespace
}  // namespace parallax::diagnose
