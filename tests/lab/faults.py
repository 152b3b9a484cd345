"""What breaks. A scenario names these, in order, `before` or `after` its tunnel starts. Each returns when the fault is in
place; none mends anything."""
import ipaddress
import signal
import sys

from processes import LabError, wait_until
from services import ROOT
from topology import connects

MEDDLER_PORT, MEDDLER_MARK = 15499, 7


def stale_bastion_address(lab):
    """The tunnel will be started against an address that the bastion had once."""
    lab.tunnels.bastion = lab.plan.stale_bastion
    lab.tunnels.works = False


def bastion_vanishes(lab):
    """Terminated: neither of its interfaces is there any more, and nobody says so."""
    lab.topology.ip("bastion", "link set eth0 down", "link set eth1 down")


def carrier_closes(lab):
    """The bastion ends the tunnel's ssh session, and answers new ones."""
    lab.services.close_ssh_sessions()


def carrier_forgotten(lab):
    """A NAT on the way forgets the tunnel's connection, and says nothing; new connections pass."""
    for port in lab.tunnels.carrier_ports():
        lab.topology.nft("isp", "forgotten", "filter", "forward", f"tcp sport {port} tcp dport 22 drop")
        lab.topology.nft("isp", "forgotten", "filter", "forward", f"tcp dport {port} tcp sport 22 drop")


def few_sessions(lab):
    """Before the bastion's sshd starts: it refuses connections while two are not authenticated yet."""
    lab.services.bastion_options += ["MaxStartups 2:100:2", "LoginGraceTime 0"]


def sessions_taken(lab):
    """Somebody holds those two, and says nothing."""
    lab.processes.start("holder", [sys.executable, "-c", (
        "import socket, sys, time\n"
        "held = [socket.create_connection((sys.argv[1], 22)) for _ in range(2)]\n"
        "print([s.recv(4) for s in held], flush=True)\n"
        "time.sleep(86400)\n"), lab.plan.bastion], netns=lab.topology.ns("edge"))
    wait_until(lambda: "SSH-" in lab.processes.tail("holder"), 10, "two unauthenticated sessions to be held")
    wait_until(lambda: connects(lab.topology.ns("edge"), lab.plan.bastion, 22, banner=b"Exceeded MaxStartups"), 10,
               "sshd to refuse one more")


def every_other_session_refused(lab):
    _meddler(lab, "refuse", target=("127.0.0.1", 22))


def only_the_resolver_permitted(lab):
    """Before the bastion's sshd starts: it forwards to one destination, which is not the database."""
    lab.services.bastion_options.append(f"PermitOpen {lab.plan.resolver}:53")
    lab.tunnels.works = False


def only_another_database_permitted(lab):
    lab.services.bastion_options.append(f"PermitOpen {lab.plan.otherdb}:5432")
    lab.tunnels.works = False


def _filter(lab, verdict):
    for hook in ("output", "forward"):  # what the bastion's sshd dials, and what is routed through it
        lab.topology.nft("bastion", "fault", "filter", hook, f"ip daddr {lab.plan.db} {verdict}")


def bastion_refuses_db(lab):
    _filter(lab, "meta l4proto tcp reject with tcp reset")


def bastion_drops_db(lab):
    _filter(lab, "drop")


def forwarding_denied(lab):
    """Before the bastion's sshd starts."""
    lab.services.allow_forwarding = False
    lab.tunnels.works = False


def routes_deleted(lab):
    lab.topology.ip("laptop", *(f"route del {subnet}" for subnet in lab.plan.subnets()))


def tunnel_killed(lab):
    lab.processes.stop("sst", signal.SIGKILL)


def tunnel_crashed(lab):
    """As a Go program ends after a fatal error: at once, and with nothing tidied up."""
    lab.processes.stop("sst", signal.SIGQUIT)


def tunnel_stopped(lab):
    """As it is meant to be stopped: it takes its interface and routes with it."""
    lab.processes.stop("sst", signal.SIGINT)
    wait_until(lambda: f"dev {lab.tunnels.DEVICE}" not in lab.topology.route("laptop", lab.plan.db), 10,
               "sst's interface to go")


def sshuttle_killed(lab):
    """With all that it started; its redirection stays in the kernel."""
    lab.processes.stop("sshuttle", signal.SIGKILL)


def sshuttle_ssh_frozen(lab):
    lab.processes.send_below("sshuttle", "ssh", signal.SIGSTOP)


def ssh_frozen(lab):
    """The ssh -D behind a redirector."""
    lab.processes.send("ssh-D", signal.SIGSTOP)


def wireguard_killed(lab):
    """On the laptop. Its interface goes with it."""
    lab.processes.stop("wireguard-laptop", signal.SIGKILL)


def forward_killed(lab):
    lab.processes.stop("ssh-L", signal.SIGKILL)


def tunnel_frozen(lab):
    lab.processes.send("sst", signal.SIGSTOP)


def ssh_killed(lab):
    """The ssh -D behind a redirector that goes on accepting."""
    lab.processes.stop("ssh-D", signal.SIGKILL)


def database_down(lab):
    lab.services.stop_postgres("db")


def source_rejected(lab):
    """Before PostgreSQL starts: pg_hba.conf turns the bastion's address away."""
    lab.services.rejected_source = lab.plan.bastion_private


def no_tls(lab):
    """Before PostgreSQL starts."""
    lab.services.tls = False


def not_postgres(lab):
    lab.services.stop_postgres("db")
    lab.services.http_server("db")


