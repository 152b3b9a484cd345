#include "controller/report/redact/words.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "contract/names.h"

namespace parallax::report {
namespace {

// Of host names: what says where a name is registered, and not whose it is.
constexpr std::array<std::string_view, 41> kPublicLabels = {
    "com",         "net",    "org",     "io",   "dev",      "app",       "cloud",    "internal",   "local",
    "localdomain", "lan",    "home",    "arpa", "example",  "test",      "invalid",  "edu",        "gov",
    "co",          "uk",     "de",      "eu",   "rds",      "amazonaws", "aws",      "compute",    "ec2",
    "elb",         "proxy",  "cluster", "svc",  "azure",    "windows",   "database", "googleapis", "supabase",
    "neon",        "render", "in-addr", "ip6",  "localhost"};

// Of users, databases, commands and certificates: what is the same everywhere.
constexpr std::array<std::string_view, 62> kPlainWords = {
    "postgres", "root",    "admin",   "ubuntu",  "ec2-user", "nobody",   "postgresql", "template1",     "inside",
    "outside",  "local",   "stdio",   "serve",   "exec",     "ssh",      "grpc",       "grpcs",         "unix",
    "docker",   "kubectl", "aws",     "sudo",    "env",      "parallax", "agent",      "compare",       "probe",
    "direct",   "default", "system",  "main",    "table",    "rule",     "udp",        "tcp",           "tls",
    "dns",      "http",    "https",   "sql",     "password", "prod",     "the",        "and",           "for",
    "from",     "lookup",  "all",     "host",    "user",     "database", "server",     "client",        "linux",
    "tunnel",   "route",   "bastion", "service", "token",    "file",     "controller", "parallax-agent"};

template <typename Enum>
void AddNames(const google::protobuf::EnumDescriptor& names, std::set<std::string, std::less<>>* words) {
  for (int i = 0; i < names.value_count(); ++i) {
    const auto value = static_cast<Enum>(names.value(i)->number());
    words->insert(contract::Name(value));
    words->insert(absl::AsciiStrToLower(names.value(i)->name()));
  }
}

// Every word of the closed vocabularies: an alias for one of them would make a report say something else.
const std::set<std::string, std::less<>>& Vocabulary() {
  static const auto* const words = [] {
    auto* all = new std::set<std::string, std::less<>>;
    AddNames<v1::Failure>(*v1::Failure_descriptor(), all);
    AddNames<v1::StepKind>(*v1::StepKind_descriptor(), all);
    AddNames<v1::End>(*v1::End_descriptor(), all);
    AddNames<v1::CarrierKind>(*v1::CarrierKind_descriptor(), all);
    AddNames<v1::Status>(*v1::Status_descriptor(), all);
    AddNames<v1::Rung>(*v1::Rung_descriptor(), all);
    AddNames<v1::Role>(*v1::Role_descriptor(), all);
    AddNames<v1::SslMode>(*v1::SslMode_descriptor(), all);
    all->insert(kPlainWords.begin(), kPlainWords.end());
    return all;
  }();
  return *words;
}

}  // namespace

bool IsPublicLabel(std::string_view label) {
  // "eu-central-1", "a"
  const bool region = std::count(label.begin(), label.end(), '-') == 2 && label.size() < 16 && label.back() >= '1' &&
                      label.back() <= '9';
  return label.size() < 2 || region ||
         std::find(kPublicLabels.begin(), kPublicLabels.end(), label) != kPublicLabels.end();
}

bool IsVocabulary(std::string_view word) {
  if (word.size() < 2) return true;
  const bool number = std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  return number || Vocabulary().contains(word);
}

}  // namespace parallax::report
