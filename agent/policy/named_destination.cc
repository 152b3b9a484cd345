#include "agent/policy/named_destination.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "contract/limits.h"

namespace parallax::policy {

absl::Status CheckNamed(const Policy& policy, std::string_view name, uint16_t port) {
  std::string host = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  if (host.size() > 1 && host.back() == '.') host.pop_back();
  if (absl::Status status = policy.CheckAddress(host, port); !absl::IsInvalidArgument(status)) return status;
  in_addr v4{};
  if (inet_aton(host.c_str(), &v4) != 0) {
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &v4, text, sizeof text);
    return policy.CheckAddress(text, port);
  }
  constexpr std::string_view kNames[] = {"metadata",
                                         "metadata.google.internal",
                                         "metadata.goog",
                                         "instance-data",
                                         "instance-data.ec2.internal",
                                         "metadata.tencentyun.com",
                                         "metadata.azure.internal",
                                         "api.metadata.cloud.ibm.com",
                                         "metadata.packet.net",
                                         "metadata.platformequinix.com"};
  if (std::find(std::begin(kNames), std::end(kNames), host) == std::end(kNames)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("this agent has nobody dial ", contract::Printable(host, 80),
                                                  " port ", port,
                                                  ": it is a metadata service, which hands out a host's credentials"));
}

}  // namespace parallax::policy
