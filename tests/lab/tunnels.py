"""What carries the laptop's traffic into the VPC: the real sst, ssh -D behind redsocks, sshuttle, WireGuard, ssh -L, or plain
routes."""
import base64
import hashlib
import os
import pathlib
import shutil
import tarfile
import tempfile

from processes import LabError, run, wait_until
from services import CacheLock, cache
from topology import connects

SST = "sst-linux-x64@4.17.1"
SST_INTEGRITY = "DtIm3XkpzWb9yS4ZSgxg5KuOHRHhBk66y9lzVw6E/GBfUDdVOES2pbQUuFHuAq2tPJpbzuxGH7trdylAGD+TxA=="
SOCKS_PORT, REDIRECT_PORT, FORWARD_PORT, WIREGUARD_PORT = 1080, 12345, 15432, 51820


def sst_binary():
    """The pinned sst from the npm registry, checked against its published digest; kept in the cache."""
    binary = cache() / SST.replace("@", "-") / "sst"
    with CacheLock():
        if binary.exists():
            return binary
        if not shutil.which("npm"):
            raise LabError("npm is not installed; run: deploy/install-packages.sh lab")
        with tempfile.TemporaryDirectory(dir=cache()) as folder:
            environment = os.environ | {"npm_config_update_notifier": "false"}
            run(["npm", "pack", SST, "--silent", "--pack-destination", folder], seconds=300, env=environment)
            (package,) = pathlib.Path(folder).glob("*.tgz")
            digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
            if digest != SST_INTEGRITY:
                raise LabError(f"npm gave another {SST} than the pinned one: sha512-{digest}; it was not used")
            with tarfile.open(package) as archive:
                source = archive.extractfile("package/bin/sst")
                with open(pathlib.Path(folder) / "sst", "wb") as out:
                    shutil.copyfileobj(source, out)
            binary.parent.mkdir(exist_ok=True)
            (pathlib.Path(folder) / "sst").chmod(0o755)
            os.rename(pathlib.Path(folder) / "sst", binary)
    return binary


