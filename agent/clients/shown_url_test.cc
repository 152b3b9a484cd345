#include "agent/clients/shown_url.h"

#include <gtest/gtest.h>

namespace parallax::clients {
namespace {

TEST(ShownUrl, LeavesWhatIsNoSecret) {
  for (const char* url :
       {"", "/", "/login", "login?next=/a&lang=de", "http://app.test:8080/a?b=c#d", "//app.test/x?y",
        "http://[fd00::1]:80/?a", "app.test:80/x", "/mail/joe@app.test?to=joe@app.test", "?", "#", "http:"}) {
    EXPECT_EQ(ShownUrl(url), url);
  }
}

TEST(ShownUrl, DropsUserAndPassword) {
  EXPECT_EQ(ShownUrl("http://joe:pw@app.test/x"), "http://app.test/x");
  EXPECT_EQ(ShownUrl("https://joe@app.test"), "https://app.test");
  EXPECT_EQ(ShownUrl("//joe:p@w@app.test?x=@"), "//app.test?x=@");
  EXPECT_EQ(ShownUrl("http:/joe:pw@app.test/"), "http:/app.test/");
  EXPECT_EQ(ShownUrl("http:///joe:pw@app.test/"), "http:///app.test/");
  EXPECT_EQ(ShownUrl("http:\\\\joe:pw@app.test\\x"), "http:\\\\app.test\\x");
  EXPECT_EQ(ShownUrl("ftp://joe:pw@app.test#x"), "ftp://app.test#x");
}

TEST(ShownUrl, HidesParametersThatAreNamedAsSecrets) {
  EXPECT_EQ(ShownUrl("/cb?code=abc&lang=de&access_token=t==&x"), "/cb?code=***&lang=de&access_token=***&x");
  EXPECT_EQ(ShownUrl("/a?Password=1;2&b=3;client_secret=4#id_token=5&c=6"),
            "/a?Password=***&b=3;client_secret=***#id_token=***&c=6");
  EXPECT_EQ(ShownUrl("https://b.test/o?X-Amz-Credential=1&X-Amz-Signature=2&sig=3&design=4"),
            "https://b.test/o?X-Amz-Credential=***&X-Amz-Signature=***&sig=***&design=4");
  EXPECT_EQ(ShownUrl("?apikey=1&API_KEY=2&api-key=3&token"), "?apikey=***&API_KEY=***&api-key=***&token");
}

TEST(ShownUrl, HidesWhatIsWrittenOtherwise) {
  EXPECT_EQ(ShownUrl("/a?%74oken=1&s%69g=2&auth=3&key=4&keyspace=5&author=6"),
            "/a?%74oken=***&s%69g=***&auth=***&key=***&keyspace=5&author=6");
  EXPECT_EQ(ShownUrl("/app;jsessionid=1?x=2"), "/app;jsessionid=***?x=2");
  EXPECT_EQ(ShownUrl("/login?next=https%3A%2F%2Fh%2F%3Ftoken%3Dx&lang=de"), "/login?next=***&lang=de");
  EXPECT_EQ(ShownUrl("/login?next=https://joe:pw@h/&lang=de"), "/login?next=***&lang=de");
  EXPECT_EQ(ShownUrl("/a?t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"), "/a?t=***");
}

TEST(ShownHeader, HidesCredentialsAndCleansUrls) {
  EXPECT_EQ(ShownHeader("set-cookie", "session=abc"), "***");
  EXPECT_EQ(ShownHeader("location", "http://joe:pw@app.test/?token=1"), "http://app.test/?token=***");
  EXPECT_EQ(ShownHeader("content-location", "/?token=1"), "/?token=***");
  EXPECT_EQ(ShownHeader("age", "17"), "17");
}

}  // namespace
}  // namespace parallax::clients
