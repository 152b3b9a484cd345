"""The servers of the lab, all real: sshd on the bastion and beside the inside agent, PostgreSQL, and two resolvers."""
import datetime
import fcntl
import os
import pathlib
import shutil
import signal
import sys
import tempfile

from processes import LabError, descendants, run, wait_until
from topology import connects

USER, DATABASE, PASSWORD = "app", "app", "only-for-the-lab"
TLS_PORT, HEALTH_PORT = 8443, 8080
ROOT = pathlib.Path(__file__).resolve().parents[2]
PG_BIN = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), pathlib.Path("/nonexistent"))


def cache():
    """Where what is slow to get is kept between labs."""
    base = os.environ.get("XDG_CACHE_HOME")
    folder = pathlib.Path(base) / "parallax-lab" if base else ROOT / "build" / "lab-cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class CacheLock:
    """Two labs at once fill the cache one after the other."""

    def __enter__(self):
        self._file = open(cache() / "lock", "w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self._file.close()


class Services:
    def __init__(self, plan, state, processes, topology):
        self._plan = plan
        self._state = state
        self._processes = processes
        self._topology = topology
        self.tls = True
        self.rejected_source = None
        self.allow_forwarding = True
        self.bastion_options = []
        self.stranger = None  # an address at the bastion's edge where another sshd answers
        self.public_answer = self.vpc_answer = plan.db  # "": no such name
        self.max_connections = 50
        self.database_certificate = "db"

    def up(self):
        self._resolver("isp", self._plan.isp, self.public_answer)
        self._resolver("resolver", self._plan.resolver, self.vpc_answer)
        self._key("client")
        self._sshd("bastion")
        self._sshd("agent")
        if self.stranger:
            self._topology.ip("edge", f"addr add {self.stranger}/32 dev pub0")
            self._key("stranger")
            self._sshd("edge", key="stranger")
        self._certificates()
        self.postgres("db")
        for role, address in (("isp", self._plan.isp), ("resolver", self._plan.resolver)):
            wait_until(lambda r=role, a=address: connects(self._topology.ns(r), a, 53), 15, f"dnsmasq in {role}")
        for role, address in (("bastion", self._plan.bastion), ("agent", self._plan.agent)):
            wait_until(lambda r=role, a=address: connects(self._topology.ns(r), a, 22, banner=b"SSH-"), 15,
                       lambda r=role: f"sshd in {r}: {self._processes.tail('sshd-' + r)}")

    def _resolver(self, role, address, answer):
        self._processes.start(f"dnsmasq-{role}", [
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=",
            "--user=root", "--log-facility=-", "--bind-interfaces", f"--listen-address={address}",
            *([f"--host-record={self._plan.db_name},{answer}"] if answer else []), "--local-ttl=5", "--address=/#/"],
            netns=self._topology.ns(role))

    def _key(self, name):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "parallax-lab", "-f", self._state / f"key-{name}"])

    @property
    def client_key(self):
        return self._state / "key-client"

    def _sshd(self, role, key="client"):
        self._key(f"host-{role}")
        # sshd insists on this empty folder; the package makes it only when the service is started.
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        locked = run(["getent", "shadow", "root"], check=False).stdout.split(":")[1:2] or ["*"]
        config = self._state / f"sshd-{role}.conf"
        config.write_text("\n".join([
            "Port 22", "AddressFamily inet", f"HostKey {self._state}/key-host-{role}", "PidFile none",
            f"AuthorizedKeysFile {self._state}/key-{key}.pub", "StrictModes no", "PermitRootLogin prohibit-password",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            # Without PAM sshd refuses an account whose password is locked, which root's often is.
            f"UsePAM {'yes' if locked[0].startswith('!') else 'no'}",
            f"AllowTcpForwarding {'yes' if self.allow_forwarding else 'no'}", "LogLevel VERBOSE",
            # A stranger looks the key up somewhere, and takes his time over it: sst ends as soon as it is turned away, and
            # what is to be seen here is a tunnel that ends while it is looked at.
            *(["AuthorizedKeysCommand /bin/sleep 1", "AuthorizedKeysCommandUser root"] if key == "stranger" else []),
            *(self.bastion_options if role == "bastion" else [])]) + "\n")
        self._processes.start(f"sshd-{role}", [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", config],
                              netns=self._topology.ns(role))

    def close_ssh_sessions(self):
        """Ends the sshd processes of the connections that the bastion has now, and not the listener."""
        listener = self._processes.pid("sshd-bastion")
        for pid in descendants(listener):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it went with its parent
        wait_until(lambda: not descendants(listener), 5, "the bastion's ssh sessions to end")

    def _openssl(self, *arguments):
        run(["openssl", *arguments])

    def _certificates(self):
        """One private CA; a certificate for the database's name, and another one by a stranger for the same name."""
        for ca in ("ca", "stranger-ca"):
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                          "-subj", f"/CN=lab {ca}", "-keyout", self._state / f"{ca}.key", "-out", self._state / f"{ca}.crt")
        names = self._state / "names.cnf"
        names.write_text(f"subjectAltName=DNS:{self._plan.db_name},DNS:db\n")
        for name, ca in (("db", "ca"), ("otherdb", "stranger-ca"), ("interceptor", "stranger-ca")):
            path = str(self._state / name)
            self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                          f"/CN={self._plan.db_name}", "-keyout", path + ".key", "-out", path + ".csr")
            self._openssl("x509", "-req", "-in", path + ".csr", "-CA", self._state / f"{ca}.crt", "-CAkey",
                          self._state / f"{ca}.key", "-CAcreateserial", "-days", "20", "-extfile", names, "-out", path + ".crt")

    def _expired_certificate(self):
        """For the database's name, by the CA, and over since ten days. Only `openssl ca` takes dates on every release."""
        (self._state / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=lab\n[lab]\ndir={self._state}\ndatabase=$dir/ca.index\nserial=$dir/ca.serial\n"
            "new_certs_dir=$dir\ndefault_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
        (self._state / "ca.index").write_text("")
        (self._state / "ca.serial").write_text("77\n")
        start, end = ((datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
                      for days in (40, 10))
        self._openssl("ca", "-batch", "-notext", "-config", self._state / "ca.cnf", "-cert", self._state / "ca.crt", "-keyfile",
                      self._state / "ca.key", "-in", self._state / "db.csr", "-extfile", self._state / "names.cnf",
                      "-startdate", start, "-enddate", end, "-out", self._state / "expired.crt")
        shutil.copy(self._state / "db.key", self._state / "expired.key")

    def postgres(self, role, namespace=None, address=None):
        """A PostgreSQL on the usual port of a namespace; returns when it takes connections there."""
        netns = self._topology.ns(namespace or role)
        address = address or getattr(self._plan, role)
        folder = self._state / f"postgres-{role}"
        data = folder / "data"
        if not data.exists():
            folder.mkdir()
            run(["cp", "-a", _cluster(role), data], seconds=60)
            certificate = self.database_certificate if role == "db" else role
            if certificate == "expired":
                self._expired_certificate()
            for suffix in ("crt", "key"):
                shutil.copy(self._state / f"{certificate}.{suffix}", folder / f"server.{suffix}")
                shutil.chown(folder / f"server.{suffix}", "postgres", "postgres")
                (folder / f"server.{suffix}").chmod(0o600)
            shutil.chown(folder, "postgres", "postgres")
        rejects = f"host all all {self.rejected_source} reject\n" if self.rejected_source else ""
        (folder / "hba.conf").write_text(
            f"local all all trust\n{rejects}{'hostssl' if self.tls else 'host'} all all 0.0.0.0/0 scram-sha-256\n")
        settings = {"listen_addresses": "*", "port": "5432", "unix_socket_directories": folder, "fsync": "off",
                    "hba_file": folder / "hba.conf", "ssl": "on" if self.tls else "off",
                    "ssl_cert_file": folder / "server.crt", "ssl_key_file": folder / "server.key", "max_connections": str(self.max_connections),
                    "shared_buffers": "16MB", "log_connections": "on"}
        argv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", PG_BIN / "postgres", "-D", data]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        self._processes.start(f"postgres-{role}", argv, netns=netns)
        wait_until(lambda: self._psql(role, "select 1") == "1", 20, lambda: f"PostgreSQL in {role}: {self._processes.tail('postgres-' + role)}")
        if not connects(netns, address, 5432):
            raise LabError(f"PostgreSQL in {role} does not listen on {address}")

    def _psql(self, role, statement):
        """The answer to one statement of the superuser, by the Unix socket; "" on an error."""
        return run(["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "psql", "-h",
                    self._state / f"postgres-{role}", "-U", "postgres", "-XAtc", statement], check=False,
                   env={"PATH": os.environ["PATH"], "PGCONNECT_TIMEOUT": "2"}).stdout.strip()

    def fill_connections(self, role):
        """Takes every connection that PostgreSQL gives to others than superusers, for as long as the lab is up."""
        free = self.max_connections - int(self._psql(role, "show superuser_reserved_connections"))
        started = 0

        def full():
            # A session of ours that has just ended may still count, so that the server turns a holder away: then another
            # is needed. One too many is turned away as well, and does no harm.
            nonlocal started
            if self._psql(role, f"select count(*) from pg_stat_activity where usename = '{USER}'") == str(free):
                return True
            if started < 10 * free:
                self._processes.start(f"holder-{started}", ["psql", "-h", self._state / f"postgres-{role}", "-U", USER, "-d",
                                                            DATABASE, "-XAtc", "select pg_sleep(86400)"])
                started += 1
            return False
        wait_until(full, 20, f"{free} sessions to be held")

    def stop_postgres(self, role):
        self._processes.stop(f"postgres-{role}", signal.SIGINT)

    def http_server(self, role):
        """Something else on the database's port."""
        self._processes.start("http", [sys.executable, "-m", "http.server", "5432", "--bind", getattr(self._plan, role),
                                       "--directory", self._state / "log"], netns=self._topology.ns(role))
        wait_until(lambda: connects(self._topology.ns(role), getattr(self._plan, role), 5432), 10, "the http server")

    def tls_server(self, role):
        """Not PostgreSQL: TLS from the first byte."""
        self._processes.start("tls-server", [
            "openssl", "s_server", "-accept", f"{getattr(self._plan, role)}:{TLS_PORT}", "-cert", self._state / f"{role}.crt",
            "-key", self._state / f"{role}.key", "-www", "-quiet"], netns=self._topology.ns(role))
        wait_until(lambda: connects(self._topology.ns(role), getattr(self._plan, role), TLS_PORT), 10, "the TLS server")

    def pooler(self, address):
        """A pgbouncer on the other database's host, with TLS and SCRAM, at two addresses: the stand-in for RDS Proxy."""
        folder = self._state / "pgbouncer"
        folder.mkdir()
        self._topology.ip("otherdb", f"addr add {address}/{self._plan.subnet_prefix} dev eth0")
        for suffix in ("crt", "key"):
            shutil.copy(self._state / f"db.{suffix}", folder / f"server.{suffix}")
        (folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{DATABASE} = host={self._plan.db} port=5432\n[pgbouncer]\nlisten_addr = *\nlisten_port = 5432\n"
            "unix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {folder}/users\nclient_tls_sslmode = require\nclient_tls_cert_file = {folder}/server.crt\n"
            f"client_tls_key_file = {folder}/server.key\nserver_tls_sslmode = require\n"
            "ignore_startup_parameters = extra_float_digits,options\n")
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres", "postgres")
        self._processes.start("pgbouncer", [
            "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", shutil.which("pgbouncer") or
            "/usr/sbin/pgbouncer", folder / "pgbouncer.ini"], netns=self._topology.ns("otherdb"))
        wait_until(lambda: connects(self._topology.ns("otherdb"), address, 5432), 10,
                   lambda: "pgbouncer to listen: " + self._processes.tail("pgbouncer"))

    def health_endpoint(self):
        """What an application deploys: at a public address, asking the database from the inside agent's host. Its port."""
        url = f"postgresql://{USER}@{self._plan.db}:5432/{DATABASE}?sslmode=require"
        self._processes.start("health", [
            sys.executable, ROOT / "tests" / "lab" / "health_server.py", self._topology.ns("edge"), self._plan.edge,
            str(HEALTH_PORT), self._topology.ns("agent"), url],
            env={"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, "HOME": str(self._state)})
        wait_until(lambda: connects(self._topology.ns("edge"), self._plan.edge, HEALTH_PORT), 10,
                   lambda: "the health endpoint: " + self._processes.tail("health"))
        return HEALTH_PORT


def _cluster(role):
    """A data directory with the role and the database in it, made once and kept in the cache: one for each server, because a
    copy would share the system identifier, by which servers are told apart."""
    if not (PG_BIN / "initdb").exists():
        raise LabError("PostgreSQL is not installed; run: deploy/install-packages.sh lab")
    kept = cache() / f"cluster-{PG_BIN.parent.name}-{role}"
    with CacheLock():
        if kept.exists():
            return kept
        with tempfile.TemporaryDirectory(prefix="parallax-initdb-") as folder:
            shutil.chown(folder, "postgres", "postgres")
            as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "env", f"HOME={folder}"]
            data = pathlib.Path(folder) / "data"
            run([*as_postgres, PG_BIN / "initdb", "-D", data, "-N", "-A", "trust", "--locale=C.UTF-8",
                 "--wal-segsize=1"], seconds=120)  # each lab writes its own pg_hba.conf
            script = f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE {DATABASE} OWNER {USER};\n"
            run([*as_postgres, PG_BIN / "postgres", "--single", "-D", data, "-c", "fsync=off", "postgres"], stdin=script,
                seconds=60)
            shutil.rmtree(f"{kept}.part", ignore_errors=True)  # of a lab that was ended meanwhile
            run(["cp", "-a", data, f"{kept}.part"], seconds=60)
            os.rename(f"{kept}.part", kept)
    return kept
