"""The networks of the lab: which namespaces there are, how they are wired, and the two address plans.

    laptop - isp =(shaper: rtt/2 each way)= edge - bastion - VPC bridge - router, resolver, db, otherdb, agent
"""
import contextlib
import ctypes
import dataclasses
import fcntl
import ipaddress
import os
import pathlib
import shutil
import socket

from processes import LabError, run, wait_until

NETNS_FILES = pathlib.Path("/etc/netns")  # what `ip netns exec` lays over /etc
ROLES = ("laptop", "isp", "edge", "bastion", "vpc", "resolver", "db", "otherdb", "agent")


@dataclasses.dataclass(frozen=True)
class Plan:
    """One set of addresses. Verdicts must not depend on which."""
    laptop: str
    isp: str
    home_prefix: int
    isp_link: str  # the two ends of the link with latency
    edge_link: str
    edge: str
    bastion: str
    stale_bastion: str  # was the bastion's address; nobody has it now
    silent_public: str  # what a split DNS answers
    public_prefix: int
    vpc: str
    subnet_prefix: int
    bastion_private: str
    resolver: str
    db: str
    otherdb: str
    old_db: str  # was the database's address; nobody has it now
    agent: str
    overlap: str  # a laptop's own address in a local network that covers the db's
    db_name: str

    def subnet(self, address):
        return ipaddress.ip_network(f"{address}/{self.subnet_prefix}", strict=False)

    def gateway(self, address):
        return str(self.subnet(address).network_address + 1)

    def subnets(self):
        """Of the VPC: all that a tunnel carries."""
        networks = ipaddress.ip_network(self.vpc).subnets(new_prefix=self.subnet_prefix)
        return [str(n) for n, _ in zip(networks, range(4))]


PLANS = {
    "a": Plan(laptop="192.0.2.10", isp="192.0.2.1", home_prefix=24, isp_link="100.64.0.1", edge_link="100.64.0.2",
              edge="198.51.100.1", bastion="198.51.100.24", stale_bastion="198.51.100.87", silent_public="198.51.100.140",
              public_prefix=24, vpc="10.0.0.0/16", subnet_prefix=22, bastion_private="10.0.3.110", resolver="10.0.0.2",
              db="10.0.4.172", otherdb="10.0.4.200", old_db="10.0.4.91", agent="10.0.8.50", overlap="10.0.4.5/24", db_name="db.internal"),
    "b": Plan(laptop="203.0.113.77", isp="203.0.113.65", home_prefix=26, isp_link="100.99.7.1", edge_link="100.99.7.2",
              edge="192.0.2.129", bastion="192.0.2.201", stale_bastion="192.0.2.150", silent_public="192.0.2.222",
              public_prefix=25, vpc="172.31.0.0/16", subnet_prefix=20, bastion_private="172.31.9.14", resolver="172.31.0.2",
              db="172.31.20.33", otherdb="172.31.21.90", old_db="172.31.18.45", agent="172.31.40.7", overlap="172.31.20.9/25",
              db_name="orders-db.corp.test"),
}

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside(netns):
    """The calling thread is in the namespace meanwhile; sockets made there stay there."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{netns}", "rb") as there:
        if _libc.setns(there.fileno(), _CLONE_NEWNET) != 0:
            raise LabError(f"entering {netns}: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            if _libc.setns(home.fileno(), _CLONE_NEWNET) != 0:
                raise SystemExit("cannot leave a namespace of the lab")


def connects(netns, address, port, *, banner=b"", seconds=2.0):
    """Whether a connect from the namespace succeeds and, when asked, the peer first says `banner`."""
    try:
        with inside(netns):
            sock = socket.create_connection((address, port), timeout=seconds)
    except OSError:
        return False
    with sock:
        sock.settimeout(seconds)
        try:
            return not banner or sock.recv(len(banner), socket.MSG_WAITALL) == banner
        except OSError:
            return False


@contextlib.contextmanager
def alone_in(folder):
    """Of all labs of the machine, only one is in here at a time. Several are: one makes what another is removing."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


