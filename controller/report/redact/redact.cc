#include "controller/report/redact/redact.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "contract/digest.h"
#include "controller/report/redact/aliases.h"
#include "controller/report/redact/tokens.h"
#include "parallax/v1/plan.pb.h"

namespace parallax::report {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr char kTitle[] = "names, addresses and paths are aliases";

// What a field holds. A field that is not listed is free text: what was learned elsewhere is found in it, and what
// looks like an address, a path or a name.
enum class Holds {
  kText,
  kHost,
  kUser,
  kDatabase,
  kSide,
  kWord,
  kCommand,
  kCertificateName,
  kSecret,
  kPlan,
  kOurs,
  kNothing
};

struct Field {
  std::string_view name;
  Holds holds;
};
constexpr std::array<Field, 43> kFields = {{
    {"Run.title", Holds::kNothing},
    {"Run.id", Holds::kOurs},
    {"Run.controller_version", Holds::kOurs},
    {"Phase.plan_bytes", Holds::kPlan},
    {"Target.host", Holds::kHost},
    {"Target.user", Holds::kUser},
    {"Target.database", Holds::kDatabase},
    {"Side.name", Holds::kSide},
    {"Side.vantage", Holds::kCommand},
    {"HostFacts.hostname", Holds::kHost},
    {"HostFacts.search_domains", Holds::kHost},
    {"HostFacts.os", Holds::kOurs},
    {"Hello.user", Holds::kUser},
    {"Hello.agent_version", Holds::kOurs},
    {"Hello.probes", Holds::kOurs},
    {"Interface.kind", Holds::kOurs},
    {"RouteDetails.interface_kind", Holds::kOurs},
    {"ConnectTo.host", Holds::kHost},
    {"ConnectTo.to_host", Holds::kHost},
    {"Endpoint.host", Holds::kHost},
    {"DnsProbe.name", Holds::kHost},
    {"RouteProbe.host", Holds::kHost},
    {"TlsProbe.sni", Holds::kHost},
    {"PostgresProbe.user", Holds::kUser},
    {"PostgresProbe.database", Holds::kDatabase},
    {"SqlProbe.user", Holds::kUser},
    {"SqlProbe.database", Holds::kDatabase},
    {"PostgresParameters.options", Holds::kCommand},
    {"PostgresParameters.application_name", Holds::kWord},
    {"SecretRef.ref", Holds::kSecret},
    {"ResolveDetails.name", Holds::kHost},
    {"ResolveDetails.cname_chain", Holds::kHost},
    {"Certificate.subject", Holds::kCertificateName},
    {"Certificate.issuer", Holds::kCertificateName},
    {"Certificate.dns_names", Holds::kHost},
    {"TlsDetails.sni", Holds::kHost},
    {"TlsDetails.version", Holds::kOurs},
    {"TlsDetails.cipher", Holds::kOurs},
    {"HttpHeader.name", Holds::kOurs},
    {"ClientDetails.library", Holds::kOurs},
    {"PostgresDetails.server_version", Holds::kOurs},
    {"BannerDetails.host_key_type", Holds::kOurs},
    {"ExperimentPlace.experiment", Holds::kCommand},
}};

Holds HoldsOf(const FieldDescriptor& field) {
  const std::string name = absl::StrCat(field.containing_type()->name(), ".", field.name());
  const auto* found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& row) { return row.name == name; });
  return found == kFields.end() ? Holds::kText : found->holds;
}

// Every text of the message and of those inside it; what `change` gives takes its place.
void Walk(Message* message, const std::function<std::string(const FieldDescriptor&, const std::string&)>& change) {
  const Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection.FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        Walk(
            repeated ? reflection.MutableRepeatedMessage(message, field, i) : reflection.MutableMessage(message, field),
            change);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string text =
            repeated ? reflection.GetRepeatedString(*message, field, i) : reflection.GetString(*message, field);
        const std::string changed = change(*field, text);
        if (changed == text) continue;
        repeated ? reflection.SetRepeatedString(message, field, i, changed)
                 : reflection.SetString(message, field, changed);
      }
    }
  }
}

// The words of a command or a vantage: what is neither a flag nor a path may be a name.
void LearnCommand(std::string_view command, Aliases* aliases) {
  aliases->Text(command);  // learns the hosts and users of URLs
  if (command.find("://") != std::string_view::npos) return;
  if (command.starts_with("exec:") || command.starts_with("ssh:")) command.remove_prefix(command.find(':') + 1);
  for (const auto& part : absl::StrSplit(std::string(command), absl::ByAnyChar(" \t\n'\"=,/@:()"), absl::SkipEmpty())) {
    const std::string_view word(part.data(), part.size());
    if (word.starts_with('-')) continue;
    if (LooksLikeHost(word)) {
      aliases->LearnHost(word);
    } else {
      aliases->LearnWord(word, "name");
    }
  }
}

