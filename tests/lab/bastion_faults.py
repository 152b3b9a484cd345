"""What breaks on the bastion, and on the way from it to the database."""
import signal
import sys

from fault import early, late, meddle
from processes import wait_until
from services import TLS_PORT
from topology import connects


@late
def bastion_vanishes(lab):
    """Terminated: neither of its interfaces is there any more, and nobody says so."""
    lab.topology.ip("bastion", "link set eth0 down", "link set eth1 down")


@early
def few_sessions(lab):
    """Before the bastion's sshd starts: it refuses connections while two are not authenticated yet."""
    lab.services.bastion_options += ["MaxStartups 2:100:2", "LoginGraceTime 0"]


@late
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


@late
def every_other_session_refused(lab):
    meddle(lab, "refuse", target=("127.0.0.1", 22))


@early
def only_the_resolver_permitted(lab):
    """Before the bastion's sshd starts: it forwards to one destination, which is not the database."""
    lab.services.bastion_options.append(f"PermitOpen {lab.plan.resolver}:53")
    lab.tunnels.works = False


@early
def only_another_database_permitted(lab):
    lab.services.bastion_options.append(f"PermitOpen {lab.plan.otherdb}:5432")
    lab.tunnels.works = False


@early
def forwarding_denied(lab):
    """Before the bastion's sshd starts."""
    lab.services.allow_forwarding = False
    lab.tunnels.works = False


def _filter(lab, verdict):
    for hook in ("output", "forward"):  # what the bastion's sshd dials, and what is routed through it
        lab.topology.nft("bastion", "fault", "filter", hook, f"ip daddr {lab.plan.db} {verdict}")


@late
def bastion_refuses_db(lab):
    _filter(lab, "meta l4proto tcp reject with tcp reset")


@late
def bastion_drops_db(lab):
    _filter(lab, "drop")


@late
def interceptor(lab):
    """It ends TLS with a certificate of its own and speaks TLS to the real server."""
    meddle(lab, "intercept", lab.state / "interceptor.crt", lab.state / "interceptor.key")


@late
def tls_stripped(lab):
    """It says that there is no TLS, and speaks TLS to the real server."""
    meddle(lab, "strip")


@late
def client_hello_swallowed(lab):
    """It lets everything pass but a TLS ClientHello, about which it is silent."""
    meddle(lab, "swallow")


@late
def client_hello_reset(lab):
    meddle(lab, "reset")


@late
def https_client_hello_reset(lab):
    meddle(lab, "reset", db_port=TLS_PORT)


@late
def answers_garbled(lab):
    meddle(lab, "garble")


@late
def large_uploads_ended(lab):
    """What a login and a query say passes; a client that says much more is ended."""
    meddle(lab, "weary")


@late
def every_other_connection_dropped(lab):
    meddle(lab, "drop-every-other")


@late
def another_server(lab):
    """From the bastion the database's address leads to another PostgreSQL, with the same user and another certificate."""
    lab.services.postgres("otherdb")
    lab.topology.nft("bastion", "fault", "nat", "output", f"ip daddr {lab.plan.db} tcp dport 5432 dnat to {lab.plan.otherdb}")


@late
def bastion_refuses_db_by_icmp(lab):
    """A firewall says no, and not as the database's host would."""
    _filter(lab, "reject with icmp type admin-prohibited")


@late
def bastion_admits_no_more_of_the_laptop(lab):
    """A security group by source address, and the laptop has got another one: what is established is cut too."""
    lab.topology.nft("edge", "fault", "filter", "forward", f"ip daddr {lab.plan.bastion} ip saddr {lab.plan.laptop} drop")


@early
def stranger_at_the_stale_address(lab):
    """The bastion's old address is somebody else's now, who has an sshd and does not know the key."""
    lab.services.stranger = lab.tunnels.bastion = lab.plan.stale_bastion
    lab.tunnels.works = lab.tunnels.admitted = False
