// Messages on a pipe, each after its length as a varint: what protobuf's delimited streams are, but one can look
// whether a whole one is there, and its size is bounded. Between the agent and its client process. Pure; thread-safe.
#ifndef PARALLAX_AGENT_PROBES_CLIENT_FRAMES_H_
#define PARALLAX_AGENT_PROBES_CLIENT_FRAMES_H_

#include <string>

#include "google/protobuf/message_lite.h"

namespace parallax::probes {

std::string Frame(const google::protobuf::MessageLite& message);

enum class Framed { kNone, kWhole, kBroken };

// Takes the first message from the front of `*bytes`. kNone: more has to come. kBroken: over
// contract::kMaxMessageBytes, or no message of that type; nothing that follows makes sense any more.
Framed TakeFrame(std::string* bytes, google::protobuf::MessageLite* message);

}  // namespace parallax::probes

#endif  // PARALLAX_AGENT_PROBES_CLIENT_FRAMES_H_
