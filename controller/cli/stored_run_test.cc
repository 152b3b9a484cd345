#include "controller/cli/stored_run.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace parallax::cli {
namespace {

v1::CompetingRoute RouteOfFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  const auto stored = FetchRun("", path);
  std::remove(path.c_str());
  EXPECT_TRUE(stored.ok()) << stored.status();
  if (!stored.ok()) return {};
  const v1::RouteDetails& route = stored->run.observations(0).observation().steps(0).route();
  EXPECT_EQ(route.link_kind(), v1::LINK_KIND_TUN);
  EXPECT_EQ(route.competing_routes_size(), 1);
  return route.competing_routes_size() == 1 ? route.competing_routes(0) : v1::CompetingRoute();
}

// Exports of before the vocabularies were enums and a competing route a message.
TEST(StoredRun, AnOlderExportIsReadInBothForms) {
  const v1::CompetingRoute text = RouteOfFile("older.txtpb", R"pb(
    id: "7f3a"
    observations {
      observation { steps { route { interface_kind: "tun" competing_prefixes: "10.0.4.0/22 dev tun10" } } }
    })pb");
  EXPECT_EQ(text.interface(), "tun10");
  const v1::CompetingRoute json =
      RouteOfFile("older.json", R"({"id": "7f3a", "observations": [{"observation": {"steps": [
      {"route": {"interfaceKind": "tun", "competingPrefixes": ["10.0.4.0/22 dev tun10"]}}]}}]})");
  EXPECT_EQ(json.interface(), "tun10");
  EXPECT_EQ(json.prefix(), "10.0.4.0/22");
}

}  // namespace
}  // namespace parallax::cli
