// The public vocabulary: ids are for ever, and a retired one is never reused. Order matters: of several faults that
// stand by themselves, the first is the verdict.
#include "controller/diagnose/catalogue.h"

#include <algorithm>

#include "controller/diagnose/rules.h"

namespace parallax::diagnose {
namespace {

using std::string_view;
using v1::StepKind;

constexpr StepKind kReads1[] = {v1::RESOLVE, v1::RESOLVER_QUERY};
constexpr StepKind kReads2[] = {v1::RESOLVE, v1::RESOLVER_QUERY, v1::CONNECT};
constexpr StepKind kReads3[] = {v1::ROUTE_LOOKUP, v1::CONNECT};
constexpr StepKind kReads4[] = {v1::CARRIER_FOUND, v1::CONNECT};
constexpr StepKind kReads5[] = {v1::BANNER, v1::CARRIER_FOUND};
constexpr StepKind kReads6[] = {v1::BANNER};
constexpr StepKind kReads7[] = {v1::CARRIER_FOUND, v1::BANNER, v1::CONNECT, v1::SSL_REQUEST};
constexpr StepKind kReads8[] = {v1::SOCKS_CONNECT, v1::SSL_REQUEST, v1::BANNER};
constexpr StepKind kReads9[] = {v1::SSL_REQUEST, v1::STARTUP, v1::LISTEN_UNASKED, v1::HTTP_LINE};
constexpr StepKind kReads10[] = {v1::CONNECT};
constexpr StepKind kReads11[] = {v1::CONNECT, v1::SSL_REQUEST, v1::HTTP_LINE};
constexpr StepKind kReads12[] = {v1::TLS_HANDSHAKE, v1::QUERY, v1::SSL_REQUEST, v1::READY};
constexpr StepKind kReads13[] = {v1::TLS_HANDSHAKE, v1::AUTHENTICATION, v1::QUERY};
constexpr StepKind kReads14[] = {v1::SSL_REQUEST, v1::AUTHENTICATION};
constexpr StepKind kReads15[] = {v1::SSL_REQUEST};
constexpr StepKind kReads16[] = {v1::STARTUP, v1::SSL_REQUEST};
constexpr StepKind kReads17[] = {v1::TLS_HANDSHAKE};
constexpr StepKind kReads18[] = {v1::STARTUP};
constexpr StepKind kReads19[] = {v1::AUTHENTICATION};
constexpr StepKind kReads20[] = {v1::READY};
constexpr StepKind kReads21[] = {v1::READY, v1::STARTUP};
constexpr StepKind kReads22[] = {v1::CONNECT, v1::SSL_REQUEST, v1::SOCKS_CONNECT};
constexpr StepKind kReads23[] = {v1::TLS_HANDSHAKE, v1::STARTUP, v1::AUTHENTICATION, v1::READY, v1::QUERY};
constexpr StepKind kReads24[] = {v1::TLS_HANDSHAKE, v1::STARTUP, v1::AUTHENTICATION,
                                 v1::READY,         v1::QUERY,   v1::MESSAGE_SIZE};
constexpr StepKind kReads25[] = {v1::CONNECT, v1::SSL_REQUEST, v1::QUERY};
constexpr StepKind kReads26[] = {v1::CONNECT, v1::CARRIER_FOUND};
constexpr StepKind kReads27[] = {v1::CLIENT_CONNECT, v1::QUERY, v1::DOWNLOAD, v1::UPLOAD, v1::DDL};

constexpr string_view kMutedBy1[] = {"dns.stale_answer"};
constexpr string_view kMutedBy2[] = {"dns.unresolved_outside", "dns.split_horizon", "dns.stale_answer",
                                     "route.overlap"};
constexpr string_view kMutedBy3[] = {"route.overlap", "route.not_through_tunnel"};
constexpr string_view kMutedBy4[] = {"tunnel.not_running"};
constexpr string_view kMutedBy5[] = {"tunnel.not_running", "tunnel.bastion_unreachable",
                                     "tunnel.bastion_refuses_sessions"};
constexpr string_view kMutedBy6[] = {"tunnel.not_running", "tunnel.bastion_unreachable", "tunnel.carrier_dead"};
constexpr string_view kMutedBy7[] = {"target.not_postgres"};
constexpr string_view kMutedBy8[] = {"dns.unresolved_outside", "dns.split_horizon", "dns.stale_answer", "route.overlap",
                                     "route.not_through_tunnel"};
constexpr string_view kMutedBy9[] = {"target.wrong_server"};
constexpr string_view kMutedBy10[] = {"tls.intercepted", "target.wrong_server"};
constexpr string_view kMutedBy11[] = {"tls.intercepted", "target.wrong_server", "tls.expired"};
constexpr string_view kMutedBy12[] = {"target.wrong_server", "tls.required_by_server"};
constexpr string_view kMutedBy14[] = {"dns.unresolved_outside",
                                      "dns.split_horizon",
                                      "dns.stale_answer",
                                      "route.overlap",
                                      "route.not_through_tunnel",
                                      "tunnel.not_running",
                                      "tunnel.carrier_dead",
                                      "tunnel.bastion_unreachable",
                                      "tunnel.bastion_refuses_sessions",
                                      "tunnel.forwarding_denied",
                                      "target.down",
                                      "target.unreachable",
                                      "target.not_postgres",
                                      "target.frozen"};
constexpr string_view kMutedBy15[] = {"dns.unresolved_outside",
                                      "dns.split_horizon",
                                      "dns.stale_answer",
                                      "route.overlap",
                                      "route.not_through_tunnel",
                                      "tunnel.not_running",
                                      "tunnel.carrier_dead",
                                      "tunnel.bastion_unreachable",
                                      "tunnel.bastion_refuses_sessions",
                                      "tunnel.forwarding_denied",
                                      "target.down",
                                      "target.unreachable",
                                      "target.not_postgres",
                                      "target.frozen",
                                      "vpc.refused_beyond_bastion"};
constexpr string_view kMutedBy16[] = {
    "dns.unresolved_outside",          "dns.split_horizon",        "dns.stale_answer",    "route.overlap",
    "route.not_through_tunnel",        "tunnel.not_running",       "tunnel.carrier_dead", "tunnel.bastion_unreachable",
    "tunnel.bastion_refuses_sessions", "tunnel.forwarding_denied", "target.wrong_server", "tls.intercepted"};

constexpr string_view kMutedBy17[] = {"target.wrong_server", "tls.intercepted", "tls.stripped"};

// Where another place is reached, what it says of TLS and of passwords is its own.
constexpr string_view kMutedBy18[] = {"dns.unresolved_outside", "dns.split_horizon",        "dns.stale_answer",
                                      "route.overlap",          "route.not_through_tunnel", "target.wrong_server"};
constexpr string_view kMutedBy19[] = {"dns.split_horizon", "dns.stale_answer", "route.overlap", "target.wrong_server",
                                      "tls.intercepted"};

constexpr Rule kCatalogue[] = {
    {"dns.unresolved_everywhere",
     "The name resolves nowhere",
     v1::FAULT,
     Sides::kBoth,
     kReads1,
     {},
     "Neither side can turn the name into an address, so no probe of the target was possible.",
     "Both sides fail alike, with the system resolver and with each named one.",
     "check the spelling of {host}\ngetent hosts {host}\n{postgres}aws rds describe-db-instances --query "
     "\"DBInstances[].Endpoint.Address\"",
     &MatchUnresolvedEverywhere},
    {"dns.unresolved_outside",
     "The name resolves inside only",
     v1::FAULT,
     Sides::kBoth,
     kReads1,
     {},
     "Outside, the resolver has no address for the name. Tunnels over SOCKS or ssh carry no UDP: a private zone is "
     "then out of reach of the laptop.",
     "Resolved inside; outside the system resolver and each named one, over UDP and TCP, do not.",
     "getent hosts {host}\nname the address instead of {host}, or let the laptop ask the VPC's resolver over TCP "
     "through the tunnel\na private hosted zone is seen only in its own VPC: make the record public, or use the "
     "endpoint that the provider publishes",
     &MatchUnresolvedOutside},
    {"dns.stale_answer",
     "Outside still has an old address",
     v1::FAULT,
     Sides::kBoth,
     kReads2,
     {},
     "A cache, a hosts file or an old zone gives the outside an address at which nothing answers any more, not even "
     "from inside.",
     "The outside's address is silent from both sides; the inside has another one that works. The record's TTL tells "
     "how long it lasts.",
     "getent ahosts {host}; grep {host} /etc/hosts\nflush the resolver's cache: resolvectl flush-caches\nset the "
     "record to what the inside sees",
     &MatchStaleAnswer},
    {"dns.split_horizon", "The name means another address outside", v1::FAULT, Sides::kBoth, kReads2, kMutedBy1,
     "The same name is answered differently inside and outside. Outside it leads to a place that is not the target.",
     "The sets of addresses differ; each side was also tried at the other's address.",
     "dig +short {host} @YOUR_RESOLVER\non the laptop name the address that the inside uses, or point its resolver at "
     "the VPC's",
     &MatchSplitHorizon},
    {"route.overlap",
     "A network here covers the target's address",
     v1::FAULT,
     Sides::kOutside,
     kReads3,
     {},
     "This host is attached to, or has a more specific route to, a network that contains the target's address. Its "
     "packets go there and not into the tunnel.",
     "The route of the target is connected or more specific and leaves by an interface that is no tunnel, while a "
     "tunnel that should carry it is up.",
     "ip route get {address}\nip route show to match {address}\nleave the local network, renumber it, or give the "
     "tunnel a more specific route: ip route add {address}/32 dev TUNNEL",
     &MatchOverlap},
    {"route.not_through_tunnel", "The target is not routed into the tunnel", v1::FAULT, Sides::kBoth, kReads3,
     kMutedBy2,
     "Packets to the target leave by this host's ordinary way out. The tunnel may be well: it gets none of them.",
     "The target's route is the default one; a tunnel's interface is up beside it; destinations beyond the bastion do "
     "not answer either.",
     "ip route get {address}\nrestart the tunnel with the subnet of {address} among its subnets\nip route show table "
     "all | grep -v local",
     &MatchNotThroughTunnel},
    {"tunnel.not_running", "The tunnel's process is gone or frozen", v1::FAULT, Sides::kOutside, kReads4, kMutedBy3,
     "The interface, the routes or the redirection are still there, and nothing behind them moves packets.",
     "Nobody holds the interface (NO-CARRIER), or the process that holds it is stopped; or the forward's local port "
     "refuses.",
     "pgrep -a -f tunnel\nip -br link show {interface}\nstart the tunnel again\nif the interface stayed behind: ip "
     "link delete {interface}",
     &MatchNotRunning},
    {"tunnel.bastion_unreachable", "The bastion does not answer", v1::FAULT, Sides::kOutside, kReads5, kMutedBy4,
     "The tunnel's process waits for, or has lost, a bastion that gives no answer at its address: a stale address, a "
     "stopped instance, a closed port. A tunnel started against such an address says that it has started all the same, "
     "and accepts every connection.",
     "Fresh connections to the bastion's address get no banner; the carrier is in SYN-SENT, or its data stays "
     "unacknowledged.",
     "aws ec2 describe-instances --filters Name=ip-address,Values={bastion_host}\nno instance? the address is stale: "
     "redeploy, so that the tunnel learns the new one, then restart the tunnel\nan instance? is it running, and does "
     "its security group admit port {bastion_port} from here: nc -v {bastion_host} {bastion_port}",
     &MatchBastionUnreachable},
    {"tunnel.bastion_refuses_sessions", "The bastion turns new sessions away", v1::FAULT, Sides::kOutside, kReads6,
     kMutedBy4,
     "The bastion's sshd is up and closes new connections before or instead of its banner: MaxStartups, a ban, or "
     "overload.",
     "A fraction of fresh banners fails, all are closed without one, or the banner says so.",
     "on the bastion: journalctl -u ssh | grep -i -e MaxStartups -e drop\nraise MaxStartups in sshd_config, or end the "
     "connections that fill it: ss -tn sport = :{bastion_port}",
     &MatchBastionRefusesSessions},
    {"tunnel.carrier_dead", "The tunnel lost its connection to the bastion", v1::FAULT, Sides::kOutside, kReads7,
     kMutedBy5,
     "Process, interface and routes are there; the ssh connection that carries everything is gone, and the process "
     "does not reconnect. It accepts every connection and closes it at once.",
     "Every destination is closed on this host, far under a round trip; a fresh connection to the bastion gets its "
     "banner.",
     "restart the tunnel: it does not reconnect by itself\ndoes the bastion still take "
     "the tunnel's key? ssh -v {bastion_host} true\nkeep its connection alive across idle time: "
     "ServerAliveInterval 30 in ~/.ssh/config, where the tunnel uses ssh",
     &MatchCarrierDead},
    {"tunnel.forwarding_denied", "The bastion forwards nothing", v1::FAULT, Sides::kBoth, kReads8, kMutedBy6,
     "The ssh session stands, and the bastion turns down every forward that is asked of it.",
     "Every destination, the positive controls included, is accepted here and closed after about a round trip; CONNECT "
     "spoken to the SOCKS port is turned down for all.",
     "on the bastion: sshd -T | grep -i -e allowtcpforwarding -e permitopen -e disableforwarding\nset "
     "AllowTcpForwarding yes (or local) for the tunnel's user, then: systemctl reload ssh\nin authorized_keys: remove "
     "no-port-forwarding or restrict from the tunnel's key",
     &MatchForwardingDenied},
    {"target.not_postgres",
     "What listens there is not PostgreSQL",
     v1::FAULT,
     Sides::kBoth,
     kReads9,
     {},
     "The port answers, in another protocol.",
     "The first byte is not exactly one S or N; or there is silence, and the server speaks when it is asked in another "
     "way.",
     "check host and port: {host}:{port}\non the target: ss -ltnp sport = :{port}",
     &MatchNotPostgres},
    {"target.down",
     "Nothing listens on the target's port",
     v1::FAULT,
     Sides::kBoth,
     kReads10,
     {},
     "The host answers and refuses: the server is stopped, or listens on another port or address.",
     "Refused inside, at the connect; the outside fails too, as its tunnel tells a refusal.",
     "{postgres}aws rds describe-db-instances --query "
     "\"DBInstances[].[Endpoint.Address,Endpoint.Port,DBInstanceStatus]\"\non "
     "the target: ss -ltn sport = :{port}",
     &MatchDown},
    {"target.unreachable",
     "The target is silent for both sides",
     v1::FAULT,
     Sides::kBoth,
     kReads10,
     {},
     "Not even the inside gets an answer: the host is down or gone, or its own security group admits neither side.",
     "Silent on both sides, alike. A closed port that is refused on the same address shows that the host is up.",
     "aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values={address}\naws ec2 "
     "describe-security-groups --filters Name=ip-permission.to-port,Values={port}",
     &MatchUnreachable},
    {"target.frozen", "The target accepts and says nothing", v1::FAULT, Sides::kBoth, kReads11, kMutedBy7,
     "The kernel of the target answers connects; the server process does not. It hangs, or its host is out of memory "
     "or disk.",
     "Connect is fine and the first byte silent on both sides, to an HTTP line too.",
     "{postgres}on the target: the server's log, and: ps -o stat,wchan,cmd -C postgres\n{postgres}aws rds "
     "describe-events --duration 60\n{others}on the target: the server's log, and what it waits for: ss -ltnp sport = "
     ":{port}; ps -o stat,wchan,cmd -p PID",
     &MatchFrozen},
    {"target.wrong_server", "Another server answers outside", v1::FAULT, Sides::kBoth, kReads12, kMutedBy8,
     "The same address leads to different servers: another VPC with the same numbers, another network here, a "
     "redirection.",
     "The certificate, the system identifier or the server's own address differs, or what answers outside is not "
     "PostgreSQL at all. Where nobody showed who he is: one password for both is taken inside only, or the end of a "
     "forward has no TLS.",
     "which VPC does this tunnel lead to? compare: aws ec2 describe-vpcs\nstop the other tunnel, or the network that "
     "uses the same addresses: ip route get {address}",
     &MatchWrongServer},
    {"tls.intercepted", "TLS is ended on the way", v1::FAULT, Sides::kBoth, kReads13, kMutedBy9,
     "Somebody between the outside and the server shows a certificate of his own and passes the rest on. "
     "sslmode=prefer and require do not notice.",
     "Another certificate than inside, while the server behind it is the same one, or authentication that is bound to "
     "the certificate fails.",
     "do not send passwords by this way until it is known who it is\n{postgres}openssl s_client -starttls "
     "postgres -connect {host}:{port} -showcerts </dev/null\n{others}openssl s_client -connect {host}:{port} "
     "-servername {host} -showcerts </dev/null\n{postgres}use sslmode=verify-full with the server's own root "
     "certificate",
     &MatchIntercepted},
    {"tls.stripped", "TLS is taken away on the way", v1::FAULT, Sides::kBoth, kReads14, kMutedBy18,
     "The server offers TLS; what arrives outside says that it does not.",
     "S inside and N outside. Channel binding offered over plain text is proof from one side; without it, and without "
     "the server's identifier, another server that has no TLS looks the same.",
     "use sslmode=verify-full: prefer would go on in plain text\nlook for a proxy or a firewall with a PostgreSQL "
     "module on the way",
     &MatchStripped},
    {"tls.not_offered", "The server has no TLS", v1::FAULT, Sides::kBoth, kReads15, kMutedBy9,
     "The client demands TLS and the server does not have it.", "N on both sides.",
     "on the server: SHOW ssl; then set ssl=on with a certificate and a key\nor, if plain text is acceptable here: "
     "sslmode=disable",
     &MatchNotOffered},
    {"tls.required_by_server", "The server insists on TLS", v1::FAULT, Sides::kBoth, kReads16, kMutedBy9,
     "The client forbids TLS and the server's access rules want it.",
     "Plain text is rejected at the startup message; with sslmode=require the same user gets further.",
     "use sslmode=require, or better verify-full", &MatchRequiredByServer},
    {"tls.expired", "The certificate is not valid today", v1::FAULT, Sides::kAny, kReads17, kMutedBy10,
     "The certificate, or one above it, has expired or is not valid yet; or the clock of the side that looked is "
     "wrong.",
     "The dates against the clock of each side, and the clocks against each other. A fault only under verify-ca and "
     "verify-full, a note otherwise.",
     "{postgres}openssl s_client -starttls postgres -connect {host}:{port} </dev/null | openssl x509 -noout "
     "-dates\n{others}openssl s_client -connect {host}:{port} -servername {host} </dev/null | openssl x509 -noout "
     "-dates\nthe clock of the side that fails: date -u",
     &MatchExpired},
    {"tls.name_mismatch", "The certificate names another host", v1::FAULT, Sides::kAny, kReads17, kMutedBy10,
     "The server's certificate is not for the name that was dialled.",
     "The names in the certificate against the dialled one. A fault only under verify-full, a note otherwise.",
     "dial a name that the certificate holds; through a forward: the real name, mapped by --connect-to (psql: "
     "hostaddr=)",
     &MatchNameMismatch},
    {"tls.untrusted", "The certificate leads to no trusted root", v1::FAULT, Sides::kAny, kReads17, kMutedBy11,
     "The chain ends at a root that the side that looked does not have. Cloud databases and private authorities are in "
     "few stores.",
     "The chain against the roots of that side. A fault only under verify-ca and verify-full, a note otherwise.",
     "give the authority's root: --ssl-root-cert PATH\n{postgres}for RDS: curl -O "
     "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
     &MatchUntrusted},
    {"postgres.source_rejected", "The server turns this source address away", v1::FAULT, Sides::kBoth, kReads18,
     kMutedBy12,
     "The path is whole. The server's access rules do not admit the address from which the outside arrives, which is "
     "the bastion's or the NAT's.",
     "28000 before any password, outside only; the same user is admitted inside.",
     "admit the address that the message names in pg_hba.conf, then: SELECT pg_reload_conf()", &MatchSourceRejected},
    {"postgres.credentials_differ", "The two sides have different passwords", v1::FAULT, Sides::kBoth, kReads19,
     kMutedBy19, "The path is whole. One side's password is taken, the other's is not.",
     "28P01 on one side only, at the same server by its certificate, and not of a value that the controller sent to "
     "both.",
     "compare where each side has its password from: the report names it\nwas it rotated? "
     "aws secretsmanager describe-secret --secret-id NAME",
     &MatchCredentialsDiffer},
    {"postgres.credentials_rejected", "The password is wrong", v1::FAULT, Sides::kBoth, kReads19, kMutedBy9,
     "The path is whole. The server rejects user or password.", "28P01, or 08P01 from a pooler, on both sides.",
     "check the password of {user}\npsql \"host={host} port={port} user={user} dbname={database}\"",
     &MatchCredentialsRejected},
    {"postgres.database_missing", "There is no such database", v1::FAULT, Sides::kBoth, kReads20, kMutedBy9,
     "The path is whole and the password right; the database does not exist on this server.", "3D000 on both sides.",
     "psql \"host={host} port={port} user={user} dbname=postgres\" -l", &MatchDatabaseMissing},
    {"postgres.too_many_connections",
     "The server is out of connections",
     v1::FAULT,
     Sides::kAny,
     kReads21,
     {},
     "The path is whole and the password right; every slot is taken.",
     "53300 after authentication, or a pooler's word for it at startup.",
     "SELECT state, count(*) FROM pg_stat_activity GROUP BY 1\nraise max_connections, shrink the pools, or put a "
     "pooler in front",
     &MatchTooManyConnections},
    {"vpc.refused_beyond_bastion", "Refused beyond the bastion", v1::FAULT, Sides::kBoth, kReads22, kMutedBy14,
     "The tunnel works. Asked to reach the target, the bastion gets an answer, and the answer is no: a rejecting "
     "firewall, a wrong port, PermitOpen.",
     "Closed or refused after about a round trip, for this destination only; others answer by the same way, and inside "
     "it is open.",
     "on the bastion: nc -vz {address} {port}\non the bastion: sshd -T | grep -i permitopen; iptables -S; nft list "
     "ruleset\naws ec2 describe-security-groups --filters Name=ip-permission.to-port,Values={port}",
     &MatchRefusedBeyondBastion},
    {"vpc.dropped_beyond_bastion", "Dropped beyond the bastion", v1::FAULT, Sides::kBoth, kReads22, kMutedBy15,
     "The tunnel works. What the bastion sends to the target gets no answer: a security group, a network ACL, or the "
     "bastion's own egress.",
     "Silent for this destination; others answer by the same way, and inside it is open.",
     "does the target's security group admit the bastion's on port {port}? aws ec2 describe-security-groups --filters "
     "Name=ip-permission.to-port,Values={port}\ndo the network ACLs of both subnets admit it, and the answers on ports "
     "1024-65535?\non the bastion: nc -vz -w 5 {address} {port}",
     &MatchDroppedBeyondBastion},
    {"path.stage_reset", "The connection is ended at one stage", v1::FAULT, Sides::kBoth, kReads23, kMutedBy16,
     "What comes before passes, then one message is answered by an end: something on the way looks into the "
     "conversation.",
     "Inside fine; outside the same stage each time, in every attempt.",
     "look for a firewall with inspection between the outside and the server\ncapture on both ends: tcpdump -ni any "
     "host {address} and port {port}",
     &MatchStageReset},
    {"path.stage_swallowed", "One message is swallowed", v1::FAULT, Sides::kBoth, kReads24, kMutedBy16,
     "What comes before passes, then one message gets no answer.",
     "A message of another kind and the same size passes: so it is not the path's MTU.",
     "look for a firewall with inspection between the outside and the server\ncapture on both ends: tcpdump -ni any "
     "host {address} and port {port}",
     &MatchStageSwallowed},
    {"vantage.missing",
     "A side is missing",
     v1::UNDECIDED,
     Sides::kNone,
     {},
     {},
     "One side gave no observation, or was lost before the end. What was seen stands, and nothing is concluded from "
     "the "
     "absence.",
     "The report says which side, and why.",
     "do what stands beside the side that is missing, and ask again",
     &MatchMissing},
    {"vantage.unlike",
     "The sides did not run the same",
     v1::UNDECIDED,
     Sides::kNone,
     {},
     {},
     "The plan's digests differ, or a side could not, or would not, run a probe of the target.",
     "The report says which probe, and why.",
     "mend what the reason names, and ask again; agents of one release run the same",
     &MatchUnlike},
    {"unexplained",
     "No known cause fits",
     v1::FAULT,
     Sides::kNone,
     {},
     {},
     "The sides differ, or both fail, in a way that no rule knows. Every fact is in the report; nothing is claimed.",
     "Nothing else matched.",
     "look at every step of every attempt: --format json\nstart where the sides part, or with the server's own words",
     &MatchUnexplained},
    {"evidence.unsteady",
     "Attempts disagree",
     v1::WARNING,
     Sides::kAny,
     kReads10,
     {},
     "The same probe succeeds and fails by turns.",
     "The fraction of attempts.",
     "repeat with more attempts: --repeats 10",
     &MatchUnsteady},
    {"target.overloaded",
     "The server's first byte is late",
     v1::WARNING,
     Sides::kBoth,
     kReads25,
     {},
     "The server takes long to begin a session, on both sides alike; once begun it is quick.",
     "First byte late on both sides; connect and query normal.",
     "on the target: uptime; vmstat 1 5; how many new connections a second?",
     &MatchOverloaded},
    {"tunnel.local_accept",
     "Connects are answered on this host",
     v1::NOTE,
     Sides::kAny,
     kReads26,
     {},
     "A tunnel in user space completes every TCP handshake itself, before it dials anything. A successful connect, "
     "ping or nc proves nothing there.",
     "Addresses and ports that must not connect are accepted, in far under a round trip to the bastion; or the other "
     "end of our own socket is on this host.",
     "",
     &MatchLocalAccept},
    {"tunnel.head_of_line",
     "A bulk transfer holds up the rest",
     v1::WARNING,
     Sides::kBoth,
     {},
     {},
     "Everything in the tunnel shares one connection; a bulk transfer makes the rest wait.",
     "Loaded against unloaded latency.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.return_lost",
     "The answers do not come back",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "The request arrives and the reply is lost on its way back.",
     "The far reflector saw the connection arrive.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.mtu_black_hole_down",
     "Large packets from the server are lost",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "Small answers pass and large ones do not: a smaller MTU on the way, and ICMP filtered.",
     "A size sweep gives the limit.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.mtu_black_hole_up",
     "Large packets to the server are lost",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "Small messages pass and large ones do not.",
     "A small against a padded ClientHello, then a size sweep.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.lossy",
     "Packets are lost",
     v1::WARNING,
     Sides::kBoth,
     {},
     {},
     "Retransmits slow everything down.",
     "Repeats, and TCP's counters on a routed path.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.throttled",
     "The rate is limited",
     v1::WARNING,
     Sides::kBoth,
     {},
     {},
     "Throughput reaches a plateau.",
     "A bulk curve.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.slow",
     "The path is slow",
     v1::NOTE,
     Sides::kBoth,
     {},
     {},
     "Latency alone.",
     "Loaded and unloaded round trips.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.idle_reaped",
     "Idle connections are dropped",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "A firewall or NAT on the way forgets idle connections.",
     "A ladder of idle times brackets the limit.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"path.reset_midstream",
     "Long transfers are cut",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "The connection dies after so many bytes, in the same place each time.",
     "Inside fine; the offset is steady.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"postgres.pooler_backend_down",
     "The pooler's database is down",
     v1::FAULT,
     Sides::kBoth,
     {},
     {},
     "A pooler answers in the place of its database, which it cannot reach.",
     "The database behind it, probed directly.",
     "comes with a later release: its probes are not there yet.",
     nullptr},
    {"app.command_differs", "Only the real client's command fails", v1::FAULT, Sides::kBoth, kReads27, kMutedBy17,
     "Every probe is alike on both sides, and the real client (--sql) still fails on one of them.",
     "The staged probe logs in and queries on both sides; the client's own steps say where it stops: connect, query, "
     "download, upload, DDL.",
     "compare the client's files and versions on both hosts: ls -l ~/.postgresql; psql --version\n"
     "a step that moves much and fails is the path's: ask again with --sql-bytes smaller",
     &MatchCommandDiffers},
};

}  // namespace

std::span<const Rule> Catalogue() { return kCatalogue; }

const Rule* FindCause(string_view cause) {
  const auto found =
      std::find_if(std::begin(kCatalogue), std::end(kCatalogue), [&](const Rule& rule) { return rule.cause == cause; });
  return found == std::end(kCatalogue) ? nullptr : found;
}

}  // namespace parallax::diagnose