// "CN=db.acme.internal,O=Acme"
void LearnCertificateName(std::string_view name, Aliases* aliases) {
  for (const auto& part : absl::StrSplit(std::string(name), absl::ByAnyChar(",/+"), absl::SkipEmpty())) {
    const std::string_view attribute(part.data(), part.size());
    LearnCommand(attribute.substr(std::min(attribute.find('=') + 1, attribute.size())), aliases);
  }
}

void Learn(Holds holds, const std::string& text, Aliases* aliases) {
  switch (holds) {
    case Holds::kHost: return aliases->LearnHost(text);
    case Holds::kUser: return aliases->LearnWord(text, "user");
    case Holds::kDatabase: return aliases->LearnWord(text, "database");
    case Holds::kSide: return aliases->LearnWord(text, "witness");
    case Holds::kWord: return aliases->LearnWord(text, "name");
    case Holds::kCommand: return LearnCommand(text, aliases);
    case Holds::kCertificateName: return LearnCertificateName(text, aliases);
    case Holds::kSecret: {
      // PGPASSWORD and its like are libpq's, not the user's.
      const std::string name = text.substr(std::min(text.find(':') + 1, text.size()));
      if (!name.starts_with("PG")) LearnCommand(name, aliases);
      return;
    }
    default: aliases->Text(text);
  }
}

std::string LearnPlan(const std::string& bytes, const std::function<void(Message*)>& learn) {
  v1::Plan plan;
  if (plan.ParseFromString(bytes)) learn(&plan);
  return bytes;
}

}  // namespace

Redactor::Redactor(const std::vector<const Message*>& messages) {
  std::string all;
  for (const Message* message : messages) all += message->SerializeAsString();
  aliases_ = std::make_unique<Aliases>(contract::Digest(all));
  const std::function<void(Message*)> learn = [&](Message* message) {
    Walk(message, [&](const FieldDescriptor& field, const std::string& text) {
      const Holds holds = HoldsOf(field);
      // Free text comes second: it is read by what the fields have taught.
      if (holds == Holds::kPlan) return LearnPlan(text, learn);
      if (holds != Holds::kText && holds != Holds::kOurs && holds != Holds::kNothing) {
        Learn(holds, text, aliases_.get());
      }
      return text;
    });
  };
  for (const Message* message : messages) {
    const std::unique_ptr<Message> copy(message->New());
    copy->CopyFrom(*message);
    learn(copy.get());
  }
}

Redactor::~Redactor() = default;

namespace {

// Of these the values say nothing of whose they are.
bool IsPlainHeader(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kPlain = {
      "content-type", "content-length", "date",       "connection", "transfer-encoding", "cache-control",
      "retry-after",  "vary",           "keep-alive", "allow",      "content-encoding",  "strict-transport-security"};
  return std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end();
}

void RedactHeaders(Message* message) {
  if (auto* run = dynamic_cast<v1::Run*>(message); run != nullptr) {
    for (v1::SideObservation& observed : *run->mutable_observations()) {
      for (v1::Step& step : *observed.mutable_observation()->mutable_steps()) {
        if (!step.has_http()) continue;
        for (v1::HttpHeader& header : *step.mutable_http()->mutable_headers()) {
          if (!IsPlainHeader(header.name())) header.set_value("***");
        }
      }
    }
  }
}

void Apply(Message* message, Aliases* aliases) {
  Walk(message, [&](const FieldDescriptor& field, const std::string& text) -> std::string {
    switch (HoldsOf(field)) {
      case Holds::kOurs: return text;
      case Holds::kNothing: return "";
      case Holds::kPlan: {
        v1::Plan plan;
        if (!plan.ParseFromString(text)) return "";
        Apply(&plan, aliases);
        return plan.SerializeAsString();
      }
      default: return aliases->Text(text);
    }
  });
}

}  // namespace

v1::Run Redactor::Redacted(v1::Run run) {
  RedactHeaders(&run);
  Apply(&run, aliases_.get());
  run.set_title(kTitle);
  return run;
}

v1::Run Redacted(const v1::Run& run) { return Redactor({&run}).Redacted(run); }

}  // namespace parallax::report