class Topology:
    """Makes and removes the namespaces of one lab; knows their names."""

    def __init__(self, name, plan, state, processes):
        self._name = name
        self._plan = plan
        self._state = state
        self._processes = processes

    def ns(self, role):
        return f"{self._name}-{role}"

    def ip(self, role, *lines):
        """Runs `ip` commands in one namespace, in order."""
        run(["ip", "-n", self.ns(role), "-batch", "-"], stdin="\n".join(lines) + "\n")

    def route(self, role, address):
        """What the kernel of a namespace says about the way to an address."""
        return run(["ip", "-n", self.ns(role), "route", "get", address], check=False).stdout

    def nft(self, role, table, kind, hook, rule):
        """Adds one rule at a hook; kind is filter or nat."""
        priority = {"filter": 0, "output": -100, "prerouting": -100, "postrouting": 100}["filter" if kind == "filter" else hook]
        run(["ip", "netns", "exec", self.ns(role), "nft", "-f", "-"],
            stdin=f"add table ip {table}\n"
                  f"add chain ip {table} {hook} {{ type {kind} hook {hook} priority {priority}; }}\n"
                  f"add rule ip {table} {hook} {rule}\n")

    def sysctl(self, role, **settings):
        with inside(self.ns(role)):
            for key, value in settings.items():
                pathlib.Path("/proc/sys/net/" + key.replace("__", "/")).write_text(str(value))

    def up(self, shaper, rtt_ms):
        plan, ns = self._plan, self.ns
        resolver = {role: plan.resolver for role in ROLES} | {"laptop": plan.isp, "isp": plan.isp, "edge": plan.isp}
        for role in ROLES:
            folder = NETNS_FILES / ns(role)
            with alone_in(NETNS_FILES.parent):
                folder.mkdir(parents=True)
            (folder / "resolv.conf").write_text(f"nameserver {resolver[role]}\noptions timeout:2 attempts:2\n")
        run(["ip", "-batch", "-"], stdin="".join(f"netns add {ns(role)}\n" for role in ROLES))
        for role in ROLES:
            self.sysctl(role, ipv6__conf__all__disable_ipv6=1, ipv6__conf__default__disable_ipv6=1,
                        ipv4__conf__all__send_redirects=0, ipv4__conf__default__send_redirects=0)
            if role in ("isp", "edge", "bastion", "vpc"):
                self.sysctl(role, ipv4__ip_forward=1)
        self._links()
        self._processes.start("shaper", [shaper, ns("isp"), "wan0", ns("edge"), "wan0", f"{rtt_ms / 2:g}"])
        wait_until(lambda: "ready" in self._processes.tail("shaper"), 10,
                   lambda: "the shaper to say ready: " + self._processes.tail("shaper"))
        self._addresses()

    def _links(self):
        ns = self.ns
        lines = [f"link add eth0 netns {ns('laptop')} type veth peer name home0 netns {ns('isp')}",
                 f"link add pub0 netns {ns('edge')} type veth peer name eth0 netns {ns('bastion')}"]
        ports = {"bastion": "eth1", "resolver": "eth0", "db": "eth0", "otherdb": "eth0", "agent": "eth0"}
        lines += [f"link add to-{role} netns {ns('vpc')} type veth peer name {device} netns {ns(role)}"
                  for role, device in ports.items()]
        run(["ip", "-batch", "-"], stdin="\n".join(lines) + "\n")
        self.ip("vpc", "link add vpc0 type bridge", "link set vpc0 up",
                *(f"link set to-{role} master vpc0 up" for role in ports))

    def _addresses(self):
        plan = self._plan
        for role in ROLES:
            self.ip(role, "link set lo up")
        self.ip("laptop", f"addr add {plan.laptop}/{plan.home_prefix} dev eth0", "link set eth0 up",
                f"route add default via {plan.isp}")
        # What nobody has a route for is lost without a word, as on the internet.
        public = ipaddress.ip_network(f"{plan.edge}/{plan.public_prefix}", strict=False)
        home = ipaddress.ip_network(f"{plan.isp}/{plan.home_prefix}", strict=False)
        self.ip("isp", f"addr add {plan.isp}/{plan.home_prefix} dev home0", "link set home0 up",
                f"addr add {plan.isp_link}/30 dev wan0", "link set wan0 up", f"route add {public} via {plan.edge_link}",
                "route add blackhole default")
        self.ip("edge", f"addr add {plan.edge}/{plan.public_prefix} dev pub0", "link set pub0 up",
                f"addr add {plan.edge_link}/30 dev wan0", "link set wan0 up", f"route add {home} via {plan.isp_link}",
                "route add blackhole default")
        self.ip("bastion", f"addr add {plan.bastion}/{plan.public_prefix} dev eth0", "link set eth0 up",
                f"route add default via {plan.edge}",
                f"addr add {plan.bastion_private}/{plan.subnet_prefix} dev eth1", "link set eth1 up",
                f"route add {plan.vpc} via {plan.gateway(plan.bastion_private)}")
        self.ip("vpc", *(f"addr add {ipaddress.ip_network(s).network_address + 1}/{plan.subnet_prefix} dev vpc0"
                         for s in plan.subnets()))
        for role in ("resolver", "db", "otherdb", "agent"):
            address = getattr(plan, role)
            self.ip(role, f"addr add {address}/{plan.subnet_prefix} dev eth0", "link set eth0 up",
                    f"route add default via {plan.gateway(address)}")
        # An unused address is silence in a VPC and on the internet: no router says that it found no host.
        for role in ("isp", "edge", "vpc"):
            self.nft(role, "silence", "filter", "output", "icmp type destination-unreachable drop")

    def down(self):
        for role in ROLES:
            run(["ip", "netns", "delete", self.ns(role)], check=False)
            shutil.rmtree(NETNS_FILES / self.ns(role), ignore_errors=True)
        with alone_in(NETNS_FILES.parent), contextlib.suppress(OSError):
            NETNS_FILES.rmdir()  # ours to remove only when nobody else uses it
