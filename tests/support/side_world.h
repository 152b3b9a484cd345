// One side's world: where it stands, what carries its packets, and what it answers to each probe. By default all is
// well.
//
// Values; no threads.
#ifndef PARALLAX_TESTS_SUPPORT_SIDE_WORLD_H_
#define PARALLAX_TESTS_SUPPORT_SIDE_WORLD_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parallax/v1/run.pb.h"
#include "tests/support/attempts.h"

namespace parallax::support {

inline constexpr char kBastion[] = "198.51.100.24:22";

// What carries a side's packets.
enum class CarriedBy { kInside, kRouted, kSst, kRedsocks, kForward, kWireGuard, kSshuttle };

class SideWorld {
 public:
  SideWorld(std::string name, CarriedBy way, double rtt_ms);

  // What every probe whose name begins so does, in all attempts or in one (1-based). The last word counts.
  SideWorld& On(const std::string& probe, Attempt attempt);
  SideWorld& OnAttempt(uint32_t number, const std::string& probe, Attempt attempt);
  SideWorld& Never(const std::string& probe);  // no observation of it at all
  SideWorld& CannotAsk(const std::string& probe, v1::Failure outcome, const std::string& error);
  // The whole side gave nothing.
  SideWorld& Missing(const std::string& why);
  // It came, and was lost: no attempt beyond this one (1-based) gave anything.
  SideWorld& LostAfter(uint32_t attempt, const std::string& why);

  // All that the tunnel carries at once, negative controls excepted: it is accepted and then closed, or mute.
  SideWorld& EverythingCloses(double after_ms);
  SideWorld& EverythingIsMute();
  SideWorld& NothingConnects(v1::Failure failure, double ms = 5000);
  // The bastion: no banner on a fresh connection, and this is why.
  SideWorld& NoBanner(v1::Failure failure);
  SideWorld& WithoutPrivilege();
  SideWorld& WithoutSocks();
  // The one connection of the carrier, to be changed; there is one.
  v1::CarrierConnection* Connection() { return carrier.mutable_connections(0); }
  // What the SOCKS port says to a CONNECT to "10.0.4.172:5432", or to "*" for all that have no word of their own.
  SideWorld& Socks(const std::string& destination, v1::Failure failure);

  v1::Side side;  // name, vantage, agent, connect_to
  CarriedBy way;
  double rtt_ms;
  Conversation conversation;
  std::map<std::string, std::vector<std::string>> names;  // empty: no such name
  v1::Failure unresolved = v1::NAME_NOT_FOUND;            // what is said of a name that is not known
  v1::CarrierDetails carrier;
  v1::BannerDetails banner;
  v1::Failure banner_failure = v1::NONE;
  v1::RouteDetails route;
  uint32_t lost_after = 0;  // 0: it was not lost

  // Takes over all that `other` has otherwise than `untouched`. Where both changed the same, `other` counts: what is
  // nearer to the side hides what lies behind it.
  void Overlay(const SideWorld& untouched, const SideWorld& other);

  // nullopt: not run.
  std::optional<Attempt> Answer(const v1::ProbeSpec& spec, uint32_t number) const;

 private:
  struct Word {
    std::string probe;
    uint32_t number = 0;  // 0: all
    std::optional<Attempt> attempt;
  };

  Attempt Default(const v1::ProbeSpec& spec) const;
  Attempt Dns(const v1::DnsProbe& probe) const;
  Attempt Tunnel(const v1::TunnelProbe& probe) const;
  Attempt Tcp(const v1::ProbeSpec& spec) const;
  Attempt PostgresAsked(const v1::PostgresProbe& probe) const;
  Attempt Http(const v1::HttpProbe& probe) const;
  Attempt Sql(const v1::SqlProbe& probe) const;
  bool AnswersLocally() const;
  double ConnectMs() const;

  std::vector<Word> words_;
  std::map<std::string, v1::Failure> socks_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_SIDE_WORLD_H_