def split_dns(lab):
    """Before the resolvers start: the public one knows another address, where nobody is."""
    lab.services.public_answer = lab.plan.silent_public


def no_public_name(lab):
    """Before the resolvers start: the public one has never heard of the database."""
    lab.services.public_answer = ""


def no_name_anywhere(lab):
    lab.services.public_answer = lab.services.vpc_answer = ""


def stale_public_answer(lab):
    """Before the resolvers start: the public one still has the address that the database had once."""
    lab.services.public_answer = lab.plan.old_db


def database_host_vanishes(lab):
    lab.topology.ip("db", "link set eth0 down")


def database_frozen(lab):
    """The kernel goes on accepting for it."""
    lab.processes.send("postgres-db", signal.SIGSTOP)


def few_connections(lab):
    """Before PostgreSQL starts."""
    lab.services.max_connections = 7


def connections_taken(lab):
    lab.services.fill_connections("db")


def wrong_password_everywhere(lab):
    lab.outside_password = lab.inside_password = "not-" + lab.inside_password


def wrong_password_outside(lab):
    lab.outside_password = "not-" + lab.inside_password


def _meddler(lab, mode, *identity, target=None, role="bastion"):
    """A machine on the way: what the bastion sends to the database, or what comes to `target` of `role`, goes through it."""
    netns = lab.topology.ns(role)
    host, port = target or (lab.plan.db, 5432)
    lab.processes.start("meddler", [sys.executable, ROOT / "tests" / "lab" / "meddler.py", mode, str(MEDDLER_PORT), host,
                                    str(port), str(MEDDLER_MARK), *identity], netns=netns)
    wait_until(lambda: connects(netns, "127.0.0.1", MEDDLER_PORT), 10,
               lambda: "the machine on the way: " + lab.processes.tail("meddler"))
    hook, whose = ("prerouting", "iifname eth0") if target else ("output", f"ip daddr {host}")
    lab.topology.nft(role, "fault", "nat", hook, f"{whose} tcp dport {port} meta mark != {MEDDLER_MARK} "
                     f"redirect to :{MEDDLER_PORT}")


def interceptor(lab):
    """It ends TLS with a certificate of its own and speaks TLS to the real server."""
    _meddler(lab, "intercept", lab.state / "interceptor.crt", lab.state / "interceptor.key")


def tls_stripped(lab):
    """It says that there is no TLS, and speaks TLS to the real server."""
    _meddler(lab, "strip")


def client_hello_swallowed(lab):
    """It lets everything pass but a TLS ClientHello, about which it is silent."""
    _meddler(lab, "swallow")


def client_hello_reset(lab):
    _meddler(lab, "reset")


def answers_garbled(lab):
    _meddler(lab, "garble")


def every_other_connection_dropped(lab):
    _meddler(lab, "drop-every-other")


def database_late(lab):
    """Its first byte comes after more than a second, to everybody."""
    _meddler(lab, "late", target=("127.0.0.1", 5432), role="db")


def root_certificate_for_root_only(lab):
    (lab.state / "ca.crt").chmod(0o600)


def certificate_expired(lab):
    """Before PostgreSQL starts."""
    lab.services.database_certificate = "expired"


def tls_server(lab):
    """On the database's host, something that speaks TLS from the first byte."""
    lab.services.tls_server("db")


def another_server(lab):
    """From the bastion the database's address leads to another PostgreSQL, with the same user and another certificate."""
    lab.services.postgres("otherdb")
    lab.topology.nft("bastion", "fault", "nat", "output", f"ip daddr {lab.plan.db} tcp dport 5432 dnat to {lab.plan.otherdb}")


def local_network_overlaps(lab):
    """The laptop joins a network whose addresses include the database's. Nobody on it has that one."""
    own = ipaddress.ip_interface(lab.plan.overlap)
    if ipaddress.ip_address(lab.plan.db) not in own.network:
        raise LabError("the address plan's overlap does not cover the database")
    lab.topology.ip("laptop", f"link add wlan0 type veth peer name cafe0 netns {lab.topology.ns('isp')}",
                    f"addr add {own} dev wlan0", "link set wlan0 up")
    lab.topology.ip("isp", "link set cafe0 up")


def _named(function):
    return function.__name__.replace("_", "-")


# `early`: must be known before the services start.
EARLY = {_named(f): f for f in (stale_bastion_address, forwarding_denied, source_rejected, no_tls, split_dns,
                                wrong_password_outside, wrong_password_everywhere, no_public_name, no_name_anywhere,
                                stale_public_answer, few_connections, certificate_expired, few_sessions,
                                only_the_resolver_permitted, only_another_database_permitted)}
LATE = {_named(f): f for f in (bastion_vanishes, carrier_closes, bastion_refuses_db, bastion_drops_db, routes_deleted,
                               tunnel_killed, tunnel_frozen, ssh_killed, database_down, not_postgres, interceptor,
                               another_server, local_network_overlaps, database_host_vanishes, database_frozen,
                               connections_taken, tls_stripped, client_hello_swallowed, client_hello_reset,
                               tls_server, carrier_forgotten, sessions_taken, every_other_session_refused,
                               tunnel_crashed, tunnel_stopped, forward_killed, answers_garbled,
                               every_other_connection_dropped, database_late, root_certificate_for_root_only,
                               sshuttle_killed, sshuttle_ssh_frozen, ssh_frozen, wireguard_killed)}
