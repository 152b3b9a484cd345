#include "agent/clients/http_handle.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/net/address.h"

namespace parallax::clients {
namespace {

bool IsLoopback(const std::string& address) { return address == "::1" || absl::StartsWith(address, "127."); }

}  // namespace

HttpHandle::HttpHandle(const FetchRequest& request) : easy_(curl_easy_init()) {
  CURL* easy = easy_.get();
  if (easy == nullptr) return;
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "parallax/" PARALLAX_VERSION);
  // Nothing but what the plan says: the sides' environments differ.
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  // curl's own time limits stay behind ours, which know the steps.
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 0L);
  // Whatever host and port it is: curl would compare them to its own normal form, of 127.1 to 127.0.0.1.
  connect_to_.reset(
      curl_slist_append(nullptr, absl::StrCat("::", net::JoinHostPort(request.to.address, request.to.port)).c_str()));
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_.get());
  // RFC 9111 section 5.2.1.4: an answer that a cache kept says nothing of now.
  headers_.reset(curl_slist_append(nullptr, "Cache-Control: no-cache"));
  if (!request.bearer.empty() && WhyWithheld(request).empty()) {
    curl_slist_append(headers_.get(), absl::StrCat("Authorization: Bearer ", request.bearer).c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify ? 2L : 0L);
  if (!request.root_cert.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, request.root_cert.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
}

std::string WhyWithheld(const FetchRequest& request) {
  // Whoever redirects may name anybody.
  if (request.elsewhere) return "a redirect led to another host, port or scheme";
  if (IsLoopback(request.to.address)) return "";
  if (!request.tls) return "it must not travel without TLS";
  return request.verify ? "" : "nobody verifies whom it would go to";
}

}  // namespace parallax::clients
