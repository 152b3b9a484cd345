"""The agent's image: built by buildah from the Containerfile, run beside an application, in the application's network
namespace; reached over its standard input and output and through a forwarded port; ended by SIGTERM.

buildah's chroot isolation is what a machine without a container runtime can have. It applies the image's user, its
environment and a seccomp filter, and shares the PID namespace. It knows no read-only root file system (it writes its own
mount points): that the agent needs none to write is shown in a chroot on a read-only mount of the same image.

PARALLAX_IMAGE=whole also runs the image's build stage, which compiles; otherwise the image is of the programs under test."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import bare_debian
import suite

AGENT = "127.0.0.1:7411"
TOKEN = "0123456789abcdef" * 4
SHARED = ["--listen", AGENT, "--token-from", "env:PARALLAX_AGENT_TOKEN"]  # as in a pod or a task
WITH_TOKEN = ["--agent-token-from", "inside=env:AGENT_TOKEN"]
PORT, FROZEN = 8080, 8081  # of the application, in its own namespace: one that answers, one that accepts and is silent


class Buildah:
    """Images and containers below a folder of their own; the file system needs no overlay."""

    def __init__(self, folder):
        self._argv = ["buildah", "--storage-driver", "vfs", "--root", f"{folder}/images", "--runroot", f"{folder}/run"]

    def __call__(self, *words, seconds=120):
        return suite.run(*self._argv, *words, seconds=seconds).stdout.strip()

    def run(self, container, *command, token=False):
        variable = ["--env", f"PARALLAX_AGENT_TOKEN={TOKEN}"] if token else []
        return [*self._argv, "run", "--isolation", "chroot", *variable, container, "--", *command]

    def close(self):
        for verb in (["rm", "--all"], ["rmi", "--all", "--force"]):
            suite.run(*self._argv, *verb, check=False)


class Application:
    """A namespace with servers on its loopback, which nobody else can reach."""

    def __init__(self, folder):
        self.name = f"plxapp{os.getpid()}"
        suite.run("ip", "netns", "add", self.name)
        suite.run("ip", "-n", self.name, "link", "set", "lo", "up")
        self._server = subprocess.Popen(self.within("python3", "-u", "-m", "http.server", str(PORT), "--bind", "127.0.0.1"),
                                        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._server.stdout.readline()  # "Serving HTTP on ..."
        frozen = f"import socket; s = socket.create_server(('127.0.0.1', {FROZEN})); print('up', flush=True); input()"
        self._frozen = subprocess.Popen(self.within("python3", "-c", frozen), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._frozen.stdout.readline()

    def within(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def close(self):
        for server in (self._server, self._frozen):
            server.kill()
            server.communicate()
        suite.run("ip", "netns", "del", self.name)


class Sidecar:
    """`parallax-agent serve` of a container, up when this is made. `argv` starts it."""

    def __init__(self, argv):
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()
        while line and "listening" not in line:
            line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the sidecar ended with {self.process.wait()} before it listened")
        self.pid = self._agent(self.process.pid)

    def _agent(self, pid):
        """The descendant of `pid` that is the agent itself."""
        if os.path.basename(os.path.realpath(f"/proc/{pid}/exe")) == "parallax-agent":
            return pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found = self._agent(int(child))
            if found:
                return found
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():  # a Go program starts children from any thread
            for child in (task / "children").read_text().split():
                found = self._agent(int(child))
                if found:
                    return found
        return None

    def status(self, key):
        return re.search(rf"^{key}:\s+(.*)$", pathlib.Path(f"/proc/{self.pid}/status").read_text(), re.M).group(1)

    def terminate(self, seconds):
        os.kill(self.pid, signal.SIGTERM)
        return self.ended(seconds)

    def ended(self, seconds):
        """Its exit code and all that it still said, once it ends by itself."""
        said = self.process.communicate(timeout=seconds)[0]
        return self.process.returncode, said

    def close(self):
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.process.communicate()
        self.process.stdout.close()


def compare(*arguments, target=f"tcp://127.0.0.1:{PORT}"):
    done = suite.run(suite.BUILD / "parallax", "compare", target, *arguments, "--repeats", "1",
                     "--no-investigate", "--no-store", "--format", "json", check=False,
                     env=os.environ | {"AGENT_TOKEN": TOKEN})
    if done.returncode not in (0, 1, 3):
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def side(report, name):
    (found,) = [s for s in report["sides"] if s["name"] == name]
    return found


@unittest.skipUnless(os.geteuid() == 0, "needs root, for namespaces and buildah")
class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="parallax-image-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.buildah = Buildah(cls.folder)
        cls.addClassCleanup(cls.buildah.close)
        cls._build()
        cls.app = Application(cls.folder)
        cls.addClassCleanup(cls.app.close)

    @classmethod
    def _build(cls):
        base = cls.buildah("from", "scratch")
        suite.run("cp", "-a", f"{bare_debian.base()}/.", cls.buildah("mount", base))
        cls.buildah("commit", "--rm", base, "localhost/debian")
        more = []
        if os.environ.get("PARALLAX_IMAGE") == "whole":
            ccache = suite.run("ccache", "--get-config", "cache_dir").stdout.strip()
            more = ["--volume", f"{ccache}:/root/.cache/ccache"]  # what was compiled before is not compiled again
        else:
            tree = cls.folder / "tree" / "out"
            suite.run("cmake", "--install", suite.BUILD, "--prefix", "/usr", "--strip", "--component", "agent",
                      env=os.environ | {"DESTDIR": str(tree)})
            suite.run(suite.DEPLOY / "agent/collect.sh", tree)
            more = ["--build-context", f"build={tree.parent}"]
        cls.buildah("bud", "--isolation", "chroot", "--format", "docker", "--build-arg", "BASE=localhost/debian", *more,
                    "-f", suite.DEPLOY / "agent/Containerfile", "-t", "localhost/agent", suite.ROOT, seconds=1500)
        cls.config = json.loads(cls.buildah("inspect", "--type", "image", "localhost/agent"))["Docker"]["config"]

    def start(self, shared=False):
        """As the image says by itself, or with a token on the loopback."""
        container = self.buildah("from", "localhost/agent")
        more = SHARED if shared else []
        sidecar = Sidecar(self.app.within(
            *self.buildah.run(container, *self.config["Entrypoint"], *self.config["Cmd"], *more, token=shared)))
        self.addCleanup(sidecar.close)
        return container, sidecar

    def health(self, container, shared=False):
        words = self.config["Healthcheck"]["Test"]
        self.assertEqual("CMD", words[0])
        shared = [AGENT, *SHARED[2:]] if shared else []
        return suite.run(*self.app.within(*self.buildah.run(container, *words[1:], *shared, token=bool(shared))), check=False).returncode

    def test_it_is_small_and_has_no_shell(self):
        (image,) = [i for i in json.loads(self.buildah("images", "--json")) if "localhost/agent:latest" in (i["names"] or [])]
        size, unit = re.match(r"([\d.]+) ?(\w+)", image["size"]).groups()
        self.assertEqual("MB", unit)
        self.assertLess(float(size), 60, "MB")
        container = self.buildah("from", "localhost/agent")
        root = pathlib.Path(self.buildah("mount", container))
        programs = {str(p.relative_to(root)) for p in root.rglob("*")
                    if p.is_file() and not p.is_symlink() and os.access(p, os.X_OK) and ".so" not in p.name}
        self.assertEqual({"usr/bin/parallax-agent"}, programs - {"usr/libexec/parallax/parallax-agent-client"})

    def test_its_processes_are_nobody_and_may_nothing(self):
        self.assertEqual("65532:65532", self.config["User"])
        _, sidecar = self.start()
        self.assertEqual(["65532"] * 4, sidecar.status("Uid").split())
        self.assertEqual(["65532"] * 4, sidecar.status("Gid").split())
        self.assertEqual(0, int(sidecar.status("CapEff"), 16))
        self.assertEqual("2", sidecar.status("Seccomp"))

    def test_its_health_check_tells_whether_the_agent_serves(self):
        container, sidecar = self.start()
        self.assertEqual(0, self.health(container))
        os.kill(sidecar.pid, signal.SIGSTOP)  # a process that is there and does not answer
        try:
            started = time.monotonic()
            self.assertEqual(1, self.health(container))
            self.assertLess(time.monotonic() - started, 10)
        finally:
            os.kill(sidecar.pid, signal.SIGCONT)
        sidecar.terminate(30)
        self.assertEqual(1, self.health(container))

    def test_it_is_reached_by_exec_and_sees_what_the_application_sees(self):
        container, _ = self.start()
        argv = self.app.within(*self.buildah.run(container, "parallax-agent", "stdio"))
        report = compare("--inside", f"exec:{' '.join(argv)}", "--outside", "local")
        self.assertEqual("diverged", report["status"])
        self.assertEqual(["only_outside_failed"], [p["judgement"] for p in report["pairs"] if p["probe"] == f"tcp 127.0.0.1:{PORT}"])

    def forwarded(self):
        """ADDRESS:PORT here that leads to the agent's loopback there, as kubectl and SSM forward ports."""
        there = " ".join(self.app.within("socat", "-", f"TCP:{AGENT}")).replace(":", r"\:")
        forward = subprocess.Popen(["socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork", f"EXEC:{there}"],
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(forward.stderr.close)
        self.addCleanup(forward.wait)
        self.addCleanup(forward.kill)
        for line in forward.stderr:
            found = re.search(r"listening on AF=2 (127\.0\.0\.1:\d+)", line)
            if found:
                return found.group(1)
        raise AssertionError("socat did not listen")

    def test_it_is_reached_through_a_forwarded_port_by_whoever_has_the_token(self):
        container, _ = self.start(shared=True)
        forwarded = self.forwarded()
        report = compare("--inside", f"grpc://{forwarded}", "--outside", "local", *WITH_TOKEN)
        self.assertEqual("diverged", report["status"])
        stranger = side(compare("--inside", f"grpc://{forwarded}", "--outside", "local"), "inside")
        self.assertIn("wants a token", stranger["missing"])
        self.assertEqual((0, 1), (self.health(container, shared=True), self.health(container)))

    def test_by_default_its_socket_is_its_users_alone(self):
        container, _ = self.start()
        path = pathlib.Path(self.buildah("mount", container)) / "run/parallax-agent/agent.sock"
        self.assertEqual((0o140600, 65532), (path.stat().st_mode, path.stat().st_uid))
        self.assertEqual((0o40700, 65532), (path.parent.stat().st_mode, path.parent.stat().st_uid))

    def test_sigterm_lets_it_end_what_it_runs(self):
        container, sidecar = self.start(shared=True)
        forwarded = self.forwarded()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(compare, "--inside", f"grpc://{forwarded}", "--outside", "local", *WITH_TOKEN, "--timeout", "8s",
                                  target=f"postgres://app@127.0.0.1:{FROZEN}/app")
            while FROZEN not in self.connected():
                self.assertFalse(running.done(), "the session was over before the signal")
            os.kill(sidecar.pid, signal.SIGTERM)
            self.assertEqual(1, self.health(container, shared=True), "it takes new sessions")
            self.assertFalse(running.done(), "the session was over before new ones were refused")
            code, said = sidecar.ended(60)
            report = running.result(timeout=60)
        self.assertEqual(0, code, said)
        self.assertNotIn("one_missing", [pair["judgement"] for pair in report["pairs"]], said)

    def connected(self):
        """The ports of the application's namespace that somebody is connected to, from /proc/net/tcp (01: established)."""
        lines = [line.split() for line in suite.run(*self.app.within("cat", "/proc/net/tcp")).stdout.splitlines()[1:]]
        return {int(line[2].split(":")[1], 16) for line in lines if line[3] == "01"}

    def test_it_needs_no_file_system_to_write(self):
        container = self.buildah("from", "localhost/agent")
        root = self.buildah("mount", container)
        mounts = ('mount --bind "$0" "$0"; for at in proc dev; do mount --rbind /$at "$0/$at"; done; '
                  'mount -o remount,bind,ro "$0"; exec "$@"')

        def inside(*command):
            return ["unshare", "-m", "--propagation", "private", "sh", "-euc", mounts, root, *self.app.within(
                "env", f"PARALLAX_AGENT_TOKEN={TOKEN}", "chroot", "--userspec=65532:65532", "--groups=", root, *command)]
        sidecar = Sidecar(inside("/usr/bin/parallax-agent", "serve", *SHARED))
        self.addCleanup(sidecar.close)
        (options,) = re.findall(r"^\d+ \d+ \S+ \S+ / (\S+)", pathlib.Path(f"/proc/{sidecar.pid}/mountinfo").read_text(), re.M)
        self.assertIn("ro", options.split(","))
        self.assertEqual(0, suite.run(*inside("/usr/bin/parallax-agent", "check", AGENT, *SHARED[2:])).returncode)
        report = compare("--inside", f"grpc://{self.forwarded()}", "--outside", "local", *WITH_TOKEN)
        self.assertEqual("diverged", report["status"])
        self.assertEqual(0, sidecar.terminate(30)[0])


if __name__ == "__main__":
    suite.main()
