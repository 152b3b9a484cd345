#include "agent/probes/held.h"

#include <gtest/gtest.h>

#include "agent/net/clock.h"

namespace parallax::probes {
namespace {

TEST(Held, SaysAfterHowLongOfHowLongAndTheLastWord) {
  v1::ServerError word;
  EXPECT_EQ(EndedWhileHeld(2'930 * net::kMs, 6'000 * net::kMs, word), "the session was ended after 2.9 s of 6 s idle");
  EXPECT_EQ(EndedWhileHeld(40 * net::kMs, 90'500 * net::kMs, word), "the session was ended after 0 s of 90.5 s idle");
  word.set_code("57P05");
  word.set_message("idle-session timeout");
  EXPECT_EQ(EndedWhileHeld(300 * net::kMs, 6'000 * net::kMs, word),
            "the server ended the session after 0.3 s of 6 s idle: 57P05 idle-session timeout");
}

}  // namespace
}  // namespace parallax::probes
