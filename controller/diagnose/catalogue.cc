// The public vocabulary: ids are for ever, and a retired one is never used again. The order of the rows means nothing.
//
// A cause is one row of the table at the end, with its needs, its links and its texts above it: what an atom's yes, and
// its no, says of the cause. A link that says nothing puts the atom's sentence among the evidence.
#include "controller/diagnose/catalogue.h"

#include <algorithm>

namespace parallax::diagnose {
namespace {

using enum Strength;
using enum TextKind;

constexpr Atom kDnsUnresolvedEverywhereNeeds[] = {Atom::kReferenceCannotResolve, Atom::kSubjectCannotResolve};
constexpr Link kDnsUnresolvedEverywhereLinks[] = {
    {Atom::kReferenceCannotResolve, kStrong},
    {Atom::kSubjectCannotResolve, kFor},
    {Atom::kWitnessResolves, kAgainst, kFor},
};
constexpr Text kDnsUnresolvedEverywhereTexts[] = {
    {kSummary, Atom::kNoResolverAnswersAnybody, "The name {name} resolves on neither side: no resolver answers there."},
    {kOnlyDo, Atom::kNoResolverAnswersAnybody,
     "on both hosts, which resolvers are asked, and do they answer: resolvectl status; cat /etc/resolv.conf; dig . "
     "@RESOLVER\nis the network there up, and does a tunnel or a VPN set a resolver that only it can reach?"},
    {kSummary, std::nullopt, "The name {name} resolves on neither side."},
};

constexpr Atom kDnsUnresolvedOutsideNeeds[] = {Atom::kReferenceResolves, Atom::kSubjectCannotResolve};
constexpr Link kDnsUnresolvedOutsideLinks[] = {
    {Atom::kReferenceResolves, kFor},
    {Atom::kSubjectCannotResolve, kStrong},
    {Atom::kSubjectHasNoNetwork, kRefutes},
    {Atom::kWitnessResolves, kFor},
};
constexpr Text kDnsUnresolvedOutsideTexts[] = {
    {kSummary, std::nullopt,
     "The name {name} does not resolve {subject}. The path was not even tried by applications there."},
    {kOnlyDo, Atom::kSubjectsResolversAreSilent,
     "on the {subject}'s host, which resolvers are asked, and do they answer: resolvectl status; cat /etc/resolv.conf; "
     "dig . @RESOLVER\nis the network there up, and does a tunnel or a VPN set a resolver that only it can reach?"},
};

constexpr Atom kDnsStaleAnswerNeeds[] = {Atom::kOwnAddressDeadForBoth};
constexpr Link kDnsStaleAnswerLinks[] = {
    {Atom::kNameLeadsElsewhere, kFor},
    {Atom::kOwnAddressDeadForBoth, kFor},
    {Atom::kWitnessEndsAsSubject, kFor},
    {Atom::kWitnessWorks, kRefutes},
};
constexpr Text kDnsStaleAnswerTexts[] = {
    {kSummary, std::nullopt,
     "{Subject}, {name} still has the address {astray}, where nothing answers from {reference} either."},
    {kSettle, std::nullopt, "the zone's own name server: which address does it give to whom?"},
};

constexpr Atom kDnsSplitHorizonNeeds[] = {Atom::kNameLeadsElsewhere};
constexpr Link kDnsSplitHorizonLinks[] = {
    {Atom::kNameLeadsElsewhere, kStrong},
    {Atom::kNameMisleads, kFor},
    {Atom::kOwnAddressWorksFromReference, kNothing},
    {Atom::kWitnessWorks, kNothing},
    {Atom::kWitnessResolves, kNothing},
};
constexpr Text kDnsSplitHorizonTexts[] = {
    {kSummary, Atom::kNameLeadsHome,
     "The name {name} means {astray} {subject}, and another address {reference}: {subject} it leads to that host "
     "itself. A hosts file, or a resolver that withholds the answer."},
    {kSummary, Atom::kNameMisleads,
     "The name {name} means {astray} {subject}, and another address {reference}[: {subject} {misleads}]."},
    {kSummary, std::nullopt, "The name {name} means {astray} {subject}, and another address {reference}."},
};

constexpr Atom kRouteOverlapNeeds[] = {Atom::kSubjectFailsOrMeetsAnother, Atom::kLocalNetworkTakesIt,
                                       Atom::kTunnelWasMeant};
constexpr Link kRouteOverlapLinks[] = {
    {Atom::kLocalNetworkTakesIt, kNothing},
    {Atom::kTunnelRouteCoversIt, kStrong},
    {Atom::kIsANeighbour, kFor},
    {Atom::kIdleTunnelIsUp, kFor},
    {Atom::kSubjectFailsOrMeetsAnother, kNothing},
    {Atom::kStandsInReferencesNetwork, kRefutes},
    {Atom::kWitnessWorks, kNothing},
};
constexpr Text kRouteOverlapTexts[] = {
    {kSummary, std::nullopt,
     "A network of this host covers {destination}: its packets go to {way_out}, a network here, and never enter the "
     "tunnel."},
};

constexpr Atom kRouteNotThroughTunnelNeeds[] = {Atom::kNoConnectComesBack, Atom::kLeavesByDefault, Atom::kBothAreSeen};
constexpr Link kRouteNotThroughTunnelLinks[] = {
    {Atom::kLeavesByDefault, kFor},
    {Atom::kNoRouteHere, kStrong},
    {Atom::kIdleTunnelIsUp, kFor},
    {Atom::kNoConnectComesBack, kNothing},
    {Atom::kOthersAnswerByDefault, kRefutes},
    {Atom::kReferenceIsHealthy, kNothing},
    {Atom::kWitnessWorks, kNothing},
};
constexpr Text kRouteNotThroughTunnelTexts[] = {
    {kSummary, Atom::kNoRouteHere, "This host has no route to {unrouted}."},
    {kSummary, std::nullopt,
     "Packets to {address} leave by {way_out}, this host's way to the internet, and not by a tunnel."},
    {kSettle, Atom::kIdleTunnelIsUp, "is {idle} the tunnel that should carry this address?"},
    {kSettle, Atom::kIdleTunnelIsUp, "is a tunnel running on this host that should carry this address?", Answer::kNo},
};

constexpr Atom kTunnelNotRunningNeeds[] = {Atom::kFailsBeforeFirstByte};
constexpr Link kTunnelNotRunningLinks[] = {
    {Atom::kProcessIsStopped, kStrong},        {Atom::kInterfaceHasNoCarrier, kStrong},
    {Atom::kNoProcessHoldsInterface, kStrong}, {Atom::kTunnelEndedMeanwhile, kStrong},
    {Atom::kForwardPortRefuses, kStrong},      {Atom::kEntranceIsBroken, kStrong},
    {Atom::kRefusedHereEverywhere, kStrong},   {Atom::kNoTunnelIsThere, kStrong},
    {Atom::kNothingBehindRedirector, kStrong}, {Atom::kNothingComesBack, kFor},
    {Atom::kFailsBeforeFirstByte, kNothing},   {Atom::kMustNotConnectAccepted, kNothing},
    {Atom::kOthersAnswer, kRefutes},           {Atom::kReferenceIsHealthy, kNothing},
    {Atom::kWitnessWorks, kNothing},
};
constexpr Text kTunnelNotRunningTexts[] = {
    {kSummary, Atom::kProcessIsStopped, "The tunnel's process {stopped} is there and does not run: it is {state}."},
    {kDo, Atom::kProcessIsStopped, "kill -CONT {waiting_pid}"},
    {kSummary, Atom::kInterfaceHasNoCarrier,
     "The tunnel's process is gone. Its interface {interface} and its routes stayed behind, and swallow every packet."},
    {kSummary, Atom::kNoProcessHoldsInterface,
     "The tunnel's process is gone. Its interface {interface} and its routes stayed behind, and swallow every packet."},
    {kSummary, Atom::kTunnelEndedMeanwhile,
     "The tunnel ended while it was looked at: its interface {ended} was there, and is gone."},
    {kDo, Atom::kTunnelEndedMeanwhile, "read the tunnel's own log: why did it end?"},
    {kSummary, Atom::kForwardPortRefuses,
     "Nothing listens at {forward} on this host, where the forward to the target should be."},
    {kDo, Atom::kForwardPortRefuses, "start the forward (ssh -L, SSM, kubectl) again, so that it listens at {forward}"},
    {kSummary, Atom::kEntranceIsBroken,
     "The tunnel's entrance does not work: {holder} carries what is spoken to its SOCKS port, and nothing else."},
    {kSummary, Atom::kRefusedHereEverywhere,
     "Every destination is refused on this very host: what should carry the connections is gone."},
    {kSettle, Atom::kRefusedHereEverywhere, "a rule of this host's own firewall: nft list ruleset"},
    {kSummary, Atom::kNoTunnelIsThere,
     "No tunnel is there: packets to the private address {uncarried} leave by {way_out}, this host's way to the "
     "internet."},
    {kSettle, Atom::kNoTunnelIsThere, "if no tunnel is meant: do the firewalls on the way let this host in?"},
    {kSummary, Atom::kNothingBehindRedirector,
     "The redirector {holder} still accepts, and the tunnel behind it is gone."},
    {kSettle, Atom::kNothingComesBack, "the tunnel's own log: does its process still do anything?"},
};

constexpr Atom kTunnelBastionUnreachableNeeds[] = {Atom::kFailsBeforeFirstByte, Atom::kTunnelCarriesIt};
constexpr Link kTunnelBastionUnreachableLinks[] = {
    {Atom::kBastionIsGone, kStrong},         {Atom::kCarrierWaitsForBastion, kFor},
    {Atom::kCarrierStands, kNothing},        {Atom::kTunnelIsMute, kFor},
    {Atom::kNothingVouchesForTunnel, kFor},  {Atom::kCarrierIsSound, kAgainst},
    {Atom::kFailsBeforeFirstByte, kNothing}, {Atom::kMustNotConnectAccepted, kNothing},
    {Atom::kOthersAnswer, kRefutes, kFor},   {Atom::kBannerComes, kRefutes},
    {Atom::kReferenceIsHealthy, kNothing},   {Atom::kWitnessWorks, kNothing},
};
constexpr Text kTunnelBastionUnreachableTexts[] = {
    {kSummary, Atom::kTunnelIsMute,
     "Nothing comes back through {holder}, from any destination: its far end does not answer, or what it forwards "
     "finds no way back to it (no NAT there, no route)."},
    {kSettle, Atom::kTunnelIsMute, "the tunnel's own word for its far end: wg show (latest handshake), or its log"},
    {kSummary, Atom::kNoWayToBastion,
     "The tunnel runs, but this host has no route to its bastion {bastion}: its own network is down. Nothing beyond it "
     "is involved."},
    {kSummary, std::nullopt,
     "The tunnel runs, but its bastion {bastion} does not answer. Nothing gets further than this host's way to it."},
    {kMore, Atom::kReferenceIsHealthy, "TLS, SCRAM, MTU and the database are not involved."},
};

constexpr Atom kTunnelBastionRefusesSessionsNeeds[] = {Atom::kSubjectFailsAtTimes};
constexpr Link kTunnelBastionRefusesSessionsLinks[] = {
    {Atom::kBastionHangsUp, kStrong}, {Atom::kBannerComesSometimes, kStrong}, {Atom::kBannerSaysNo, kStrong},
    {Atom::kOthersAnswer, kRefutes},  {Atom::kSubjectFailsAtTimes, kNothing}, {Atom::kReferenceIsHealthy, kNothing},
    {Atom::kWitnessWorks, kNothing},
};
constexpr Text kTunnelBastionRefusesSessionsTexts[] = {
    {kSummary, Atom::kBannerComesSometimes,
     "The bastion {bastion} is up and turns new ssh connections away some of the time."},
    {kSummary, std::nullopt, "The bastion {bastion} is up and turns new ssh connections away."},
};

constexpr Atom kTunnelCarrierDeadNeeds[] = {Atom::kFailsBeforeFirstByte, Atom::kTunnelCarriesIt};
constexpr Link kTunnelCarrierDeadLinks[] = {
    {Atom::kCarrierStands, kNothing},          {Atom::kCarrierCannotCarry, kFor},
    {Atom::kClosesOnThisHost, kFor},           {Atom::kCarrierSendsInVain, kStrong},
    {Atom::kNothingComesBack, kFor},           {Atom::kNoCarrierIsSeen, kFor},
    {Atom::kNothingVouchesForTunnel, kFor},    {Atom::kClosedOverStandingCarrier, kFor},
    {Atom::kBannerComes, kNothing, kRefutes},  {Atom::kFailsBeforeFirstByte, kNothing},
    {Atom::kMustNotConnectAccepted, kNothing}, {Atom::kOthersAnswer, kRefutes, kFor},
    {Atom::kKernelCarriesIt, kRefutes},        {Atom::kNoProcessHoldsInterface, kRefutes},
    {Atom::kProcessIsStopped, kRefutes},       {Atom::kCarrierWaitsForBastion, kRefutes},
    {Atom::kReferenceIsHealthy, kNothing},     {Atom::kWitnessWorks, kNothing},
};
constexpr Text kTunnelCarrierDeadTexts[] = {
    {kSummary, Atom::kCarrierStands,
     "The tunnel's process and routes are there, but its connection to the bastion no longer carries anything. It "
     "accepts everything and delivers nothing."},
    {kSummary, Atom::kNothingComesBack,
     "The tunnel's process and routes are there, but its connection to the bastion no longer carries anything. It "
     "accepts everything and delivers nothing."},
    {kSummary, std::nullopt,
     "The tunnel's process and routes are there, but its connection to the bastion is gone. It accepts everything and "
     "delivers nothing."},
};

constexpr Atom kTunnelForwardingDeniedNeeds[] = {Atom::kFailsBeforeFirstByte, Atom::kTunnelCarriesIt,
                                                 Atom::kBothAreSeen};
constexpr Link kTunnelForwardingDeniedLinks[] = {
    {Atom::kSocksTurnsAllDown, kStrong},     {Atom::kClosesAtTheFarEnd, kFor},
    {Atom::kFailsBeforeFirstByte, kNothing}, {Atom::kMustNotConnectAccepted, kNothing},
    {Atom::kOthersAnswer, kRefutes, kFor},   {Atom::kBannerComes, kNothing, kRefutes},
    {Atom::kCarrierCannotCarry, kRefutes},   {Atom::kProcessIsStopped, kRefutes},
    {Atom::kSocksLetsSomeThrough, kRefutes}, {Atom::kKernelCarriesIt, kRefutes},
    {Atom::kReferenceIsHealthy, kNothing},   {Atom::kBastionReachesTarget, kFor, kAgainst},
};
constexpr Text kTunnelForwardingDeniedTexts[] = {
    {kSummary, std::nullopt,
     "The bastion[ {bastion}] accepts the ssh session and forwards nothing: every destination is turned down."},
    {kSettle, Atom::kNoCarrierIsSeen, "the same as root, or as the user that the tunnel runs as"},
    {kSettle, std::nullopt, "the bastion's own log: does it turn the forwards down?"},
};

constexpr Atom kTunnelLocalAcceptNeeds[] = {Atom::kConnectsEndHere};
constexpr Link kTunnelLocalAcceptLinks[] = {
    {Atom::kConnectsEndHere, kStrong},
};
constexpr Text kTunnelLocalAcceptTexts[] = {
    {kSummary, Atom::kConnectsEndAtAForward,
     "On the {local_side} side the forward answers the TCP handshake on that very host. A connect, a ping, a "
     "traceroute and TCP's own counters say nothing about the way there."},
    {kSummary, std::nullopt,
     "On the {local_side} side every TCP handshake is answered on that very host. A connect, a ping, a traceroute and "
     "TCP's own counters say nothing about the way there."},
};

constexpr Atom kVpcRefusedBeyondBastionNeeds[] = {Atom::kReferenceReaches, Atom::kSubjectFails, Atom::kWayIsWell};
constexpr Link kVpcRefusedBeyondBastionLinks[] = {
    {Atom::kSubjectFails, kNothing},           {Atom::kRefusedAtConnect, kStrong},
    {Atom::kClosesFarAway, kStrong},           {Atom::kSocksTurnsTargetDown, kStrong},
    {Atom::kClosedWhileOthersAnswer, kStrong}, {Atom::kClosedOverStandingCarrier, kStrong},
    {Atom::kOthersAnswer, kNothing, kRefutes}, {Atom::kBastionReachesTarget, kNothing, kFor},
    {Atom::kSocksReachesTarget, kRefutes},     {Atom::kEndsOnServersConnection, kRefutes},
    {Atom::kRefusedOnThisHost, kRefutes},      {Atom::kReferenceReaches, kNothing},
    {Atom::kReferenceIsTheBastion, kAgainst},  {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessEndsAsSubject, kFor},
};
constexpr Text kVpcRefusedBeyondBastionTexts[] = {
    {kSummary, std::nullopt,
     "The target is refused {where}: an answer comes back, and it is no. {Reference} it is open."},
    {kDo, Atom::kBastionReachesTarget,
     "on the bastion: sshd -T | grep -iE 'permitopen|allowtcpforwarding'; nft list ruleset"},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kVpcDroppedBeyondBastionNeeds[] = {Atom::kReferenceReaches, Atom::kSubjectFails, Atom::kWayIsWell};
constexpr Link kVpcDroppedBeyondBastionLinks[] = {
    {Atom::kSubjectFails, kNothing},
    {Atom::kIsSilent, kStrong},
    {Atom::kRouterFindsNobody, kStrong},
    {Atom::kSocksTargetIsSilent, kFor},
    {Atom::kOthersAnswer, kNothing, kRefutes},
    {Atom::kBastionReachesTarget, kAgainst, kFor},
    {Atom::kSocksTurnsTargetDown, kRefutes},
    {Atom::kSocksConnectsToTarget, kRefutes},
    {Atom::kNoRouteHere, kRefutes},
    {Atom::kEndsOnServersConnection, kRefutes},
    {Atom::kReferenceReaches, kNothing},
    {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessEndsAsSubject, kFor},
};
constexpr Text kVpcDroppedBeyondBastionTexts[] = {
    {kSummary, std::nullopt,
     "What is sent to the target is dropped {where}: no answer comes back. {Reference} it is open."},
    {kDo, Atom::kBastionReachesTarget,
     "on the bastion: sshd -T | grep -iE 'permitopen|allowtcpforwarding'; nft list ruleset"},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kPathStageResetNeeds[] = {Atom::kReferenceIsHealthy, Atom::kSubjectFails};
constexpr Link kPathStageResetLinks[] = {
    {Atom::kStageIsReset, kStrong},        {Atom::kConnectIsTheServers, kNothing},
    {Atom::kEndsAfterOurWords, kFor},      {Atom::kMessageIsUnacknowledged, kNothing},
    {Atom::kPaddedHelloPasses, kNothing},  {Atom::kSameSizePasses, kNothing},
    {Atom::kReferenceIsHealthy, kNothing}, {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessEndsAsSubject, kFor},   {Atom::kWitnessWorks, kFor},
};
constexpr Text kPathStageResetTexts[] = {
    {kSummary, std::nullopt,
     "{Subject}, the conversation dies at one stage, {stage}: what comes before it passes, and then the connection is "
     "ended. Something on the way acts on that message, or the server does, for this source alone."},
    {kSettle, Atom::kStageIsReset,
     "the server's own log: does that message arrive there, and who ends the connection?"},
    {kSettle, Atom::kEndsAfterOurWords, "the server's own log: does a connection arrive there, and who ends it?"},
};

constexpr Atom kPathStageSwallowedNeeds[] = {Atom::kStageIsSwallowed};
constexpr Link kPathStageSwallowedLinks[] = {
    {Atom::kStageIsSwallowed, kStrong},      {Atom::kConnectIsTheServers, kNothing},
    {Atom::kMessageIsUnacknowledged, kFor},  {Atom::kPaddedHelloPasses, kNothing},
    {Atom::kSameSizePasses, kFor, kRefutes}, {Atom::kAnswerCameInPart, kRefutes},
    {Atom::kReferenceIsHealthy, kNothing},   {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessEndsAsSubject, kFor},     {Atom::kWitnessWorks, kFor},
};
constexpr Text kPathStageSwallowedTexts[] = {
    {kSummary, std::nullopt,
     "{Subject}, the conversation dies at one stage, {stage}: what comes before it passes, and then there is silence. "
     "Something on the way acts on that message, or the server does, for this source alone."},
    {kSettle, std::nullopt, "the server's own log: does that message arrive there, and who ends the connection?"},
};

constexpr Atom kPathReturnLostNeeds[] = {Atom::kReferenceIsHealthy, Atom::kSubjectFails};
constexpr Link kPathReturnLostLinks[] = {
    {Atom::kTunnelIsMute, kFor},
};
constexpr Text kPathReturnLostTexts[] = {
    {kSettle, std::nullopt,
     "with a recent handshake it is the way back: does the far end masquerade what it forwards, or does the VPC route "
     "this host's tunnel address to it?"},
};

constexpr Link kPathMtuBlackHoleDownLinks[] = {
    {Atom::kLargeStageIsSwallowed, kFor},    {Atom::kAnswerCameInPart, kStrong},
    {Atom::kSameSizePasses, kNothing, kFor}, {Atom::kMessageIsUnacknowledged, kRefutes},
    {Atom::kLargeAnswerHangs, kFor},
};
constexpr Text kPathMtuBlackHoleDownTexts[] = {
    {kSettle, Atom::kLargeStageIsSwallowed,
     "a capture of the server's answer on the bastion: does the large packet leave it?"},
    {kSettle, Atom::kAnswerCameInPart, "ping -M do -s 1400, and smaller, from the target's side"},
    {kSettle, Atom::kLargeAnswerHangs,
     "from which size on an answer fails: --sql-bytes 1KB, 64KB, and a psql of that host with as much"},
};

constexpr Link kPathMtuBlackHoleUpLinks[] = {
    {Atom::kLargeStageIsSwallowed, kFor},
    {Atom::kSameSizePasses, kRefutes, kStrong},
    {Atom::kAnswerCameInPart, kRefutes},
    {Atom::kLargeMessageHangs, kFor},
};
constexpr Text kPathMtuBlackHoleUpTexts[] = {
    {kSettle, Atom::kLargeStageIsSwallowed, "ping -M do -s 1400, and smaller, towards the target"},
    {kSettle, Atom::kLargeMessageHangs,
     "from which size on a message fails: --sql-bytes 1KB, 64KB, and a psql of that host with as much"},
};

constexpr Link kPathResetMidstreamLinks[] = {
    {Atom::kLargeTransferIsEnded, kFor},
};
constexpr Text kPathResetMidstreamTexts[] = {
    {kSettle, std::nullopt,
     "from which size on a transfer fails: --sql-bytes 1KB, 64KB, and a psql of that host with as much"},
};

constexpr Atom kTargetDownNeeds[] = {Atom::kReferenceIsRefused, Atom::kSubjectEnds};
constexpr Link kTargetDownLinks[] = {
    {Atom::kReferenceIsRefused, kStrong},
    {Atom::kSubjectEnds, kNothing},
    {Atom::kSubjectSeesTheSame, kFor, kAgainst},
    {Atom::kAnotherAddressWorks, kNothing},
    {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTargetDownTexts[] = {
    {kSummary, std::nullopt, "Nothing listens at {endpoint}: {reference}, the connect itself is refused."},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
    {kSettle, Atom::kSidesShareAHost, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kTargetUnreachableNeeds[] = {Atom::kReferenceGetsNothing, Atom::kSubjectEnds};
constexpr Link kTargetUnreachableLinks[] = {
    {Atom::kReferenceGetsNothing, kStrong},          {Atom::kSubjectEnds, kNothing},
    {Atom::kSubjectSeesTheSame, kNothing, kAgainst}, {Atom::kHostIsUp, kNothing},
    {Atom::kAnotherAddressWorks, kNothing},          {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},        {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTargetUnreachableTexts[] = {
    {kSummary, Atom::kHostIsUp,
     "The host answers {reference}, on other ports; the target's port is filtered, there too."},
    {kSummary, std::nullopt,
     "The target does not answer {reference} either: the host is down, gone, or filtered for both sides."},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
    {kSettle, Atom::kSidesShareAHost, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kTargetNotPostgresNeeds[] = {Atom::kSubjectEndsOrSpeaksAnother};
constexpr Link kTargetNotPostgresLinks[] = {
    {Atom::kReferenceSpeaksAnother, kStrong},
    {Atom::kSubjectEndsOrSpeaksAnother, kNothing},
    {Atom::kSubjectSpeaksAnother, kFor},
    {Atom::kReferenceGetsNoFirstByte, kFor},
    {Atom::kSpeaksWhenAskedOtherwise, kNothing, kAgainst},
    {Atom::kErrorBeforeLogin, kAgainst},
    {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kSidesShareAHost, kAgainst},
    {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTargetNotPostgresTexts[] = {
    {kSummary, Atom::kErrorBeforeLogin,
     "The target answers with an error before any login: a PostgreSQL of before TLS, one that can start no process, or "
     "no PostgreSQL at all."},
    {kSummary, std::nullopt, "What listens on the target's port is not PostgreSQL."},
    {kSettle, Atom::kErrorBeforeLogin, "the server's own log, and its words above"},
    {kSettle, Atom::kReferenceIsSilentAfterConnect, "what runs on the target's host and listens on that port?"},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
    {kSettle, Atom::kSidesShareAHost, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kTargetFrozenNeeds[] = {Atom::kReferenceIsSilentAfterConnect, Atom::kSubjectEnds};
constexpr Link kTargetFrozenLinks[] = {
    {Atom::kReferenceIsSilentAfterConnect, kStrong},
    {Atom::kSubjectEnds, kNothing},
    {Atom::kSpeaksWhenAskedOtherwise, kRefutes, kFor},
    {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kSidesShareAHost, kAgainst},
    {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTargetFrozenTexts[] = {
    {kSummary, std::nullopt, "The target accepts connections and then says nothing, on both sides: its process hangs."},
    {kSettle, std::nullopt, "[is it TLS that is spoken there ({https})? Ask http:// too]"},
    {kSettle, std::nullopt, "what runs on the target's host and listens on that port?"},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
    {kSettle, Atom::kSidesShareAHost, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kTargetOverloadedNeeds[] = {Atom::kFirstByteIsLate};
constexpr Link kTargetOverloadedLinks[] = {
    {Atom::kFirstByteIsLate, kStrong},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kSidesShareAHost, kAgainst},
};
constexpr Text kTargetOverloadedTexts[] = {
    {kSummary, std::nullopt, "The server's first byte is late on both sides, while connects and queries are quick."},
};

constexpr Atom kTargetWrongServerNeeds[] = {Atom::kBothAreSeen};
constexpr Link kTargetWrongServerLinks[] = {
    {Atom::kCertificatesDiffer, kFor},
    {Atom::kOwnsItsCertificate, kFor},
    {Atom::kServersDiffer, kStrong},
    {Atom::kStrangerAnswers, kStrong},
    {Atom::kDatabaseUnknownHere, kStrong},
    {Atom::kLooksIntercepted, kNothing, kFor},
    {Atom::kOnePasswordTwoAnswers, kFor},
    {Atom::kNobodyShowsWhoItIs, kFor},
    {Atom::kPlainAtForward, kStrong},
    {Atom::kMayBeAnotherInPlain, kFor},
    {Atom::kTakenPort, kFor},
    {Atom::kTlsTakenAway, kNothing},
    {Atom::kForwardIsNobodys, kNothing},
    {Atom::kReferenceIsTheBastion, kAgainst},
    {Atom::kWitnessMeetsReferencesServer, kFor},
    {Atom::kWitnessMeetsSubjectsServer, kAgainst},
};
constexpr Text kTargetWrongServerTexts[] = {
    {kSummary, Atom::kOnlyGuessed,
     "{Subject}, another server seems to answer than {reference}: none of them showed who it is."},
    {kSettle, Atom::kOnePasswordTwoAnswers, "do several servers stand behind that name or certificate?"},
    {kSettle, Atom::kMayBeAnotherInPlain,
     "who answers there? With sslmode=prefer both sides ask the server for its identifier, the {subject} in plain "
     "text"},
    {kSummary, std::nullopt, "{Subject}, another server answers at this address than {reference}."},
    {kSettle, Atom::kReferenceIsTheBastion, "an inside agent on another host of the VPC, best the application's own"},
};

constexpr Atom kTlsInterceptedNeeds[] = {Atom::kCertificatesDiffer};
constexpr Link kTlsInterceptedLinks[] = {
    {Atom::kCertificatesDiffer, kFor},
    {Atom::kBindingFails, kStrong},
    {Atom::kSameServer, kStrong},
    {Atom::kLooksIntercepted, kFor},
    {Atom::kServersDiffer, kRefutes},
    {Atom::kOwnsItsCertificate, kRefutes},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessMeetsReferencesServer, kFor},
    {Atom::kWitnessMeetsSubjectsServer, kNothing},
};
constexpr Text kTlsInterceptedTexts[] = {
    {kSummary, std::nullopt,
     "{Subject}, TLS ends at somebody else's: the certificate is not the one that the server shows {reference}."},
};

constexpr Atom kTlsStrippedNeeds[] = {Atom::kTlsTakenAway};
constexpr Link kTlsStrippedLinks[] = {
    {Atom::kTlsTakenAway, kFor}, {Atom::kPlainAtForward, kNothing, kFor}, {Atom::kBindingOfferedInPlain, kFor},
    {Atom::kSameServer, kFor},   {Atom::kServersDiffer, kRefutes},        {Atom::kAddressIsEachSidesOwn, kRefutes},
};
constexpr Text kTlsStrippedTexts[] = {
    {kSummary, std::nullopt,
     "Something on the way takes TLS off: the server offers it {reference}, and not {subject}."},
    {kSettle, Atom::kTakenPort, "on the {subject}'s host: which process listens at that port? ss -ltnp"},
    {kSettle, Atom::kPlainAtForward, "does the forward's far end lead to the target itself?"},
};

constexpr Atom kTlsNotOfferedNeeds[] = {Atom::kNoTlsWhereverHeard};
constexpr Link kTlsNotOfferedLinks[] = {
    {Atom::kNoTlsWhereverHeard, kStrong},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTlsNotOfferedTexts[] = {
    {kSummary, Atom::kSubjectEnds,
     "{Reference}, the server offers no TLS, and sslmode={ssl_mode} demands it. The {subject} does not come so far."},
    {kSummary, std::nullopt, "The server offers no TLS, and sslmode={ssl_mode} demands it. Both sides see the same."},
};

constexpr Atom kTlsRequiredByServerNeeds[] = {Atom::kPlainTextRejected};
constexpr Link kTlsRequiredByServerLinks[] = {
    {Atom::kPlainTextRejected, kStrong},
    {Atom::kStartupPassesWithTls, kStrong, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kTlsRequiredByServerTexts[] = {
    {kSummary, std::nullopt,
     "The server takes no plain text from this user ({rejected}): it wants TLS, and sslmode=disable forbids it."},
};

constexpr Atom kTlsExpiredNeeds[] = {Atom::kCertificateOutOfDate};
constexpr Link kTlsExpiredLinks[] = {
    {Atom::kCertificateOutOfDate, kStrong},
    {Atom::kClockIsWrong, kNothing},
    {Atom::kClockIsCertain, kFor, kAgainst},
    {Atom::kCertificateEndsHandshake, kNothing},
};
constexpr Text kTlsExpiredTexts[] = {
    {kTitle, Atom::kClockIsWrong, "A clock is wrong, and the certificate seems out of date"},
    {kSummary, Atom::kClockIsWrong,
     "The clock of the {clocks}, and by that clock alone the server's certificate {by_that_clock}."},
    {kOnlyDo, Atom::kClockIsWrong,
     "on the {clock_side}'s host: date -u; timedatectl\nset the {clock_side}'s clock right: timedatectl set-ntp true, "
     "or: chronyc makestep\non the {other_clock_side}'s host: date -u; timedatectl\nset the {other_clock_side}'s clock "
     "right: timedatectl set-ntp true, or: chronyc makestep"},
    {kSettle, Atom::kClockIsCertain,
     "date -u on both hosts: it is one clock against one other, and if the other is wrong the certificate is out of "
     "date",
     Answer::kNo},
    {kSummary, std::nullopt, "The server's certificate is not valid at this date, seen {seen_by}."},
};

constexpr Atom kTlsNameMismatchNeeds[] = {Atom::kCertificateNamesAnother};
constexpr Link kTlsNameMismatchLinks[] = {
    {Atom::kCertificateNamesAnother, kStrong},
    {Atom::kCertificateEndsHandshake, kFor},
};
constexpr Text kTlsNameMismatchTexts[] = {
    {kSummary, std::nullopt, "The server's certificate does not name the host that was dialled, seen {seen_by}."},
};

constexpr Atom kTlsUntrustedNeeds[] = {Atom::kCertificateUntrusted};
constexpr Link kTlsUntrustedLinks[] = {
    {Atom::kCertificateUntrusted, kStrong},
    {Atom::kCertificateEndsHandshake, kFor},
};
constexpr Text kTlsUntrustedTexts[] = {
    {kTitle, Atom::kChainIsAtFault, "{chain_title}"},
    {kSummary, Atom::kChainIsAtFault, "The server's certificate {chain_is}, seen {chain_side}."},
    {kOnlyDo, Atom::kChainIsAtFault, ""},
    {kSummary, std::nullopt, "The server's certificate leads to no root that is trusted here, seen {seen_by}."},
};

constexpr Atom kPostgresSourceRejectedNeeds[] = {Atom::kSourceMayBeTurnedAway};
constexpr Link kPostgresSourceRejectedLinks[] = {
    {Atom::kTurnedAwayBeforePassword, kStrong}, {Atom::kReferenceIsHealthy, kFor, kRefutes},
    {Atom::kAddressIsEachSidesOwn, kRefutes},   {Atom::kWitnessEndsAsSubject, kFor},
    {Atom::kBastionReachesTarget, kAgainst},
};
constexpr Text kPostgresSourceRejectedTexts[] = {
    {kSummary, std::nullopt,
     "The server is reached and turns this source away: its access rules (pg_hba.conf, or the proxy's) do not admit "
     "the address from which the {subject} arrives."},
    {kSettle, Atom::kOnePasswordTwoAnswers,
     "pg_hba.conf on the server, or the pooler's users: is each source asked for its password in the same way?"},
};

constexpr Atom kPostgresCredentialsDifferNeeds[] = {Atom::kPasswordRejectedOnOne};
constexpr Link kPostgresCredentialsDifferLinks[] = {
    {Atom::kPasswordRejectedOnOne, kStrong},  {Atom::kNobodyShowsWhoItIs, kNothing, kFor},
    {Atom::kForwardIsNobodys, kAgainst},      {Atom::kOnePasswordTwoAnswers, kRefutes},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
};
constexpr Text kPostgresCredentialsDifferTexts[] = {
    {kSummary, Atom::kNobodyShowsWhoItIs,
     "A server takes the password {takes} and rejects it {rejects}: the two sides do not have the same one, or do not "
     "reach the same server: none showed who it is."},
    {kSummary, std::nullopt,
     "The same server takes the password {takes} and rejects it {rejects}: the two sides do not have the same one. The "
     "network is not involved."},
};

constexpr Atom kPostgresCredentialsRejectedNeeds[] = {Atom::kPasswordRejectedWhereverHeard};
constexpr Link kPostgresCredentialsRejectedLinks[] = {
    {Atom::kPasswordRejectedWhereverHeard, kStrong}, {Atom::kPasswordSentAsGiven, kFor, kAgainst},
    {Atom::kAddressIsEachSidesOwn, kRefutes},        {Atom::kWitnessWorks, kAgainst},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kPostgresCredentialsRejectedTexts[] = {
    {kSummary, Atom::kSubjectEnds,
     "{Reference}, the server is reached and rejects the password of '{user}'. The {subject} does not come so far."},
    {kSummary, std::nullopt, "The server is reached from both sides and rejects the password of '{user}' on both."},
    {kSettle, Atom::kPasswordSentAsGiven, "whether the real client gets in with it: --sql", Answer::kNo},
};

constexpr Atom kPostgresDatabaseMissingNeeds[] = {Atom::kDatabaseMissingWhereverHeard};
constexpr Link kPostgresDatabaseMissingLinks[] = {
    {Atom::kDatabaseMissingWhereverHeard, kStrong},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessWorks, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kPostgresDatabaseMissingTexts[] = {
    {kSummary, std::nullopt, "The server is reached, and has no database '{database}'."},
};

constexpr Atom kPostgresTooManyConnectionsNeeds[] = {Atom::kNoConnectionLeft};
constexpr Link kPostgresTooManyConnectionsLinks[] = {
    {Atom::kNoConnectionLeft, kStrong},
    {Atom::kNoConnectionLeftForBoth, kFor},
    {Atom::kAddressIsEachSidesOwn, kRefutes},
    {Atom::kWitnessEndsAsReference, kFor},
};
constexpr Text kPostgresTooManyConnectionsTexts[] = {
    {kSummary, Atom::kNoConnectionLeftForBoth,
     "The server is reached, and its connections run out: one side gets the last.", Answer::kNo},
    {kSummary, std::nullopt, "The server is reached, and has no connection left to give."},
};

constexpr Atom kAppCommandDiffersNeeds[] = {Atom::kOnlyClientFails};
constexpr Link kAppCommandDiffersLinks[] = {
    {Atom::kOnlyClientFails, kStrong},
    {Atom::kWitnessWorks, kNothing},
};
constexpr Text kAppCommandDiffersTexts[] = {
    {kSummary, std::nullopt,
     "Every probe is alike on both sides, and the real client fails {client_fails}: look at what it does and the "
     "probes do not."},
    {kSettle, std::nullopt,
     "the client's own options and files on that host: libpq's ~/.postgresql, its version, its TLS"},
};

constexpr Atom kVantageMissingNeeds[] = {Atom::kSideIsMissing};
constexpr Link kVantageMissingLinks[] = {
    {Atom::kSideIsMissing, kStrong},
};
constexpr Text kVantageMissingTexts[] = {
    {kSummary, Atom::kSideWasLost,
     "The {missing} side was lost before the end: what it had seen is well, and what it would have seen nobody knows."},
    {kSummary, Atom::kAskedFromOnePlace, "The vantage gave no observation of the target."},
    {kSummary, std::nullopt, "The {missing} side is missing, so the sides cannot be compared."},
};

constexpr Link kVantageUnlikeLinks[] = {
    {Atom::kSidesRanUnlike, kStrong},
    {Atom::kSidesShareAHost, kStrong},
};
constexpr Text kVantageUnlikeTexts[] = {
    {kSummary, Atom::kEndpointSaysNothing,
     "The health endpoint does not say whether the application reaches the target, so there is nothing to compare "
     "with."},
    {kDo, Atom::kEndpointSaysNothing, "curl -s '{health_url}'"},
    {kDo, Atom::kEndpointSaysNothing, "then name what it does say behind the '#', as in #/database/status=connected"},
    {kSummary, Atom::kSidesRanUnlike, "The sides did not run the same, so they cannot be compared."},
    {kSummary, std::nullopt, "{Reference} and {subject} stand on the same host: this compares nothing with nothing."},
};

constexpr Link kUnexplainedLinks[] = {
    {Atom::kSameSizePasses, kNothing},
    {Atom::kAnswerCameInPart, kNothing},
};
constexpr Text kUnexplainedTexts[] = {
    {kSummary, Atom::kAskedByThatAddress,
     "{own_host} is another host for each side, its own: the two were not asked about one target."},
    {kOnlyDo, Atom::kAskedByThatAddress,
     "name the target as both sides can reach it; where one side goes by a forward, give the target's own name and map "
     "it: --connect-to SIDE:HOST:PORT:127.0.0.1:PORT"},
    {kSummary, Atom::kAddressIsEachSidesOwn,
     "The name {host} leads to {own_host}, which is each side's own host: the target itself was not asked by anybody."},
    {kOnlyDo, Atom::kNameIsEachSidesOwn,
     "where does {own_host} come from? A hosts file, or a resolver that withholds the answer: getent hosts NAME; grep "
     "NAME /etc/hosts; dig +short NAME @ANOTHER_RESOLVER\nname the target's own address, or mend that answer"},
    {kSummary, Atom::kOnePasswordTwoAnswers,
     "One password, sent to both sides by the controller, is taken on one side and rejected on the other, by servers "
     "that show the same certificate: who asks from where decides how a password is judged, or which server answers."},
};

constexpr Atom kEvidenceUnsteadyNeeds[] = {Atom::kAttemptsDisagree};
constexpr Link kEvidenceUnsteadyLinks[] = {
    {Atom::kAttemptsDisagree, kStrong},
};
constexpr Text kEvidenceUnsteadyTexts[] = {
    {kSummary, std::nullopt, "Attempts of the same probe disagree: what is seen comes and goes."},
};

constexpr Cause kCatalogue[] = {
    {"dns.unresolved_everywhere", "The name resolves nowhere", v1::FAULT, Layer::kName, kDnsUnresolvedEverywhereNeeds,
     kDnsUnresolvedEverywhereLinks, kDnsUnresolvedEverywhereTexts,
     "Neither side can turn the name into an address, so no probe of the target was possible.",
     "Both sides fail alike, with the system resolver and with each named one.",
     "check the spelling of {host}\ngetent hosts {host}\n{postgres}aws rds describe-db-instances --query "
     "\"DBInstances[].Endpoint.Address\"",
     std::nullopt},
    {"dns.unresolved_outside", "The name resolves inside only", v1::FAULT, Layer::kName, kDnsUnresolvedOutsideNeeds,
     kDnsUnresolvedOutsideLinks, kDnsUnresolvedOutsideTexts,
     "Outside, the resolver has no address for the name. Tunnels over SOCKS or ssh carry no UDP: a private zone is "
     "then out of reach of the laptop.",
     "Resolved inside; outside the system resolver and each named one, over UDP and TCP, do not.",
     "getent hosts {host}\nname the address instead of {host}, or let the laptop ask the VPC's resolver over TCP "
     "through the tunnel\na private hosted zone is seen only in its own VPC: make the record public, or use the "
     "endpoint that the provider publishes",
     std::nullopt},
    {"dns.stale_answer", "Outside still has an old address", v1::FAULT, Layer::kName, kDnsStaleAnswerNeeds,
     kDnsStaleAnswerLinks, kDnsStaleAnswerTexts,
     "A cache, a hosts file or an old zone gives the outside an address at which nothing answers any more, not even "
     "from inside.",
     "The outside's address is silent from both sides; the inside has another one that works. The record's TTL tells "
     "how long it lasts.",
     "getent ahosts {host}; grep {host} /etc/hosts\nflush the resolver's cache: resolvectl flush-caches\nset the "
     "record to what the inside sees",
     std::nullopt},
    {"dns.split_horizon", "The name means another address outside", v1::FAULT, Layer::kName, kDnsSplitHorizonNeeds,
     kDnsSplitHorizonLinks, kDnsSplitHorizonTexts,
     "The same name is answered differently inside and outside. Outside it leads to a place that is not the target.",
     "The sets of addresses differ; each side was also tried at the other's address.",
     "dig +short {host} @YOUR_RESOLVER\non the laptop name the address that the inside uses, or point its resolver at "
     "the VPC's",
     Atom::kNameMisleads, v1::NOTE},
    {"route.overlap", "A network here covers the target's address", v1::FAULT, Layer::kRoute, kRouteOverlapNeeds,
     kRouteOverlapLinks, kRouteOverlapTexts,
     "This host is attached to, or has a more specific route to, a network that contains the target's address. Its "
     "packets go there and not into the tunnel.",
     "The route of the target is connected or more specific and leaves by an interface that is no tunnel, while a "
     "tunnel that should carry it is up.",
     "ip route get {address}\nip route show to match {address}\nleave the local network, renumber it, or give the "
     "tunnel a more specific route: ip route add {address}/32 dev TUNNEL",
     std::nullopt},
    {"route.not_through_tunnel", "The target is not routed into the tunnel", v1::FAULT, Layer::kRoute,
     kRouteNotThroughTunnelNeeds, kRouteNotThroughTunnelLinks, kRouteNotThroughTunnelTexts,
     "Packets to the target leave by this host's ordinary way out. The tunnel may be well: it gets none of them.",
     "The target's route is the default one; a tunnel's interface is up beside it; destinations beyond the bastion do "
     "not answer either.",
     "ip route get {address}\nrestart the tunnel with the subnet of {address} among its subnets\nip route show table "
     "all | grep -v local",
     std::nullopt},
    {"tunnel.not_running", "The tunnel's process is gone or frozen", v1::FAULT, Layer::kTunnel, kTunnelNotRunningNeeds,
     kTunnelNotRunningLinks, kTunnelNotRunningTexts,
     "The interface, the routes or the redirection are still there, and nothing behind them moves packets.",
     "Nobody holds the interface (NO-CARRIER), or the process that holds it is stopped; or the forward's local port "
     "refuses.",
     "pgrep -a -f tunnel\nip -br link show {interface}\nstart the tunnel again\nif the interface stayed behind: ip "
     "link delete {interface}",
     std::nullopt},
    {"tunnel.bastion_unreachable", "The bastion does not answer", v1::FAULT, Layer::kBastion,
     kTunnelBastionUnreachableNeeds, kTunnelBastionUnreachableLinks, kTunnelBastionUnreachableTexts,
     "The tunnel's process waits for, or has lost, a bastion that gives no answer at its address: a stale address, a "
     "stopped instance, a closed port. A tunnel started against such an address says that it has started all the same, "
     "and accepts every connection.",
     "Fresh connections to the bastion's address get no banner; the carrier is in SYN-SENT, or its data stays "
     "unacknowledged.",
     "aws ec2 describe-instances --filters Name=ip-address,Values={bastion_host}\nno instance? the address is stale: "
     "redeploy, so that the tunnel learns the new one, then restart the tunnel\nan instance? is it running, and does "
     "its security group admit port {bastion_port} from here: nc -v {bastion_host} {bastion_port}",
     std::nullopt},
    {"tunnel.bastion_refuses_sessions", "The bastion turns new sessions away", v1::FAULT, Layer::kBastion,
     kTunnelBastionRefusesSessionsNeeds, kTunnelBastionRefusesSessionsLinks, kTunnelBastionRefusesSessionsTexts,
     "The bastion's sshd is up and closes new connections before or instead of its banner: MaxStartups, a ban, or "
     "overload.",
     "A fraction of fresh banners fails, all are closed without one, or the banner says so.",
     "on the bastion: journalctl -u ssh | grep -i -e MaxStartups -e drop\nraise MaxStartups in sshd_config, or end the "
     "connections that fill it: ss -tn sport = :{bastion_port}",
     std::nullopt},
    {"tunnel.carrier_dead", "The tunnel lost its connection to the bastion", v1::FAULT, Layer::kCarrier,
     kTunnelCarrierDeadNeeds, kTunnelCarrierDeadLinks, kTunnelCarrierDeadTexts,
     "Process, interface and routes are there; the ssh connection that carries everything is gone, and the process "
     "does not reconnect. It accepts every connection and closes it at once.",
     "Every destination is closed on this host, far under a round trip; a fresh connection to the bastion gets its "
     "banner.",
     "restart the tunnel: it does not reconnect by itself\ndoes the bastion still take the tunnel's key? ssh -v "
     "{bastion_host} true\nkeep its connection alive across idle time: ServerAliveInterval 30 in ~/.ssh/config, where "
     "the tunnel uses ssh",
     std::nullopt},
    {"tunnel.forwarding_denied", "The bastion forwards nothing", v1::FAULT, Layer::kCarrier,
     kTunnelForwardingDeniedNeeds, kTunnelForwardingDeniedLinks, kTunnelForwardingDeniedTexts,
     "The ssh session stands, and the bastion turns down every forward that is asked of it.",
     "Every destination, the positive controls included, is accepted here and closed after about a round trip; CONNECT "
     "spoken to the SOCKS port is turned down for all.",
     "on the bastion: sshd -T | grep -i -e allowtcpforwarding -e permitopen -e disableforwarding\nset "
     "AllowTcpForwarding yes (or local) for the tunnel's user, then: systemctl reload ssh\nin authorized_keys: remove "
     "no-port-forwarding or restrict from the tunnel's key",
     std::nullopt},
    {"tunnel.local_accept", "Connects are answered on this host", v1::NOTE, Layer::kNone, kTunnelLocalAcceptNeeds,
     kTunnelLocalAcceptLinks, kTunnelLocalAcceptTexts,
     "A tunnel in user space completes every TCP handshake itself, before it dials anything. A successful connect, "
     "ping or nc proves nothing there.",
     "Addresses and ports that must not connect are accepted, in far under a round trip to the bastion; or the other "
     "end of our own socket is on this host.",
     "", std::nullopt},
    {"tunnel.head_of_line",
     "A bulk transfer holds up the rest",
     v1::WARNING,
     Layer::kCarrier,
     {},
     {},
     {},
     "Everything in the tunnel shares one connection; a bulk transfer makes the rest wait.",
     "Loaded against unloaded latency.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"vpc.refused_beyond_bastion", "Refused beyond the bastion", v1::FAULT, Layer::kBeyond,
     kVpcRefusedBeyondBastionNeeds, kVpcRefusedBeyondBastionLinks, kVpcRefusedBeyondBastionTexts,
     "The tunnel works. Asked to reach the target, the bastion gets an answer, and the answer is no: a rejecting "
     "firewall, a wrong port, PermitOpen.",
     "Closed or refused after about a round trip, for this destination only; others answer by the same way, and inside "
     "it is open.",
     "on the bastion: nc -vz {address} {port}\non the bastion: sshd -T | grep -i permitopen; iptables -S; nft list "
     "ruleset\naws ec2 describe-security-groups --filters Name=ip-permission.to-port,Values={port}",
     std::nullopt},
    {"vpc.dropped_beyond_bastion", "Dropped beyond the bastion", v1::FAULT, Layer::kBeyond,
     kVpcDroppedBeyondBastionNeeds, kVpcDroppedBeyondBastionLinks, kVpcDroppedBeyondBastionTexts,
     "The tunnel works. What the bastion sends to the target gets no answer: a security group, a network ACL, or the "
     "bastion's own egress.",
     "Silent for this destination; others answer by the same way, and inside it is open.",
     "does the target's security group admit the bastion's on port {port}? aws ec2 describe-security-groups --filters "
     "Name=ip-permission.to-port,Values={port}\ndo the network ACLs of both subnets admit it, and the answers on ports "
     "1024-65535?\non the bastion: nc -vz -w 5 {address} {port}",
     std::nullopt},
    {"path.stage_reset", "The connection is ended at one stage", v1::FAULT, Layer::kStage, kPathStageResetNeeds,
     kPathStageResetLinks, kPathStageResetTexts,
     "What comes before passes, then one message is answered by an end: something on the way looks into the "
     "conversation.",
     "Inside fine; outside the same stage each time, in every attempt.",
     "look for a firewall with inspection between the outside and the server\ncapture on both ends: tcpdump -ni any "
     "host {address} and port {port}",
     std::nullopt},
    {"path.stage_swallowed", "One message is swallowed", v1::FAULT, Layer::kStage, kPathStageSwallowedNeeds,
     kPathStageSwallowedLinks, kPathStageSwallowedTexts, "What comes before passes, then one message gets no answer.",
     "A message of another kind and the same size passes: so it is not the path's MTU.",
     "look for a firewall with inspection between the outside and the server\ncapture on both ends: tcpdump -ni any "
     "host {address} and port {port}",
     std::nullopt},
    {"path.return_lost", "The answers do not come back", v1::FAULT, Layer::kBeyond, kPathReturnLostNeeds,
     kPathReturnLostLinks, kPathReturnLostTexts, "The request arrives and the reply is lost on its way back.",
     "The far reflector saw the connection arrive.", "comes with a later release: its probes are not there yet.",
     std::nullopt, v1::SEVERITY_UNSPECIFIED, false},
    {"path.mtu_black_hole_down",
     "Large packets from the server are lost",
     v1::FAULT,
     Layer::kStage,
     {},
     kPathMtuBlackHoleDownLinks,
     kPathMtuBlackHoleDownTexts,
     "Small answers pass and large ones do not: a smaller MTU on the way, and ICMP filtered.",
     "A size sweep gives the limit.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt,
     v1::SEVERITY_UNSPECIFIED,
     false},
    {"path.mtu_black_hole_up",
     "Large packets to the server are lost",
     v1::FAULT,
     Layer::kStage,
     {},
     kPathMtuBlackHoleUpLinks,
     kPathMtuBlackHoleUpTexts,
     "Small messages pass and large ones do not.",
     "A small against a padded ClientHello, then a size sweep.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt,
     v1::SEVERITY_UNSPECIFIED,
     false},
    {"path.reset_midstream",
     "Long transfers are cut",
     v1::FAULT,
     Layer::kStage,
     {},
     kPathResetMidstreamLinks,
     kPathResetMidstreamTexts,
     "The connection dies after so many bytes, in the same place each time.",
     "Inside fine; the offset is steady.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt,
     v1::SEVERITY_UNSPECIFIED,
     false},
    {"path.lossy",
     "Packets are lost",
     v1::WARNING,
     Layer::kBeyond,
     {},
     {},
     {},
     "Retransmits slow everything down.",
     "Repeats, and TCP's counters on a routed path.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"path.throttled",
     "The rate is limited",
     v1::WARNING,
     Layer::kBeyond,
     {},
     {},
     {},
     "Throughput reaches a plateau.",
     "A bulk curve.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"path.slow",
     "The path is slow",
     v1::NOTE,
     Layer::kBeyond,
     {},
     {},
     {},
     "Latency alone.",
     "Loaded and unloaded round trips.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"path.idle_reaped",
     "Idle connections are dropped",
     v1::FAULT,
     Layer::kBeyond,
     {},
     {},
     {},
     "A firewall or NAT on the way forgets idle connections.",
     "A ladder of idle times brackets the limit.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"target.down", "Nothing listens on the target's port", v1::FAULT, Layer::kTarget, kTargetDownNeeds,
     kTargetDownLinks, kTargetDownTexts,
     "The host answers and refuses: the server is stopped, or listens on another port or address.",
     "Refused inside, at the connect; the outside fails too, as its tunnel tells a refusal.",
     "{postgres}aws rds describe-db-instances --query "
     "\"DBInstances[].[Endpoint.Address,Endpoint.Port,DBInstanceStatus]\"\non the target: ss -ltn sport = :{port}",
     std::nullopt},
    {"target.unreachable", "The target is silent for both sides", v1::FAULT, Layer::kTarget, kTargetUnreachableNeeds,
     kTargetUnreachableLinks, kTargetUnreachableTexts,
     "Not even the inside gets an answer: the host is down or gone, or its own security group admits neither side.",
     "Silent on both sides, alike. A closed port that is refused on the same address shows that the host is up.",
     "aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values={address}\naws ec2 "
     "describe-security-groups --filters Name=ip-permission.to-port,Values={port}",
     std::nullopt},
    {"target.not_postgres", "What listens there is not PostgreSQL", v1::FAULT, Layer::kTarget, kTargetNotPostgresNeeds,
     kTargetNotPostgresLinks, kTargetNotPostgresTexts, "The port answers, in another protocol.",
     "The first byte is not exactly one S or N; or there is silence, and the server speaks when it is asked in another "
     "way.",
     "check host and port: {host}:{port}\non the target: ss -ltnp sport = :{port}", std::nullopt},
    {"target.frozen", "The target accepts and says nothing", v1::FAULT, Layer::kTarget, kTargetFrozenNeeds,
     kTargetFrozenLinks, kTargetFrozenTexts,
     "The kernel of the target answers connects; the server process does not. It hangs, or its host is out of memory "
     "or disk.",
     "Connect is fine and the first byte silent on both sides, to an HTTP line too.",
     "{postgres}on the target: the server's log, and: ps -o stat,wchan,cmd -C postgres\n{postgres}aws rds "
     "describe-events --duration 60\n{others}on the target: the server's log, and what it waits for: ss -ltnp sport = "
     ":{port}; ps -o stat,wchan,cmd -p PID",
     std::nullopt},
    {"target.overloaded", "The server's first byte is late", v1::WARNING, Layer::kTarget, kTargetOverloadedNeeds,
     kTargetOverloadedLinks, kTargetOverloadedTexts,
     "The server takes long to begin a session, on both sides alike; once begun it is quick.",
     "First byte late on both sides; connect and query normal.",
     "on the target: uptime; vmstat 1 5; how many new connections a second?", std::nullopt},
    {"target.wrong_server", "Another server answers outside", v1::FAULT, Layer::kIdentity, kTargetWrongServerNeeds,
     kTargetWrongServerLinks, kTargetWrongServerTexts,
     "The same address leads to different servers: another VPC with the same numbers, another network here, a "
     "redirection.",
     "The certificate, the system identifier or the server's own address differs, or what answers outside is not "
     "PostgreSQL at all. Where nobody showed who he is: one password for both is taken inside only, or the end of a "
     "forward has no TLS.",
     "which VPC does this tunnel lead to? compare: aws ec2 describe-vpcs\nstop the other tunnel, or the network that "
     "uses the same addresses: ip route get {address}",
     std::nullopt},
    {"tls.intercepted", "TLS is ended on the way", v1::FAULT, Layer::kStage, kTlsInterceptedNeeds, kTlsInterceptedLinks,
     kTlsInterceptedTexts,
     "Somebody between the outside and the server shows a certificate of his own and passes the rest on. "
     "sslmode=prefer and require do not notice.",
     "Another certificate than inside, while the server behind it is the same one, or authentication that is bound to "
     "the certificate fails.",
     "do not send passwords by this way until it is known who it is\n{postgres}openssl s_client -starttls postgres "
     "-connect {host}:{port} -showcerts </dev/null\n{others}openssl s_client -connect {host}:{port} -servername {host} "
     "-showcerts </dev/null\n{postgres}use sslmode=verify-full with the server's own root certificate",
     std::nullopt},
    {"tls.stripped", "TLS is taken away on the way", v1::FAULT, Layer::kStage, kTlsStrippedNeeds, kTlsStrippedLinks,
     kTlsStrippedTexts, "The server offers TLS; what arrives outside says that it does not.",
     "S inside and N outside. Channel binding offered over plain text is proof from one side; without it, and without "
     "the server's identifier, another server that has no TLS looks the same.",
     "use sslmode=verify-full: prefer would go on in plain text\nlook for a proxy or a firewall with a PostgreSQL "
     "module on the way",
     std::nullopt},
    {"tls.not_offered", "The server has no TLS", v1::FAULT, Layer::kStage, kTlsNotOfferedNeeds, kTlsNotOfferedLinks,
     kTlsNotOfferedTexts, "The client demands TLS and the server does not have it.", "N on both sides.",
     "on the server: SHOW ssl; then set ssl=on with a certificate and a key\nor, if plain text is acceptable here: "
     "sslmode=disable",
     std::nullopt},
    {"tls.required_by_server", "The server insists on TLS", v1::FAULT, Layer::kStage, kTlsRequiredByServerNeeds,
     kTlsRequiredByServerLinks, kTlsRequiredByServerTexts,
     "The client forbids TLS and the server's access rules want it.",
     "Plain text is rejected at the startup message; with sslmode=require the same user gets further.",
     "use sslmode=require, or better verify-full", std::nullopt},
    {"tls.expired", "The certificate is not valid today", v1::FAULT, Layer::kStage, kTlsExpiredNeeds, kTlsExpiredLinks,
     kTlsExpiredTexts,
     "The certificate, or one above it, has expired or is not valid yet; or the clock of the side that looked is "
     "wrong.",
     "The dates against the clock of each side, and the clocks against each other. A fault only under verify-ca and "
     "verify-full, a note otherwise.",
     "{postgres}openssl s_client -starttls postgres -connect {host}:{port} </dev/null | openssl x509 -noout "
     "-dates\n{others}openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout "
     "-dates\nthe clock of the side that fails: date -u",
     Atom::kCertificateEndsHandshake, v1::NOTE},
    {"tls.name_mismatch", "The certificate names another host", v1::FAULT, Layer::kStage, kTlsNameMismatchNeeds,
     kTlsNameMismatchLinks, kTlsNameMismatchTexts, "The server's certificate is not for the name that was dialled.",
     "The names in the certificate against the dialled one. A fault only under verify-full, a note otherwise.",
     "dial a name that the certificate holds; through a forward: the real name, mapped by --connect-to (psql: "
     "hostaddr=)",
     Atom::kCertificateEndsHandshake, v1::NOTE},
    {"tls.untrusted", "The certificate leads to no trusted root", v1::FAULT, Layer::kStage, kTlsUntrustedNeeds,
     kTlsUntrustedLinks, kTlsUntrustedTexts,
     "The chain ends at a root that the side that looked does not have. Cloud databases and private authorities are in "
     "few stores.",
     "The chain against the roots of that side. A fault only under verify-ca and verify-full, a note otherwise.",
     "give the authority's root: --ssl-root-cert PATH\n{postgres}for RDS: curl -O "
     "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
     Atom::kCertificateEndsHandshake, v1::NOTE},
    {"postgres.source_rejected", "The server turns this source address away", v1::FAULT, Layer::kLogin,
     kPostgresSourceRejectedNeeds, kPostgresSourceRejectedLinks, kPostgresSourceRejectedTexts,
     "The path is whole. The server's access rules do not admit the address from which the outside arrives, which is "
     "the bastion's or the NAT's.",
     "28000 before any password, outside only; the same user is admitted inside.",
     "admit the address that the message names in pg_hba.conf, then: SELECT pg_reload_conf()", std::nullopt},
    {"postgres.credentials_differ", "The two sides have different passwords", v1::FAULT, Layer::kLogin,
     kPostgresCredentialsDifferNeeds, kPostgresCredentialsDifferLinks, kPostgresCredentialsDifferTexts,
     "The path is whole. One side's password is taken, the other's is not.",
     "28P01 on one side only, at the same server by its certificate, and not of a value that the controller sent to "
     "both.",
     "compare where each side has its password from: the report names it\nwas it rotated? aws secretsmanager "
     "describe-secret --secret-id NAME",
     std::nullopt},
    {"postgres.credentials_rejected", "The password is wrong", v1::FAULT, Layer::kLogin,
     kPostgresCredentialsRejectedNeeds, kPostgresCredentialsRejectedLinks, kPostgresCredentialsRejectedTexts,
     "The path is whole. The server rejects user or password.", "28P01, or 08P01 from a pooler, on both sides.",
     "check the password of {user}\npsql \"host={host} port={port} user={user} dbname={database}\"", std::nullopt},
    {"postgres.database_missing", "There is no such database", v1::FAULT, Layer::kLogin, kPostgresDatabaseMissingNeeds,
     kPostgresDatabaseMissingLinks, kPostgresDatabaseMissingTexts,
     "The path is whole and the password right; the database does not exist on this server.", "3D000 on both sides.",
     "psql \"host={host} port={port} user={user} dbname=postgres\" -l", std::nullopt},
    {"postgres.too_many_connections", "The server is out of connections", v1::FAULT, Layer::kLogin,
     kPostgresTooManyConnectionsNeeds, kPostgresTooManyConnectionsLinks, kPostgresTooManyConnectionsTexts,
     "The path is whole and the password right; every slot is taken.",
     "53300 after authentication, or a pooler's word for it at startup.",
     "SELECT state, count(*) FROM pg_stat_activity GROUP BY 1\nraise max_connections, shrink the pools, or put a "
     "pooler in front",
     std::nullopt},
    {"postgres.pooler_backend_down",
     "The pooler's database is down",
     v1::FAULT,
     Layer::kTarget,
     {},
     {},
     {},
     "A pooler answers in the place of its database, which it cannot reach.",
     "The database behind it, probed directly.",
     "comes with a later release: its probes are not there yet.",
     std::nullopt},
    {"app.command_differs", "Only the real client's command fails", v1::FAULT, Layer::kApp, kAppCommandDiffersNeeds,
     kAppCommandDiffersLinks, kAppCommandDiffersTexts,
     "Every probe is alike on both sides, and the real client (--sql) still fails on one of them.",
     "The staged probe logs in and queries on both sides; the client's own steps say where it stops: connect, query, "
     "download, upload, DDL.",
     "compare the client's files and versions on both hosts: ls -l ~/.postgresql; psql --version\na step that moves "
     "much and fails is the path's: ask again with --sql-bytes smaller",
     std::nullopt},
    {"vantage.missing", "A side is missing", v1::UNDECIDED, Layer::kNone, kVantageMissingNeeds, kVantageMissingLinks,
     kVantageMissingTexts,
     "One side gave no observation, or was lost before the end. What was seen stands, and nothing is concluded from "
     "the absence.",
     "The report says which side, and why.", "do what stands beside the side that is missing, and ask again",
     std::nullopt},
    {"vantage.unlike",
     "The sides did not run the same",
     v1::UNDECIDED,
     Layer::kNone,
     {},
     kVantageUnlikeLinks,
     kVantageUnlikeTexts,
     "The plan's digests differ, or a side could not, or would not, run a probe of the target.",
     "The report says which probe, and why.",
     "mend what the reason names, and ask again; agents of one release run the same",
     Atom::kSidesRanUnlike,
     v1::WARNING},
    {"unexplained",
     "No known cause fits",
     v1::FAULT,
     Layer::kNone,
     {},
     kUnexplainedLinks,
     kUnexplainedTexts,
     "The sides differ, or both fail, in a way that no rule knows. Every fact is in the report; nothing is claimed.",
     "Nothing else matched.",
     "look at every step of every attempt: --format json\nstart where the sides part, or with the server's own words",
     std::nullopt},
    {"evidence.unsteady", "Attempts disagree", v1::WARNING, Layer::kNone, kEvidenceUnsteadyNeeds,
     kEvidenceUnsteadyLinks, kEvidenceUnsteadyTexts, "The same probe succeeds and fails by turns.",
     "The fraction of attempts.", "repeat with more attempts: --repeats 10", std::nullopt},
};

// The better word of two for the same thing, where both stand in one layer, or where what the reference meets says how
// the subject's end is to be read.
constexpr Explains kPairs[] = {
    {"dns.stale_answer", "dns.split_horizon"},
    {"tunnel.carrier_dead", "tunnel.forwarding_denied"},
    {"target.not_postgres", "target.frozen"},
    {"target.not_postgres", "vpc.refused_beyond_bastion"},
    {"target.not_postgres", "vpc.dropped_beyond_bastion"},
    {"tls.intercepted", "tls.expired"},
    {"tls.intercepted", "tls.name_mismatch"},
    {"tls.intercepted", "tls.untrusted"},
    {"tls.expired", "tls.untrusted"},
    {"tls.intercepted", "path.stage_reset"},
    {"tls.intercepted", "path.stage_swallowed"},
};

}  // namespace

std::span<const Cause> Catalogue() { return kCatalogue; }
std::span<const Explains> PairsWithinALayer() { return kPairs; }

const Cause* FindCause(std::string_view id) {
  const auto found =
      std::find_if(std::begin(kCatalogue), std::end(kCatalogue), [&](const Cause& cause) { return cause.id == id; });
  return found == std::end(kCatalogue) ? nullptr : found;
}

}  // namespace parallax::diagnose
