// Builds a Run as a real one would have become: the planner's own plans, and what each side's world answers to them.
//
// A Place is one side's world; by default all is well there. A test changes what its case is about and calls Build(),
// which may be called again. One builder a test; no threads.
#ifndef PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_
#define PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/plan/planner.h"
#include "parallax/v1/run.pb.h"
#include "tests/support/attempts.h"

namespace parallax::support {

inline constexpr char kTarget[] = "postgres://app@10.0.4.172:5432/app?sslmode=require";
inline constexpr char kNamedTarget[] = "postgres://app@db.internal:5432/app?sslmode=require";
inline constexpr char kBastion[] = "198.51.100.24:22";

// What carries a side's packets.
enum class Way { kInside, kRouted, kSst, kRedsocks, kForward, kWireGuard, kSshuttle };

class Place {
 public:
  Place(std::string name, Way way, double rtt_ms);

  // What every probe whose name begins so does, in all attempts or in one (1-based). The last word counts.
  Place& On(const std::string& probe, Attempt attempt);
  Place& OnAttempt(uint32_t number, const std::string& probe, Attempt attempt);
  Place& Never(const std::string& probe);  // no observation of it at all
  Place& CannotAsk(const std::string& probe, v1::Failure outcome, const std::string& error);
  // The whole side gave nothing.
  Place& Missing(const std::string& why);
  // It came, and was lost: no attempt beyond this one (1-based) gave anything.
  Place& LostAfter(uint32_t attempt, const std::string& why);

  // All that the tunnel carries at once, negative controls excepted: it is accepted and then closed, or mute.
  Place& EverythingCloses(double after_ms);
  Place& EverythingIsMute();
  Place& NothingConnects(v1::Failure failure, double ms = 5000);
  // The bastion: no banner on a fresh connection, and this is why.
  Place& NoBanner(v1::Failure failure);
  Place& WithoutPrivilege();
  Place& WithoutSocks();
  // The one connection of the carrier, to be changed; there is one.
  v1::CarrierConnection* Connection() { return carrier.mutable_connections(0); }
  // What the SOCKS port says to a CONNECT to "10.0.4.172:5432", or to "*" for all that have no word of their own.
  Place& Socks(const std::string& destination, v1::Failure failure);

  v1::Side side;  // name, vantage, agent, connect_to
  Way way;
  double rtt_ms;
  Talk talk;
  std::map<std::string, std::vector<std::string>> names;  // empty: no such name
  v1::Failure unresolved = v1::NAME_NOT_FOUND;            // what is said of a name that is not known
  v1::CarrierDetails carrier;
  v1::BannerDetails banner;
  v1::Failure banner_failure = v1::NONE;
  v1::RouteDetails route;
  uint32_t lost_after = 0;  // 0: it was not lost

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

class RunBuilder {
 public:
  explicit RunBuilder(const std::string& url = kTarget, Way outside = Way::kSst, double rtt_ms = 40);

  RunBuilder& AddTarget(const std::string& url);
  RunBuilder& Control(const std::string& url);
  RunBuilder& WithoutCredentials();
  RunBuilder& Repeats(uint32_t repeats);
  // Asks what the diagnosis wants to know, as the command line does.
  RunBuilder& Investigate();
  // The inside is a health endpoint, and no agent: this is what it answers, attempt by attempt.
  RunBuilder& InsideIsHealth(const std::string& url, std::vector<Attempt> answers);
  Place& Inside() { return places_[0]; }
  Place& Outside() { return places_[1]; }
  // References stay valid.
  Place& Witness(const std::string& name, Way way, double rtt_ms);

  plan::Options options;
  v1::Run Build() const;

 private:
  void RunPhase(const v1::Plan& plan, const std::string& why, v1::Run* run) const;
  void RunHealth(v1::Run* run) const;

  std::deque<Place> places_;
  bool investigate_ = false;
  std::vector<Attempt> health_answers_;
};

}  // namespace parallax::support

#endif  // PARALLAX_TESTS_SUPPORT_RUN_BUILDER_H_
