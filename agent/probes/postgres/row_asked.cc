// What a connection string may ask of a login beside that it works.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/probes/postgres/row.h"
#include "agent/probes/postgres/scram.h"

namespace parallax::probes::postgres {
namespace {

constexpr std::string_view kSession = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')";

}  // namespace

std::string Row::WhyUnbound() const {
  if (spec_.parameters().channel_binding() != "require") return "";
  if (request_.code != 10) {
    return "channel_binding=require: the server lets in without SCRAM, and so without channel binding";
  }
  const bool plus =
      std::find(request_.mechanisms.begin(), request_.mechanisms.end(), kScramPlus) != request_.mechanisms.end();
  if (tls_ == nullptr) return "channel_binding=require: there is no TLS to bind to";
  if (!plus) return "channel_binding=require: the server does not offer scram-sha-256-plus";
  return tls_->ServerEndPoint().empty() ? "channel_binding=require: the certificate's signature has no hash to bind to"
                                        : "";
}

// As libpq looks at it: a question of its own, because poolers and servers before 14 report no parameter for it.
bool Row::CheckSession() {
  const std::string& wanted = spec_.parameters().target_session_attrs();
  if (wanted.empty() || wanted == "any") return true;
  v1::Step* step = Begin(v1::EXPECTATION, "target_session_attrs");
  v1::ExpectationDetails* details = step->mutable_expectation();
  details->set_what("target_session_attrs");
  details->set_wanted(wanted);
  Answer answer;
  const net::IoResult result = Exchange(kSession, &answer);
  if (answer.error.type == 'E') return EndWithError(step, answer.error);
  if (!result.ok()) return End(step, result);
  const std::vector<std::string>& row = answer.row;
  if (!answer.complete || answer.rows != 1 || row.size() != 2)
    return End(step, v1::PROTOCOL_VIOLATION, "the server was asked two things of the session");
  const bool standby = row[0] == "t";
  const bool read_only = standby || row[1] == "on";
  details->set_seen(absl::StrCat(standby ? "standby" : "primary", ", ", read_only ? "read-only" : "read-write"));
  const bool holds = wanted == "read-write"  ? !read_only
                     : wanted == "read-only" ? read_only
                     : wanted == "standby"   ? standby
                                             : !standby;
  if (holds) return End(step, v1::NONE);
  const std::string text = absl::StrCat("the session is ", details->seen(), ", and target_session_attrs=", wanted,
                                        " asks for another: a client of libpq does not take it");
  step->mutable_server_error()->set_message(text);
  return End(step, v1::SERVER_ERROR, text);
}

}  // namespace parallax::probes::postgres
