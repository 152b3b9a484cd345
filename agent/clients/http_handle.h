// A handle of libcurl that does what the request says and nothing else, whatever the environment and the user's files
// say: no proxy, no .netrc, no cookies. Not thread-safe.
#ifndef PARALLAX_AGENT_CLIENTS_HTTP_HANDLE_H_
#define PARALLAX_AGENT_CLIENTS_HTTP_HANDLE_H_

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>

#include "agent/clients/http_fetch.h"

namespace parallax::clients {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};

class HttpHandle {
 public:
  // `request` is borrowed.
  explicit HttpHandle(const FetchRequest& request);
  HttpHandle(const HttpHandle&) = delete;
  HttpHandle& operator=(const HttpHandle&) = delete;

  CURL* get() const { return easy_.get(); }  // null when libcurl gives none
  void Close() { easy_.reset(); }
  // What libcurl says of `code`: best in the words it left for this very transfer.
  std::string Text(CURLcode code) const { return error_[0] != '\0' ? error_.data() : curl_easy_strerror(code); }

 private:
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<curl_slist, Deleter<curl_slist_free_all>> headers_;
  std::unique_ptr<curl_slist, Deleter<curl_slist_free_all>> connect_to_;
  std::unique_ptr<CURL, Deleter<curl_easy_cleanup>> easy_;  // uses those above
};

// Why the bearer token must not go to whom the request is for; "" when it may.
std::string WhyWithheld(const FetchRequest& request);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_HTTP_HANDLE_H_
