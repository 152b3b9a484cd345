#include "agent/clients/http_url.h"

#include <curl/curl.h>

#include <charconv>
#include <memory>

#include "absl/strings/ascii.h"
#include "agent/clients/http_handle.h"

namespace parallax::clients {

bool SplitUrl(std::string* url, bool* tls, std::string* host, uint16_t* port) {
  const std::unique_ptr<CURLU, Deleter<curl_url_cleanup>> parsed(curl_url());
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url->c_str(), 0) != CURLUE_OK) return false;
  for (const CURLUPart what : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT}) {
    curl_url_set(parsed.get(), what, nullptr, 0);
  }
  const auto part = [&](CURLUPart what, unsigned flags) {
    char* text = nullptr;
    const bool there = curl_url_get(parsed.get(), what, &text, flags) == CURLUE_OK && text != nullptr;
    std::string value = there ? text : "";
    curl_free(text);
    return value;
  };
  const std::string scheme = absl::AsciiStrToLower(part(CURLUPART_SCHEME, 0));
  if (scheme != "http" && scheme != "https") return false;
  *tls = scheme == "https";
  *url = part(CURLUPART_URL, 0);
  *host = part(CURLUPART_HOST, 0);
  if (host->size() > 2 && host->front() == '[') *host = host->substr(1, host->size() - 2);
  const std::string digits = part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *port);
  return error == std::errc() && !host->empty();
}

}  // namespace parallax::clients
