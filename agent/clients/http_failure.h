// How a transfer of libcurl ended, as a failure. Pure; thread-safe, except that it may ask for a route.
#ifndef PARALLAX_AGENT_CLIENTS_HTTP_FAILURE_H_
#define PARALLAX_AGENT_CLIENTS_HTTP_FAILURE_H_

#include <curl/curl.h>

#include <string>

#include "parallax/v1/observation.pb.h"

namespace parallax::clients {

// What is known of a transfer that libcurl gave up, or ended before its headers.
struct TransferEnd {
  CURLcode code = CURLE_OK;
  int os_error = 0;         // errno, where there was one
  std::string text;         // libcurl's words; becomes ours where we know better
  std::string address;      // that was dialled
  bool dialled = false;     // there was a socket
  bool heard = false;       // the peer had sent at least one byte
  bool reset = false;       // a RST ended the connection
  bool complained = false;  // what came made no sense to OpenSSL
  std::string alert;        // the last that the server sent
};

// Never NONE.
v1::Failure Classify(TransferEnd* end);

}  // namespace parallax::clients

#endif  // PARALLAX_AGENT_CLIENTS_HTTP_FAILURE_H_
