#include "controller/conduct/request.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "contract/limits.h"
#include "controller/conduct/local_agent.h"
#include "controller/conduct/surroundings.h"
#include "controller/dispatch/agent_copy.h"
#include "controller/dispatch/agent_tokens.h"
#include "controller/dispatch/vantage.h"
#include "controller/plan/conninfo.h"
#include "controller/plan/health.h"
#include "controller/plan/postgres_url.h"
#include "controller/plan/target_url.h"
#include "controller/plan/values.h"

namespace parallax::conduct {
namespace {

absl::Status Prefixed(std::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(std::string(flag), ": ", std::string(status.message())));
}

absl::StatusOr<plan::ParsedTarget> Parse(const std::string& url, const plan::Surroundings& around) {
  if (url.size() > contract::kMaxUrlBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the URL is of ", url.size(), " bytes, at most ",
                                                   contract::kMaxUrlBytes,
                                                   " are possible; write postgres://USER@HOST:PORT/DATABASE"));
  }
  return plan::ParseTarget(url, around);
}

// The password that a target brings itself. Of one that --password-from is to take the place of, nothing is kept.
TargetPassword PasswordOf(plan::ParsedTarget* parsed, size_t number, bool another_given) {
  TargetPassword mine;
  mine.password = std::move(parsed->password);
  mine.written = parsed->password_from == plan::kAsWritten;
  // By a name that says where from; a variable and a file may be the same one for several targets.
  mine.ref = mine.written ? absl::StrCat("controller:url-", number)
                          : absl::StrCat("controller:", parsed->password_from.find('/') == std::string::npos
                                                            ? parsed->password_from
                                                            : absl::StrCat("file-", number));
  if (mine.written || !another_given) return mine;
  auto* origins = parsed->target.mutable_origins();
  for (int i = origins->size() - 1; i >= 0; --i) {
    if (origins->Get(i).name() == "password") origins->DeleteSubrange(i, 1);
  }
  return TargetPassword();
}

// --ssl-root-cert is asked for; PGSSLROOTCERT only stands there.
void PreferFlag(const std::string& ssl_root_cert, v1::Target* target) {
  if (ssl_root_cert.empty()) return;
  for (v1::ParameterOrigin& origin : *target->mutable_origins()) {
    if (origin.name() != "sslrootcert" || origin.from() == plan::kAsWritten) continue;
    target->set_ssl_root_cert(ssl_root_cert);
    origin.set_value(ssl_root_cert);
    origin.set_from("--ssl-root-cert");
    target->set_url(plan::PostgresUrlOf(*target));
  }
}

absl::Status PrepareTargets(const RunRequest& request, Prepared* prepared) {
  if (request.targets.empty()) {
    return absl::InvalidArgumentError(
        "there is no target: say what to probe, as in parallax compare 'postgres://app@db.internal:5432/app' --inside "
        "'exec:ssh app-host ./parallax-agent stdio'");
  }
  if (request.targets.size() > kMaxTargets) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", request.targets.size(), " targets, at most ", kMaxTargets, " are possible"));
  }
  const plan::Surroundings around = OurSurroundings();
  std::vector<TargetPassword> passwords;
  for (const std::string& url : request.targets) {
    auto parsed = Parse(url, around);
    if (!parsed.ok()) return Prefixed("TARGET", parsed.status());
    prepared->warnings.insert(prepared->warnings.end(), parsed->warnings.begin(), parsed->warnings.end());
    passwords.push_back(PasswordOf(&*parsed, passwords.size() + 1, !request.password_from.empty()));
    if (passwords.back().written) {
      prepared->warnings.push_back(absl::StrCat(
          "the password in the URL of ", parsed->target.url(),
          " can be read by others on this machine, in ps and in the shell's history: better export it and give "
          "--password-from env:PGPASSWORD"));
    }
    PreferFlag(request.ssl_root_cert, &parsed->target);
    if (!request.address.empty()) parsed->target.set_address(request.address);
    prepared->questions.options.targets.push_back(std::move(parsed->target));
  }
  for (const std::string& url : request.controls) {
    auto parsed = Parse(url, around);
    if (!parsed.ok()) return Prefixed("--control", parsed.status());
    prepared->questions.options.controls.push_back(std::move(parsed->target));
  }
  if (!request.password_from.empty()) {
    if (const auto status = plan::CheckSecretRef(request.password_from); !status.ok())
      return Prefixed("--password-from", status);
  }
  auto secrets = ResolveSecrets(passwords, request.password_from);
  if (!secrets.ok()) return secrets.status();
  prepared->secrets = *std::move(secrets);
  prepared->questions.options.password_refs = prepared->secrets.refs;
  for (size_t i = 0; i < prepared->questions.options.targets.size(); ++i) {
    prepared->questions.options.targets[i].set_credentials(!prepared->secrets.refs[i].empty());
  }
  return absl::OkStatus();
}

