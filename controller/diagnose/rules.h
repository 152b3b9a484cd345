// The match functions, one file a family; the table that names them is catalogue.cc. All pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_RULES_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_RULES_H_

#include <optional>

#include "parallax/v1/comparison.pb.h"
#include "parallax/v1/finding.pb.h"

namespace parallax::diagnose {

using Match = std::optional<v1::Finding>(const v1::Comparison& comparison);

// evidence_rules.cc
Match MatchLocalAccept, MatchMissing, MatchUnlike, MatchUnsteady, MatchUnexplained;
// name_rules.cc
Match MatchUnresolvedOutside, MatchSplitHorizon, MatchStaleAnswer, MatchUnresolvedEverywhere;
// route_rules.cc
Match MatchNotThroughTunnel, MatchOverlap;
// tunnel_rules.cc
Match MatchNotRunning, MatchCarrierDead, MatchForwardingDenied;
// bastion_rules.cc
Match MatchBastionUnreachable, MatchBastionRefusesSessions;
// path_rules.cc
Match MatchRefusedBeyondBastion, MatchDroppedBeyondBastion, MatchStageReset, MatchStageSwallowed;
// tls_rules.cc
Match MatchIntercepted, MatchStripped, MatchNotOffered, MatchRequiredByServer, MatchWrongServer;
// certificate_rules.cc
Match MatchNameMismatch, MatchUntrusted, MatchExpired;
// target_rules.cc
Match MatchDown, MatchUnreachable, MatchNotPostgres, MatchOverloaded, MatchFrozen;
// postgres_rules.cc
Match MatchSourceRejected, MatchCredentialsRejected, MatchCredentialsDiffer, MatchDatabaseMissing,
    MatchTooManyConnections;
// app_rules.cc
Match MatchCommandDiffers;

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_RULES_H_
