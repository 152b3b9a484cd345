// Messages of older agents and of stored runs, as those of today. What a string said before it became an enum is read
// here, and nowhere else. Pure; thread-safe.
#ifndef PARALLAX_PROTO_CONTRACT_UPGRADE_H_
#define PARALLAX_PROTO_CONTRACT_UPGRADE_H_

#include "parallax/v1/run.pb.h"

namespace parallax::contract {

// Each does nothing to what is of today already.
void Upgrade(v1::Observation* observation);
void Upgrade(v1::Hello* hello);
void Upgrade(v1::Run* run);

}  // namespace parallax::contract

#endif  // PARALLAX_PROTO_CONTRACT_UPGRADE_H_