// A target or a control is dialled by that name and port; an address may be what a name resolves to.
bool IsDialled(const plan::Options& options, const v1::ConnectTo& map) {
  const bool address =
      map.host().find_first_not_of("0123456789.") == std::string::npos || map.host().find(':') != std::string::npos;
  const auto fits = [&](const v1::Target& target) {
    return target.port() == map.port() && (address || target.host() == map.host());
  };
  return std::any_of(options.targets.begin(), options.targets.end(), fits) ||
         std::any_of(options.controls.begin(), options.controls.end(), fits);
}

absl::Status AddHealth(const NamedVantage& side, Prepared* prepared) {
  const std::string flag =
      side.name == "inside" || side.name == "outside" ? absl::StrCat("--", side.name) : "--witness";
  if (const auto status = CheckSide(side.name, side.vantage); !status.ok()) return Prefixed(flag, status);
  prepared->questions.health.push_back({side.name, *plan::ParseHealthUrl(side.vantage)});
  return absl::OkStatus();
}

absl::Status AddSides(const RunRequest& request, Prepared* prepared) {
  if (request.sides.size() > kMaxSides) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are ", request.sides.size(), " sides, at most ", kMaxSides, " are possible"));
  }
  std::set<std::string> names;
  for (const NamedVantage& side : request.sides) {
    if (!names.insert(side.name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--witness: there are two named '", side.name, "'; give each a name of its own"));
    }
    if (dispatch::IsHealthUrl(side.vantage)) {
      if (absl::Status status = AddHealth(side, prepared); !status.ok()) return status;
    }
    dispatch::SideConfig& config = prepared->sides.emplace_back();
    config.name = side.name;
    config.vantage = side.vantage;
    if (!dispatch::IsHealthUrl(side.vantage)) config.secrets = prepared->secrets.to_send;
  }
  return absl::OkStatus();
}

std::string Names(const std::vector<dispatch::SideConfig>& sides) {
  return absl::StrJoin(sides, ", ", [](std::string* names, const auto& side) { names->append(side.name); });
}

absl::Status AddConnectTo(const RunRequest& request, Prepared* prepared) {
  for (const std::string& text : request.connect_to) {
    auto map = plan::ParseConnectTo(text);
    if (!map.ok()) return Prefixed("--connect-to", map.status());
    bool found = false;
    for (dispatch::SideConfig& side : prepared->sides) {
      if (side.name != map->first) continue;
      side.connect_to.push_back(map->second);
      found = true;
    }
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat("--connect-to: there is no side '",
                                                     contract::Printable(map->first, 80),
                                                     "'; this run has: ", Names(prepared->sides)));
    }
    if (!IsDialled(prepared->questions.options, map->second)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--connect-to: no target is ", contract::Printable(map->second.host(), 80), ":", map->second.port(),
          ", so nothing would be dialled elsewhere; name host and port as the target does: ",
          prepared->questions.options.targets.front().host(), ":", prepared->questions.options.targets.front().port()));
    }
  }
  return absl::OkStatus();
}

// A token that nobody is shown is a mistake in a name: whoever gives it means an agent to see it.
absl::Status CheckTokens(const dispatch::AgentTokens& tokens, const std::vector<dispatch::SideConfig>& sides) {
  const auto takes = [](const dispatch::SideConfig& side) { return dispatch::TakesToken(side.vantage); };
  if (!tokens.every.empty() && std::none_of(sides.begin(), sides.end(), takes)) {
    return absl::InvalidArgumentError(
        "--agent-token-from is for agents that listen, grpc://, grpcs:// and unix: vantages, and there is none: leave "
        "it "
        "out");
  }
  for (const auto& named : tokens.by_side) {
    const std::string& name = named.first;  // clang 14 lets no lambda see a structured binding
    const bool fits = std::any_of(sides.begin(), sides.end(),
                                  [&](const dispatch::SideConfig& side) { return side.name == name && takes(side); });
    if (!fits) {
      return absl::InvalidArgumentError(absl::StrCat("--agent-token-from: there is no side '",
                                                     contract::Printable(name, 80),
                                                     "' with an agent that listens; this run has: ", Names(sides)));
    }
  }
  return absl::OkStatus();
}

