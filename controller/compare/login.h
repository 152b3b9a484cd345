// How the server let the sides in, and whether it told both who it is: what two sides that work may still differ in.
// Pure; thread-safe.
//
// What is a difference, and what only a note:
//  - trust, cleartext, md5 and SCRAM are other ways in, each: another line of pg_hba.conf, another pooler, or another
//    server. A difference, whatever the certificate says.
//  - SCRAM with the TLS channel bound and without, both over TLS, prove the same secret; a pooler that ends TLS before
//    the server, under the same certificate, cannot offer the binding. A note. (Without TLS on one side the difference
//    is TLS, and another certificate is another identity: both are said elsewhere.)
//  - A system identifier that one side alone was told, or an identity query that fails on one side alone, is a
//    difference: the same role asked the same. An identity that neither side was told is alike: a pooler may refuse it.
//  - The server's address told to one side alone is a difference where nothing else shows who it is, and a note where
//    the certificate or the identifier is the same: behind a pooler on a Unix socket a server has no address.
#ifndef PARALLAX_CONTROLLER_COMPARE_LOGIN_H_
#define PARALLAX_CONTROLLER_COMPARE_LOGIN_H_

#include <set>
#include <string>

#include "parallax/v1/comparison.pb.h"

namespace parallax::compare {

// The variant of the QUERY step in which the server is asked who it is.
inline constexpr char kIdentity[] = "identity";

// The ways in over all attempts, those with and without channel binding as one: "scram-sha-256", "md5", "cleartext",
// "trust". What was asked for, where no password was there to answer with. Empty where no attempt came so far.
std::set<std::string> Logins(const v1::SideOutcome& outcome);

// Both came to a login, and no way in of one side is among the other's.
bool LoginsDiffer(const std::set<std::string>& reference, const std::set<std::string>& subject);

// Both by SCRAM over TLS, and on one side only bound to the channel. That side's name; "" when it is not so.
std::string BoundOn(const v1::SideOutcome& reference, const v1::SideOutcome& subject);

// Both ran their query in every attempt, and on one side alone the server showed who it is. The side to which it was
// not shown; "" when it is not so.
std::string IdentityHiddenFrom(const v1::SideOutcome& reference, const v1::SideOutcome& subject);

// The side to which alone the server did not tell its address, while another identity is the same; "" when it is not
// so.
std::string AddressHiddenFrom(const v1::SideOutcome& reference, const v1::SideOutcome& subject);

// What the server showed of itself, in short: "system 7310000000000000001", "10.0.4.172:5432", "not shown: error
// 42501", "reset in 0.4 ms, 0 bytes".
std::string IdentityCell(const v1::SideOutcome& outcome);

}  // namespace parallax::compare

#endif  // PARALLAX_CONTROLLER_COMPARE_LOGIN_H_
