"""The kinds of faults. A scenario names them, in order, `before` or `after` its tunnel starts. Each returns when the fault
is in place; none mends anything."""
import sys

from processes import wait_until
from services import ROOT
from topology import connects

EARLY, LATE = {}, {}
MEDDLER_PORT, MEDDLER_MARK = 15499, 7


def early(function):
    """Must be known before the services start."""
    EARLY[function.__name__.replace("_", "-")] = function
    return function


def late(function):
    LATE[function.__name__.replace("_", "-")] = function
    return function


def meddle(lab, mode, *identity, target=None, role="bastion", db_port=5432):
    """A machine on the way: what the bastion sends to the database's host and port, or what comes to `target` of `role`,
    goes through it."""
    netns = lab.topology.ns(role)
    host, port = target or (lab.plan.db, db_port)
    lab.processes.start("meddler", [sys.executable, ROOT / "tests" / "lab" / "meddler.py", mode, str(MEDDLER_PORT), host,
                                    str(port), str(MEDDLER_MARK), *identity], netns=netns)
    wait_until(lambda: connects(netns, "127.0.0.1", MEDDLER_PORT), 10,
               lambda: "the machine on the way: " + lab.processes.tail("meddler"))
    hook, whose = ("prerouting", "iifname eth0") if target else ("output", f"ip daddr {host}")
    lab.topology.nft(role, "fault", "nat", hook, f"{whose} tcp dport {port} meta mark != {MEDDLER_MARK} "
                     f"redirect to :{MEDDLER_PORT}")