absl::Status PrepareReach(const RunRequest& request, Prepared* prepared) {
  dispatch::Reach& reach = prepared->reach;
  const auto any = [&](bool (*needs)(const std::string&)) {
    return std::any_of(prepared->sides.begin(), prepared->sides.end(),
                       [&](const dispatch::SideConfig& side) { return needs(side.vantage); });
  };
  const bool local =
      any([](const std::string& vantage) { return vantage == "local" || dispatch::IsHealthUrl(vantage); });
  const bool ssh = any([](const std::string& vantage) { return vantage.starts_with("ssh:"); });
  const dispatch::TlsFiles& tls = request.reach.tls;
  const bool told_of_tls = !tls.ca.empty() || !tls.cert.empty() || !tls.key.empty() || !tls.name.empty();
  // Whoever names them means to be sure of whom is spoken to; to drop them silently would be plaintext after all.
  if (told_of_tls && !any([](const std::string& vantage) { return vantage.starts_with("grpcs:"); })) {
    return absl::InvalidArgumentError(
        "--tls-ca, --tls-cert, --tls-key and --tls-name are for grpcs:// vantages, and there is none: write "
        "grpcs://HOST:PORT where the agent speaks TLS, or leave them out");
  }
  if (absl::Status status = CheckTokens(request.reach.tokens, prepared->sides); !status.ok()) return status;
  auto agent = local || ssh ? FindLocalAgent() : absl::StatusOr<std::string>("");
  if (local && !agent.ok()) return agent.status();
  if (agent.ok()) reach.local_agent = *agent;
  reach.agent_to_copy = request.reach.agent_binary.empty() ? reach.local_agent : request.reach.agent_binary;
  // Beside an agent that the user names lies what the user wants there, and our own may be of another release.
  if (ssh) reach.client_to_copy = dispatch::CompanionOf(reach.agent_to_copy, request.reach.agent_binary.empty());
  reach.copy_agent = request.reach.copy_agent;
  if (ssh) reach.ask = request.reach.ask;
  reach.tls = tls;
  reach.tokens = request.reach.tokens;
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSide(const std::string& name, const std::string& vantage) {
  if (!dispatch::IsHealthUrl(vantage)) return dispatch::ParseVantage(vantage, "").status();
  if (name == "outside") {
    return absl::InvalidArgumentError(
        "a health endpoint dials nothing: this side must be a place that does, local or an agent's; the endpoint can "
        "be the inside");
  }
  return plan::ParseHealthUrl(vantage).status();
}

absl::StatusOr<Prepared> Prepare(const RunRequest& request) {
  Prepared prepared;
  if (auto status = PrepareTargets(request, &prepared); !status.ok()) return status;
  if (auto status = AddSides(request, &prepared); !status.ok()) return status;
  if (auto status = AddConnectTo(request, &prepared); !status.ok()) return status;
  if (request.repeats < 1 || request.repeats > kMaxRepeats) {
    return absl::InvalidArgumentError(absl::StrCat("--repeats: ", request.repeats, " is not in 1..", kMaxRepeats));
  }
  if (auto status = PrepareReach(request, &prepared); !status.ok()) return status;
  // Before a store or a file is opened.
  if (auto status = dispatch::CheckSides(prepared.sides, prepared.reach); !status.ok()) return status;
  plan::Options& options = prepared.questions.options;
  options.step_timeout_ms = request.step_timeout_ms;
  options.repeats = request.repeats;
  options.ssl_root_cert = request.ssl_root_cert;
  options.client = request.client;
  options.parallel = request.parallel;
  options.hold_ms = request.hold_ms;
  options.locate = request.locate;
  options.try_controls = request.try_controls;
  prepared.questions.investigate = request.investigate;
  prepared.title = request.title;
  prepared.place = request.place;
  return prepared;
}

}  // namespace parallax::conduct