class Tunnels:
    """`works`: whether readiness is an ssh banner from the bastion's private address through the tunnel, or, where a fault
    that is already there lets nothing through, only that the tunnel's own parts are up."""

    DEVICE = "sst"

    def __init__(self, plan, state, processes, topology, services):
        self._plan = plan
        self._state = state
        self._processes = processes
        self._topology = topology
        self._services = services
        self.bastion = plan.bastion
        self.works = True
        self.admitted = True  # whether the bastion will take the tunnel's session at all
        self.subnets = plan.subnets()
        self._started = []

    def alive(self):
        """In words: which of the tunnel's processes run."""
        if not self._started:
            return "no process carries anything"
        return ", ".join(f"{name} {'runs' if self._processes.pid(name) else 'has ENDED'}" for name in self._started)

    def _start(self, name, argv, **where):
        self._started.append(name)
        self._processes.start(name, argv, **where)

    @property
    def _laptop(self):
        return self._topology.ns("laptop")

    def up(self, kind):
        {"sst": self._sst, "redsocks": self._redsocks, "ssh-forward": self._forward, "routed": self._routed,
         "sshuttle": self._sshuttle, "wireguard": self._wireguard}[kind]()
        if self.works and kind != "ssh-forward":
            wait_until(lambda: connects(self._laptop, self._plan.bastion_private, 22, banner=b"SSH-"), 30,
                       lambda: f"a banner from {self._plan.bastion_private} through {kind}: "
                       + "; ".join(self._processes.tail(name) for name in self._started))

    def _sst(self):
        home = self._state / "sst-home"
        home.mkdir()
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home),
            "SST_SKIP_LOCAL": "true", "SST_SKIP_DEPENDENCY_CHECK": "true",
            "SST_TELEMETRY_DISABLED": "1", "SSH_PRIVATE_KEY": self._services.client_key.read_text()}
        self._start("sst", [
            sst_binary(), "tunnel", "start", "--subnets", ",".join(self.subnets), "--host", self.bastion, "--user",
            "root", "--print-logs"], netns=self._laptop, env=environment, cwd=home)
        wait_until(lambda: "tunnel started" in self._processes.tail("sst") and f"dev {self.DEVICE}" in self._topology.route("laptop", self._plan.bastion_private), 20,
                   lambda: "sst to say 'tunnel started': " + self._processes.tail("sst"))
        if not self.works and self.admitted:
            # The session with the bastion is there when the SOCKS port is.
            wait_until(lambda: connects(self._laptop, "127.0.0.1", SOCKS_PORT), 20, "sst's SOCKS port")

    def carrier_ports(self):
        """The laptop's own ports of its connections to the bastion's sshd."""
        lines = run(["ip", "netns", "exec", self._laptop, "ss", "-Htn", "state", "established", "dst",
                     f"{self.bastion}:22"]).stdout.splitlines()
        return [line.split()[2].rsplit(":", 1)[1] for line in lines]

    def _ssh_words(self):
        return ["ssh", "-F", "none", "-i", self._services.client_key, "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]

    def _ssh(self, name, *arguments):
        self._start(name, [*self._ssh_words(), "-N", *arguments, f"root@{self.bastion}"], netns=self._laptop)

    def _redsocks(self):
        self._ssh("ssh-D", "-D", f"127.0.0.1:{SOCKS_PORT}")
        wait_until(lambda: connects(self._laptop, "127.0.0.1", SOCKS_PORT), 20,
                   lambda: "ssh -D to listen: " + self._processes.tail("ssh-D"))
        config = self._state / "redsocks.conf"
        config.write_text(
            'base { log_debug = off; log_info = on; log = "stderr"; daemon = off; redirector = iptables; }\n'
            f"redsocks {{ local_ip = 127.0.0.1; local_port = {REDIRECT_PORT}; ip = 127.0.0.1; port = {SOCKS_PORT}; "
            "type = socks5; }\n")
        self._start("redsocks", ["redsocks", "-c", config], netns=self._laptop)
        wait_until(lambda: connects(self._laptop, "127.0.0.1", REDIRECT_PORT), 10,
                   lambda: "redsocks to listen: " + self._processes.tail("redsocks"))
        self._topology.nft("laptop", "redsocks", "nat", "output", f"ip daddr {{ {', '.join(self.subnets)} }} "
                           f"meta l4proto tcp redirect to :{REDIRECT_PORT}")

    def _forward(self):
        self._ssh("ssh-L", "-L", f"127.0.0.1:{FORWARD_PORT}:{self._plan.db}:5432")
        wait_until(lambda: connects(self._laptop, "127.0.0.1", FORWARD_PORT), 20,
                   lambda: "ssh -L to listen: " + self._processes.tail("ssh-L"))

    def _sshuttle(self):
        home = self._state / "sshuttle-home"
        home.mkdir()
        self._start("sshuttle", [
            "sshuttle", "--disable-ipv6", "--method", "nft", "--no-latency-control", "--ssh-cmd",
            " ".join(map(str, self._ssh_words())), "--remote", f"root@{self.bastion}", *self.subnets],
            netns=self._laptop, env={"PATH": os.environ["PATH"], "HOME": str(home)}, cwd=home)
        wait_until(lambda: "Connected to server" in self._processes.tail("sshuttle"), 60,
                   lambda: "sshuttle to be connected: " + self._processes.tail("sshuttle"))

    def _wireguard_devices(self):
        """Every namespace sees the same folder of control sockets, which an interface's name keys."""
        mark = hashlib.sha256(str(self._state).encode()).hexdigest()[:8]
        return {"laptop": f"wgl{mark}", "bastion": f"wgb{mark}"}

    def down(self):
        """Once its processes are gone: what they leave outside the namespaces."""
        for device in self._wireguard_devices().values():
            pathlib.Path(f"/var/run/wireguard/{device}.sock").unlink(missing_ok=True)

    def _wireguard(self):
        plan, devices = self._plan, self._wireguard_devices()
        ends = {"laptop": (devices["laptop"], "172.21.9.2"), "bastion": (devices["bastion"], "172.21.9.1")}
        keys = {}
        for role in ends:
            private = run(["wg", "genkey"]).stdout.strip()
            keys[role] = (private, run(["wg", "pubkey"], stdin=private).stdout.strip())
            (self._state / f"wireguard-{role}.key").write_text(private)
            (self._state / f"wireguard-{role}.key").chmod(0o600)
        for role, (device, address) in ends.items():
            netns = self._topology.ns(role)
            self._start(f"wireguard-{role}", ["wireguard-go", "-f", device], netns=netns,
                        env={"PATH": os.environ["PATH"], "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"})
            key = ["private-key", self._state / f"wireguard-{role}.key"]
            if role == "bastion":
                words = [*key, "listen-port", str(WIREGUARD_PORT), "peer", keys["laptop"][1], "allowed-ips",
                         f"{ends['laptop'][1]}/32"]
            else:
                words = [*key, "peer", keys["bastion"][1], "endpoint", f"{self.bastion}:{WIREGUARD_PORT}", "allowed-ips",
                         ",".join(self.subnets), "persistent-keepalive", "25"]
            wait_until(lambda: run(["ip", "netns", "exec", netns, "wg", "set", device, *words], check=False).returncode == 0, 10,
                       lambda: f"wireguard-go in {role}: " + self._processes.tail(f"wireguard-{role}"))
            self._topology.ip(role, f"addr add {address}/30 dev {device}", f"link set {device} mtu 1420 up")
        self._topology.ip("laptop", *(f"route add {subnet} dev {ends['laptop'][0]}" for subnet in self.subnets))
        self._topology.nft("bastion", "wireguard", "nat", "postrouting", 'oifname "eth1" masquerade')

    def _routed(self):
        """The bastion is a NAT instance, and every router on the way knows it."""
        plan = self._plan
        self._topology.ip("laptop", f"route add {plan.vpc} via {plan.isp}")
        self._topology.ip("isp", f"route add {plan.vpc} via {plan.edge_link}")
        self._topology.ip("edge", f"route add {plan.vpc} via {plan.bastion}")
        self._topology.nft("bastion", "routed", "nat", "postrouting", 'oifname "eth1" masquerade')
