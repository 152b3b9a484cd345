"""What breaks on the laptop: its names, its routes and its tunnel."""
import ipaddress
import signal

from fault import early, late
from processes import LabError, wait_until


@early
def stale_bastion_address(lab):
    """The tunnel will be started against an address that the bastion had once."""
    lab.tunnels.bastion = lab.plan.stale_bastion
    lab.tunnels.works = lab.tunnels.admitted = False


@late
def carrier_closes(lab):
    """The bastion ends the tunnel's ssh session, and answers new ones."""
    lab.services.close_ssh_sessions()


@late
def carrier_forgotten(lab):
    """A NAT on the way forgets the tunnel's connection, and says nothing; new connections pass."""
    for port in lab.tunnels.carrier_ports():
        lab.topology.nft("isp", "forgotten", "filter", "forward", f"tcp sport {port} tcp dport 22 drop")
        lab.topology.nft("isp", "forgotten", "filter", "forward", f"tcp dport {port} tcp sport 22 drop")


@late
def routes_deleted(lab):
    lab.topology.ip("laptop", *(f"route del {subnet}" for subnet in lab.plan.subnets()))


@late
def tunnel_killed(lab):
    lab.processes.stop("sst", signal.SIGKILL)


@late
def tunnel_crashed(lab):
    """As a Go program ends after a fatal error: at once, and with nothing tidied up."""
    lab.processes.stop("sst", signal.SIGQUIT)


@late
def tunnel_stopped(lab):
    """As it is meant to be stopped: it takes its interface and routes with it."""
    lab.processes.stop("sst", signal.SIGINT)
    wait_until(lambda: f"dev {lab.tunnels.DEVICE}" not in lab.topology.route("laptop", lab.plan.db), 10,
               "sst's interface to go")


@late
def tunnel_frozen(lab):
    lab.processes.send("sst", signal.SIGSTOP)


@late
def ssh_killed(lab):
    """The ssh -D behind a redirector that goes on accepting."""
    lab.processes.stop("ssh-D", signal.SIGKILL)


@late
def ssh_frozen(lab):
    """The ssh -D behind a redirector."""
    lab.processes.send("ssh-D", signal.SIGSTOP)


@late
def sshuttle_killed(lab):
    """With all that it started; its redirection stays in the kernel."""
    lab.processes.stop("sshuttle", signal.SIGKILL)


@late
def sshuttle_ssh_frozen(lab):
    lab.processes.send_below("sshuttle", "ssh", signal.SIGSTOP)


@late
def wireguard_killed(lab):
    """On the laptop. Its interface goes with it."""
    lab.processes.stop("wireguard-laptop", signal.SIGKILL)


@late
def forward_killed(lab):
    lab.processes.stop("ssh-L", signal.SIGKILL)


@early
def no_public_name(lab):
    """Before the resolvers start: the public one has never heard of the database."""
    lab.services.public_answer = ""


@early
def no_name_anywhere(lab):
    lab.services.public_answer = lab.services.vpc_answer = ""


@early
def stale_public_answer(lab):
    """Before the resolvers start: the public one still has the address that the database had once."""
    lab.services.public_answer = lab.plan.old_db


@early
def split_dns(lab):
    """Before the resolvers start: the public one knows another address, where nobody is."""
    lab.services.public_answer = lab.plan.silent_public


@late
def local_network_overlaps(lab):
    """The laptop joins a network whose addresses include the database's. Nobody on it has that one."""
    own = ipaddress.ip_interface(lab.plan.overlap)
    if ipaddress.ip_address(lab.plan.db) not in own.network:
        raise LabError("the address plan's overlap does not cover the database")
    lab.topology.ip("laptop", f"link add wlan0 type veth peer name cafe0 netns {lab.topology.ns('isp')}",
                    f"addr add {own} dev wlan0", "link set wlan0 up")
    lab.topology.ip("isp", "link set cafe0 up")


@early
def wrong_password_outside(lab):
    lab.outside_password = "not-" + lab.inside_password


@early
def wrong_password_everywhere(lab):
    lab.outside_password = lab.inside_password = "not-" + lab.inside_password


@late
def root_certificate_for_root_only(lab):
    (lab.state / "ca.crt").chmod(0o600)


@early
def subnet_not_carried(lab):
    """The tunnel is started without the database's subnet."""
    lab.tunnels.subnets.remove(str(lab.plan.subnet(lab.plan.db)))


@late
def public_resolver_silent(lab):
    lab.topology.nft("isp", "fault", "filter", "input", "udp dport 53 drop")
    lab.topology.nft("isp", "fault", "filter", "input", "tcp dport 53 drop")


@late
def redsocks_killed(lab):
    """The redirection stays in the kernel, and leads to nobody."""
    lab.processes.stop("redsocks", signal.SIGKILL)


@late
def local_network_has_such_a_server(lab):
    """After the overlapping network: on it another PostgreSQL has the database's address."""
    lab.topology.ip("isp", f"addr add {lab.plan.db}/24 dev cafe0")
    lab.services.postgres("otherdb", namespace="isp", address=lab.plan.db)
