#include "controller/report/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/report/page.h"
#include "controller/report/sheet/verdict.h"

namespace parallax::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Layout, CountsCodePoints) {
  EXPECT_EQ(Width("naïve"), 5U);
  EXPECT_EQ(Fit("naïveté", 5), "naï..");
  EXPECT_EQ(Pad("é", 3), "é  ");
}

TEST(Layout, WrapsAtSpaces) { EXPECT_THAT(Wrap("one two three", 8), ElementsAre("one two", "three")); }

TEST(Layout, BreaksAWordThatIsWiderThanThePage) {
  EXPECT_THAT(Wrap("abcdefghij k", 4), ElementsAre("abcd", "efgh", "ij k"));
}

TEST(Layout, ANumberKeepsItsUnit) { EXPECT_THAT(Wrap("no answer in 5.0 s", 16), ElementsAre("no answer in", "5.0 s")); }

TEST(Layout, NothingIsStillALine) { EXPECT_THAT(Wrap("", 10), ElementsAre("")); }

TEST(Layout, CommandsGoOnAfterABackslash) {
  EXPECT_THAT(WrapCommand("aws ec2 describe-instances --filters Name=ip-address,Values=198.51.100.24", 40),
              ElementsAre("aws ec2 describe-instances --filters \\", "  Name=ip-address,Values=198.51.100.24"));
}

TEST(Layout, CommandsAreNotBrokenInsideQuotes) {
  EXPECT_THAT(WrapCommand("ssh bastion 'nc -zv db 5432'", 20), ElementsAre("ssh bastion \\", "  'nc -zv db 5432'"));
}

TEST(Layout, TellsCommandsFromSentences) {
  EXPECT_TRUE(LooksLikeCommand("aws ec2 describe-instances"));
  EXPECT_TRUE(LooksLikeCommand("sudo sst tunnel"));
  EXPECT_FALSE(LooksLikeCommand("ssh to the bastion and look"));
  EXPECT_FALSE(LooksLikeCommand("no instance? the address is stale"));
  EXPECT_FALSE(LooksLikeCommand("redeploy, then restart the tunnel"));
}

TEST(Layout, CleansWhatDrivesATerminal) {
  EXPECT_THAT(Clean("a\x1b[2Jb\rc\xc2\x9b"
                    "31m"),
              Not(HasSubstr("\x1b")));
  EXPECT_EQ(Clean("a\xe2\x80\xae"
                  "b"),
            "a?b");
  EXPECT_EQ(Clean("a\xff"
                  "b"),
            "a?b");
}

TEST(Page, NoLineIsWiderThanThePage) {
  Page page(60, false);
  page.Add({{std::string(50, 'x')}, {std::string(50, 'y')}, {"z"}});
  EXPECT_EQ(page.Take(), std::string(50, 'x') + "yyyyyyyy..\n");
}

TEST(Page, ColoursOnlyWhenAsked) {
  Page plain(60, false);
  plain.Add("bad", Style::kBad);
  EXPECT_EQ(plain.Take(), "bad\n");
  Page coloured(60, true);
  coloured.Add("bad", Style::kBad);
  EXPECT_EQ(coloured.Take(), "\x1b[1;31mbad\x1b[0m\n");
}

TEST(Page, NeverTwoEmptyLines) {
  Page page(60, false);
  page.Add("a");
  page.Blank();
  page.Blank();
  page.Add("b");
  EXPECT_EQ(page.Take(), "a\n\nb\n");
}

}  // namespace
}  // namespace parallax::report
