"""What is the matter with the server, for whoever asks it."""
import signal

from fault import early, late, meddle


@late
def health_endpoint(lab):
    """No fault: the application's own word about its database, for scenarios without an inside agent."""
    lab.services.health_endpoint()


@late
def database_down(lab):
    lab.services.stop_postgres("db")


@late
def database_host_vanishes(lab):
    lab.topology.ip("db", "link set eth0 down")


@late
def database_frozen(lab):
    """The kernel goes on accepting for it."""
    lab.processes.send("postgres-db", signal.SIGSTOP)


@late
def database_late(lab):
    """Its first byte comes after more than a second, to everybody."""
    meddle(lab, "late", target=("127.0.0.1", 5432), role="db")


@early
def source_rejected(lab):
    """Before PostgreSQL starts: pg_hba.conf turns the bastion's address away."""
    lab.services.rejected_source = f"{lab.plan.bastion_private}/32"


@early
def no_tls(lab):
    """Before PostgreSQL starts."""
    lab.services.tls = False


@late
def not_postgres(lab):
    lab.services.stop_postgres("db")
    lab.services.http_server("db")


@early
def few_connections(lab):
    """Before PostgreSQL starts."""
    lab.services.max_connections = 7


@late
def connections_taken(lab):
    lab.services.fill_connections("db")


@early
def certificate_expired(lab):
    """Before PostgreSQL starts."""
    lab.services.database_certificate = "expired"


@late
def tls_server(lab):
    """On the database's host, something that speaks TLS from the first byte."""
    lab.services.tls_server("db")


@late
def vpc_resolver_down(lab):
    lab.processes.stop("dnsmasq-resolver", signal.SIGKILL)


@late
def inside_is_refused(lab):
    """A firewall admits the bastion, and not the application's host."""
    lab.topology.nft("agent", "fault", "filter", "output", f"ip daddr {lab.plan.db} tcp dport 5432 reject with tcp reset")


@early
def everybody_rejected(lab):
    """Before PostgreSQL starts: pg_hba.conf has no line for anybody."""
    lab.services.rejected_source = "0.0.0.0/0"
