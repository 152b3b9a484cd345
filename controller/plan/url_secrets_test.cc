#include "controller/plan/url_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "controller/plan/target_url.h"

namespace parallax::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(UrlSecrets, ARefusalNamesTheParameterAndNeverItsValue) {
  for (const char* url :
       {"https://h/x?sig=hunter2", "https://h/x?code=hunter2", "https://h?key=hunter2", "https://h/x?auth=hunter2",
        "https://h/x?%74oken=hunter2", "https://h/x?%73%69%67=hunter2", "https://h/x?a=1;token=hunter2",
        "https://h/x;jsessionid=hunter2", "https://h/x?X-Amz-Signature=hunter2",
        "https://h/x?X-Amz-Security-Token=hunter2", "https://h/x?next=%2Fcb%3Fcode%3Dhunter2",
        "https://h/x?jwt=hunter2", "https://h/x?otp=hunter2", "https://h/x?hmac=hunter2", "https://h/x?sas=hunter2",
        "https://h/x?session=hunter2"}) {
    const auto parsed = ParseTarget(url);
    ASSERT_FALSE(parsed.ok()) << url;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr("looks like a secret")) << url;
    EXPECT_THAT(std::string(parsed.status().message()), Not(HasSubstr("hunter2"))) << url;
  }
}

TEST(UrlSecrets, InnocentParametersStay) {
  for (const char* url : {"https://h/x?keyspace=a&author=b&code_version=3", "https://h/token/code/1",
                          "https://h/x?country_code=de&token_type=jwt#/auth=up&status=200"}) {
    EXPECT_TRUE(ParseTarget(url).ok()) << url << ": " << ParseTarget(url).status();
  }
}

}  // namespace
}  // namespace parallax::plan
