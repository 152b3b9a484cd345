// The functions that read the atoms, one file a family; the table that names them is atoms.cc. All pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_ATOM_READS_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_ATOM_READS_H_

#include "controller/diagnose/reading.h"
#include "controller/diagnose/view.h"

namespace parallax::diagnose {

using Read = Reading(const View& view);

// side_atoms.cc
Read SideIsMissing, AskedFromOnePlace, SideWasLost, SidesRanUnlike, EndpointSaysNothing, SidesShareAHost,
    AddressIsEachSidesOwn, AskedByThatAddress, NameIsEachSidesOwn, EndpointSaysConnected, AttemptsDisagree,
    ConnectsEndHere, ConnectsEndAtAForward;
// name_atoms.cc
Read ReferenceResolves, ReferenceCannotResolve, SubjectCannotResolve, SubjectsResolversAreSilent,
    NoResolverAnswersAnybody, NameLeadsHome, NameLeadsElsewhere, OwnAddressDeadForBoth, OwnAddressWorksFromReference,
    NameMisleads, SubjectHasNoNetwork;
// route_atoms.cc
Read SubjectFailsOrMeetsAnother, LocalNetworkTakesIt, TunnelRouteCoversIt, IsANeighbour, IdleTunnelIsUp, TunnelWasMeant,
    StandsInReferencesNetwork, NoRouteHere, LeavesByDefaultRoute, OthersAnswerByDefault, NoConnectComesBack;
// process_atoms.cc
Read FailsBeforeFirstByte, TunnelCarriesIt, ProcessIsStopped, InterfaceHasNoCarrier, NoProcessHoldsInterface,
    TunnelEndedMeanwhile, ForwardPortRefuses, EntranceIsBroken, RefusedHereEverywhere, NoTunnelIsThere,
    NothingBehindRedirector;
// carrier_atoms.cc
Read KernelCarriesIt, CarrierCannotCarry, CarrierStands, CarrierIsSound, ClosesOnThisHost, CarrierSendsInVain,
    NothingComesBack, NoCarrierIsSeen, NothingVouchesForTunnel, ClosedOverStandingCarrier, BannerComes, BastionIsGone,
    NoWayToBastion, CarrierWaitsForBastion, TunnelIsMute, SubjectFailsAtTimes, BastionHangsUp, BannerComesSometimes,
    BannerSaysNo;
// beyond_atoms.cc
Read OthersAnswer, MustNotConnectAccepted, SocksTurnsAllDown, SocksLetsSomeThrough, SocksTurnsTargetDown,
    SocksConnectsToTarget, SocksReachesTarget, SocksTargetIsSilent, ReferenceReaches, ReferenceIsHealthy, SubjectFails,
    WayIsWell, RefusedAtConnect, ClosesFarAway, ClosesAtTheFarEnd, ClosedWhileOthersAnswer, RefusedOnThisHost,
    EndsOnServersConnection, IsSilent, RouterFindsNobody, ReferenceIsTheBastion;
// witness_atoms.cc
Read BastionReachesTarget, WitnessWorks, WitnessEndsAsSubject, WitnessEndsAsReference, WitnessMeetsSubjectsServer,
    WitnessMeetsReferencesServer, WitnessResolves;
// stage_atoms.cc
Read StageIsReset, StageIsSwallowed, LargeStageIsSwallowed, ConnectIsTheServers, SameSizePasses, PaddedHelloPasses,
    AnswerCameInPart, MessageIsUnacknowledged, EndsAfterOurWords;
// target_atoms.cc
Read SubjectEnds, SubjectSeesTheSame, ReferenceIsRefused, ReferenceGetsNothing, HostIsUp, AnotherAddressWorks,
    ReferenceIsSilentAfterConnect, ReferenceGetsNoFirstByte, SpeaksWhenAskedOtherwise, ReferenceSpeaksAnother,
    SubjectSpeaksAnother, SubjectEndsOrSpeaksAnother, ErrorBeforeLogin, FirstByteIsLate;
// identity_atoms.cc
Read BothAreSeen, CertificatesDiffer, ServersDiffer, SameServer, OwnsItsCertificate, BindingFails, LooksIntercepted,
    OnePasswordTwoAnswers, NobodyShowsWhoItIs, ForwardIsNobodys, TakenPort, OnlyGuessed, StrangerAnswers,
    DatabaseUnknownHere;
// tls_atoms.cc
Read TlsTakenAway, PlainAtForward, MayBeAnotherInPlain, BindingOfferedInPlain, NoTlsWhereverHeard, PlainTextRejected,
    StartupPassesWithTls, CertificateOutOfDate, CertificateNamesAnother, CertificateUntrusted, CertificateEndsHandshake,
    ClockIsWrong, ClockIsCertain, ChainIsAtFault;
// login_atoms.cc
Read TurnedAwayBeforePassword, SourceMayBeTurnedAway, PasswordRejectedWhereverHeard, PasswordRejectedOnOne,
    PasswordSentAsGiven, DatabaseMissingWhereverHeard, NoConnectionLeft, NoConnectionLeftForBoth;
// client_atoms.cc
Read OnlyClientFails, LargeAnswerHangs, LargeMessageHangs, LargeTransferIsEnded;

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_ATOM_READS_H_
