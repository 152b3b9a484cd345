#include "agent/probes/sql/sql_probe.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "agent/probes/client_process.h"
#include "agent/probes/dial.h"
#include "contract/limits.h"

namespace parallax::probes {
namespace {

constexpr size_t kMaxIdentifierBytes = 1024;

v1::SecretRef* PasswordOf(v1::ProbeSpec* spec) { return spec->mutable_sql()->mutable_password(); }

}  // namespace

absl::Status ValidateSql(const v1::ProbeSpec& spec) {
  const v1::SqlProbe& sql = spec.sql();
  if (absl::Status status = ValidateEndpoint(sql.endpoint(), "sql.endpoint"); !status.ok()) return status;
  if (sql.user().empty()) return absl::InvalidArgumentError("sql.user: empty");
  const v1::PostgresParameters& asked = sql.parameters();
  for (const std::string& text :
       {sql.user(), sql.database(), sql.endpoint().host(), sql.ssl_root_cert(), asked.options(),
        asked.application_name(), asked.channel_binding(), asked.target_session_attrs(),
        asked.ssl_min_protocol_version(), asked.ssl_max_protocol_version()}) {
    if (text.size() > kMaxIdentifierBytes || text.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(
          "sql.user, database, host, ssl_root_cert, parameters: over 1024 bytes, or with a zero byte");
    }
  }
  if (sql.download_bytes() > contract::kMaxClientBytes || sql.upload_bytes() > contract::kMaxClientBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("sql.download_bytes, sql.upload_bytes: at most ", contract::kMaxClientBytes));
  }
  return absl::OkStatus();
}

absl::Status RunSql(const v1::ProbeSpec& spec, const Context& context, Recorder& recorder) {
  return RunInClient(spec, &PasswordOf, context, recorder);
}

}  // namespace parallax::probes
