// gRPC's own threads, kept until the process ends.
#ifndef PARALLAX_PROTO_CONTRACT_GRPC_RUNTIME_H_
#define PARALLAX_PROTO_CONTRACT_GRPC_RUNTIME_H_

namespace parallax::contract {

// To be called before the first channel or server is made; more calls change nothing. Thread-safe.
//
// The last channel or server that goes would stop gRPC's threads and wait for each of them: for ever, where the system
// did not give one (grpc 1.51). With a hold that is never given back nobody waits; the end of the process ends them.
void KeepGrpc();

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_GRPC_RUNTIME_H_
