// The atoms: named questions about one view, each read once, by one pure function. A cause is a row over them
// (cause.h).
//
// Pure; thread-safe. The names are public: they stand in the JSON report, and a retired one is never used again.
#ifndef PARALLAX_CONTROLLER_DIAGNOSE_ATOMS_H_
#define PARALLAX_CONTROLLER_DIAGNOSE_ATOMS_H_

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "controller/diagnose/reading.h"
#include "controller/diagnose/view.h"

namespace parallax::diagnose {

// In the order of the table in atoms.cc, which a test compares.
enum class Atom {
  kSideIsMissing,
  kAskedFromOnePlace,
  kSideWasLost,
  kSidesRanUnlike,
  kEndpointSaysNothing,
  kSidesShareAHost,
  kAddressIsEachSidesOwn,
  kAskedByThatAddress,
  kNameIsEachSidesOwn,
  kEndpointSaysConnected,
  kAttemptsDisagree,
  kConnectsEndHere,
  kConnectsEndAtAForward,
  kReferenceResolves,
  kReferenceCannotResolve,
  kSubjectCannotResolve,
  kSubjectsResolversAreSilent,
  kNoResolverAnswersAnybody,
  kNameLeadsHome,
  kNameLeadsElsewhere,
  kOwnAddressDeadForBoth,
  kOwnAddressWorksFromReference,
  kNameMisleads,
  kSubjectHasNoNetwork,
  kSubjectFailsOrMeetsAnother,
  kLocalNetworkTakesIt,
  kTunnelRouteCoversIt,
  kIsANeighbour,
  kIdleTunnelIsUp,
  kTunnelWasMeant,
  kStandsInReferencesNetwork,
  kNoRouteHere,
  kLeavesByDefault,
  kOthersAnswerByDefault,
  kNoConnectComesBack,
  kFailsBeforeFirstByte,
  kTunnelCarriesIt,
  kProcessIsStopped,
  kInterfaceHasNoCarrier,
  kNoProcessHoldsInterface,
  kTunnelEndedMeanwhile,
  kForwardPortRefuses,
  kEntranceIsBroken,
  kRefusedHereEverywhere,
  kNoTunnelIsThere,
  kNothingBehindRedirector,
  kKernelCarriesIt,
  kCarrierCannotCarry,
  kCarrierStands,
  kCarrierIsSound,
  kClosesOnThisHost,
  kCarrierSendsInVain,
  kNothingComesBack,
  kNoCarrierIsSeen,
  kNothingVouchesForTunnel,
  kClosedOverStandingCarrier,
  kBannerComes,
  kBastionIsGone,
  kNoWayToBastion,
  kCarrierWaitsForBastion,
  kTunnelIsMute,
  kSubjectFailsAtTimes,
  kBastionHangsUp,
  kBannerComesSometimes,
  kBannerSaysNo,
  kOthersAnswer,
  kMustNotConnectAccepted,
  kSocksTurnsAllDown,
  kSocksLetsSomeThrough,
  kSocksTurnsTargetDown,
  kSocksConnectsToTarget,
  kSocksReachesTarget,
  kSocksTargetIsSilent,
  kReferenceReaches,
  kReferenceIsHealthy,
  kSubjectFails,
  kWayIsWell,
  kRefusedAtConnect,
  kClosesFarAway,
  kClosesAtTheFarEnd,
  kClosedWhileOthersAnswer,
  kRefusedOnThisHost,
  kEndsOnServersConnection,
  kIsSilent,
  kRouterFindsNobody,
  kBastionReachesTarget,
  kReferenceIsTheBastion,
  kStageIsReset,
  kStageIsSwallowed,
  kLargeStageIsSwallowed,
  kConnectIsTheServers,
  kSameSizePasses,
  kPaddedHelloPasses,
  kAnswerCameInPart,
  kMessageIsUnacknowledged,
  kEndsAfterOurWords,
  kSubjectEnds,
  kSubjectSeesTheSame,
  kReferenceIsRefused,
  kReferenceGetsNothing,
  kHostIsUp,
  kAnotherAddressWorks,
  kReferenceIsSilentAfterConnect,
  kReferenceGetsNoFirstByte,
  kSpeaksWhenAskedOtherwise,
  kReferenceSpeaksAnother,
  kSubjectSpeaksAnother,
  kSubjectEndsOrSpeaksAnother,
  kErrorBeforeLogin,
  kFirstByteIsLate,
  kBothAreSeen,
  kCertificatesDiffer,
  kServersDiffer,
  kSameServer,
  kOwnsItsCertificate,
  kBindingFails,
  kLooksIntercepted,
  kOnePasswordTwoAnswers,
  kNobodyShowsWhoItIs,
  kForwardIsNobodys,
  kTakenPort,
  kOnlyGuessed,
  kStrangerAnswers,
  kDatabaseUnknownHere,
  kTlsTakenAway,
  kPlainAtForward,
  kMayBeAnotherInPlain,
  kBindingOfferedInPlain,
  kNoTlsWhereverHeard,
  kPlainTextRejected,
  kStartupPassesWithTls,
  kCertificateOutOfDate,
  kCertificateNamesAnother,
  kCertificateUntrusted,
  kClockIsWrong,
  kClockIsCertain,
  kChainIsAtFault,
  kCertificateEndsHandshake,
  kTurnedAwayBeforePassword,
  kSourceMayBeTurnedAway,
  kPasswordRejectedWhereverHeard,
  kPasswordRejectedOnOne,
  kPasswordSentAsGiven,
  kDatabaseMissingWhereverHeard,
  kNoConnectionLeft,
  kNoConnectionLeftForBoth,
  kOnlyClientFails,
  kLargeAnswerHangs,
  kLargeMessageHangs,
  kLargeTransferIsEnded,
  kWitnessWorks,
  kWitnessEndsAsSubject,
  kWitnessEndsAsReference,
  kWitnessMeetsSubjectsServer,
  kWitnessMeetsReferencesServer,
  kWitnessResolves,
  kCount,
};

// Whose observations the atom rests on. kCommon: the reference meets it, so that no path of the subject explains it.
enum class About { kSubject, kReference, kBoth, kCommon, kAny };

// Links to atoms of one family are capped together: they are not independent.
enum class Family {
  kSides,
  kName,
  kRoute,
  kProcess,
  kCarrier,
  kBastion,
  kOthers,
  kEnd,
  kStage,
  kTarget,
  kIdentity,
  kWords,
  kClient,
  kWitness,
  kCount
};

struct AtomRow {
  Atom atom;
  std::string_view name;
  std::string_view question;  // answered by yes or no
  About about;
  Family family;
  std::string_view settle;  // in words: what would answer it where it is unknown; "" nothing that we know
  std::string_view probe;   // the word of wanted.h that asks the agents; "" none
  int cost;                 // of that probe, in seconds at most; the cheapest is asked first
  Reading (*read)(const View& view);
};

std::span<const AtomRow> Atoms();
const AtomRow& RowOf(Atom atom);

// Every atom's answer to one view.
class Readings {
 public:
  explicit Readings(const View& view);
  const Reading& operator[](Atom atom) const { return readings_[static_cast<size_t>(atom)]; }
  const std::string& reference_name() const { return reference_name_; }

 private:
  std::string reference_name_;
  std::array<Reading, static_cast<size_t>(Atom::kCount)> readings_;
};

}  // namespace parallax::diagnose

#endif  // PARALLAX_CONTROLLER_DIAGNOSE_ATOMS_H_
