"""One scenario file, and one lab that is in that situation, from up to down."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import tomllib

import bastion_faults  # noqa: F401
import server_faults  # noqa: F401
import tunnel_faults  # noqa: F401
from fault import EARLY, LATE
from processes import LabError, Processes, run
from services import DATABASE, PASSWORD, ROOT, USER, Services
from topology import PLANS, Topology
from tunnels import FORWARD_PORT, Tunnels

SCENARIOS = pathlib.Path(__file__).resolve().parent / "scenarios"
STATE_PREFIX = "/tmp/parallax-lab-"
COMPARE_SECONDS = 150
FAILURES = ROOT / "build" / "lab-failures"


class Scenario:
    """One file: what carries, what breaks, and what must be said about it."""

    def __init__(self, path):
        self.name = path.stem
        with open(path, "rb") as file:
            data = tomllib.load(file)
        self.sentence = data.pop("sentence")
        self.tunnel = data.pop("tunnel")
        self.before = data.pop("before", [])
        self.after = data.pop("after", [])
        self.target = data.pop("target", f"postgres://{USER}@{{db_name}}:5432/{DATABASE}?sslmode=require")
        self.inside = data.pop("inside", "exec:ip netns exec {ns_agent} {bin}/parallax-agent stdio")
        self.outside = data.pop("outside", "")  # none: the default, `local`
        self.flags = data.pop("flags", [])
        self.fresh = data.pop("fresh", "")  # why the fault decays, so that each run needs a lab of its own
        self.once = data.pop("once", "")  # of which other scenario this is a variation, so that --times does not repeat it
        self.expect = data.pop("expect")
        self.says = self.expect.pop("says", [])  # words that must stand in the text report
        self.findings = self.expect.pop("findings", [])  # causes that must be among the findings
        self.could_be = self.expect.pop("could_be", [])  # causes that must be among the alternatives
        unknown = list(data) + [f for f in self.before + self.after if f not in EARLY | LATE]
        unknown += [f"{f} (must stand in 'before')" for f in self.after if f in EARLY]
        if unknown:
            raise LabError(f"{path}: these are not known: {', '.join(unknown)}")


def scenarios():
    return {path.stem: Scenario(path) for path in sorted(SCENARIOS.glob("*.toml"))}


class Lab:
    """One lab, from up to down."""

    def __init__(self, name, plan, rtt, bin_dir):
        if not re.fullmatch(r"[a-z0-9]{1,20}", name):
            raise LabError(f"a lab's name is 1 to 20 lower-case letters and digits, not '{name}'")
        self.name = name
        self.state = pathlib.Path(STATE_PREFIX + name)
        self.plan = PLANS[plan]
        self._plan_letter, self._rtt, self.bin = plan, rtt, bin_dir
        self.golden = None  # a folder: where a run that is as expected is recorded, as a case of tests/scenarios
        self.keep_runs = None  # a folder: where each run is kept, as expected or not, and its JSON report
        self.inside_password = self.outside_password = PASSWORD

    def _parts(self):
        self.processes = Processes(self.state)
        self.topology = Topology(self.name, self.plan, self.state, self.processes)
        self.services = Services(self.plan, self.state, self.processes, self.topology)
        self.tunnels = Tunnels(self.plan, self.state, self.processes, self.topology, self.services)

    def up(self, scenario):
        try:
            self.state.mkdir(mode=0o755)
        except FileExistsError as error:
            raise LabError(f"a lab '{self.name}' is there already; take it down: tests/lab/lab.py down --name {self.name}"
                           ) from error
        self._parts()
        (self.state / "lab.json").write_text(json.dumps({"plan": self._plan_letter, "scenario": scenario.name}))
        for name in scenario.before:
            if name in EARLY:
                EARLY[name](self)
        self.topology.up(self.bin / "parallax_shaper", self._rtt)
        self.services.up()
        for name in scenario.before:
            if name in LATE:
                LATE[name](self)
        self.tunnels.up(scenario.tunnel)
        for name in scenario.after:
            LATE[name](self)

    def down(self):
        """Takes everything down that is there; may be called at any moment, and by another process than the one of up."""
        if not self.state.exists():
            return
        self._parts()
        try:
            self.processes.stop_all()
        finally:
            self.tunnels.down()
            self.topology.down()
            shutil.rmtree(self.state, ignore_errors=True)

    def _fill(self, scenario_text):
        """The placeholders of a scenario file: addresses by their role, namespaces by `ns_ROLE`."""
        values = {field: getattr(self.plan, field) for field in ("db", "db_name", "bastion", "bastion_private", "edge", "resolver")}
        values |= {f"ns_{role}": self.topology.ns(role) for role in ("agent", "bastion")}
        return scenario_text.format(**values, bin=self.bin, state=self.state, forward_port=FORWARD_PORT)

    def url(self, scenario):
        return self._fill(scenario.target)

    def compare_command(self, scenario):
        """The words after `parallax compare` that this scenario is asked with, without format and store."""
        inside = self._fill(scenario.inside)
        if self.inside_password != self.outside_password and inside.startswith("exec:ip netns exec"):
            # A file, so that the password stands in no command line and so in no report.
            starter = self.state / "inside-agent"
            starter.write_text(f"#!/bin/sh\nPGPASSWORD={self.inside_password} exec ip netns exec {self.topology.ns('agent')} "
                               f"{self.bin}/parallax-agent stdio\n")
            starter.chmod(0o755)
            inside = f"exec:{starter}"
        words = [self.url(scenario), "--inside", inside]
        if words[0].startswith("postgres:"):
            words += ["--password-from", "env:PGPASSWORD"]
        if scenario.outside:
            # Where another user than root can read it: the build's own folder may be closed to others.
            shutil.copy(self.bin / "parallax-agent", self.state / "parallax-agent")
            words += ["--outside", self._fill(scenario.outside)]
        return words + [self._fill(flag) for flag in scenario.flags]

    def on_laptop(self, argv, seconds, capture=True):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state), "PGPASSWORD": self.outside_password}
        if pathlib.Path(argv[0]).name != "parallax":
            environment["PGCONNECT_TIMEOUT"] = "10"  # ours has a patience of its own, and would say that it ignores this
        environment |= {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "TSAN_", "LSAN_"))
                        or k in ("TERM", "COLUMNS", "NO_COLOR")}
        return run(["ip", "netns", "exec", self.topology.ns("laptop"), *argv], seconds=seconds, check=False, env=environment,
                   capture=capture)

    def compare(self, scenario):
        """Runs the comparison; gives what differs from the expectation, as words, and the text report when something does."""
        store = ["--store", str(self.state / "runs.db")]
        done = self.on_laptop([self.bin / "parallax", "compare", *self.compare_command(scenario), "--format", "json", *store],
                              COMPARE_SECONDS)
        try:
            document = json.loads(done.stdout)
        except ValueError as error:
            wrong = [f"stdout is not one JSON document ({error}), exit {done.returncode}"]
            self.keep_logs(scenario)
            return wrong + self._tunnel_words(), done.stdout[-500:] + done.stderr[-2000:]
        if self.keep_runs:
            (self.keep_runs / f"{scenario.name}.report.json").write_text(done.stdout)
            self.on_laptop([self.bin / "parallax", "export", "last", "--output", self.keep_runs / f"{scenario.name}.run.txtpb", *store],
                           20)
        wrong = mismatches(scenario.expect, document, done.returncode)
        words = " ".join(self.on_laptop([self.bin / "parallax", "show", "last", *store], 20).stdout.split()) \
            if scenario.says else ""
        wrong += [f"the report does not say {text!r}" for text in scenario.says if text not in words]
        alternatives = (document.get("verdict") or {}).get("alternatives", [])
        wrong += [f"{cause} is not among the alternatives {alternatives}" for cause in scenario.could_be
                  if cause not in alternatives]
        found = [finding.get("cause") for finding in document.get("findings", [])]
        wrong += [f"{cause} is not among the findings {found}" for cause in scenario.findings if cause not in found]
        if not wrong:
            if self.golden:
                self.on_laptop([self.bin / "parallax", "diagnose", "last", "--golden", self.golden, "--name", scenario.name,
                                *store], 20)
            return [], ""
        wrong += self._tunnel_words()
        text = self.on_laptop([self.bin / "parallax", "show", "last", *store], 20)
        facts = json.dumps({"verdict": document.get("verdict"), "findings": document.get("findings"),
                            "sides": document.get("sides")}, indent=1)
        self.keep_logs(scenario)
        return wrong, text.stdout + text.stderr + done.stderr[-2000:] + "\n" + facts


    def _tunnel_words(self):
        """Of a failure: whether what carries was still there, for a tunnel may end by itself."""
        return [f"at that time {self.tunnels.alive()}"]

    def keep_logs(self, scenario):
        folder = FAILURES / scenario.name
        shutil.rmtree(folder, ignore_errors=True)
        if (self.state / "log").exists():
            shutil.copytree(self.state / "log", folder)


def mismatches(expect, document, exit_code):
    rungs = {side.get("name"): side.get("rung") for side in document.get("sides", [])}
    got = {"status": document.get("status"), "cause": (document.get("verdict") or {}).get("cause", ""), "exit": exit_code,
           "inside": rungs.get("inside"), "outside": rungs.get("outside")}
    return [f"{key} is {got[key]!r}, expected {want!r}" for key, want in expect.items() if got[key] != want]


def take_down(lab):
    # A second Ctrl-C must not leave half a lab behind.
    previous = [(s, signal.signal(s, signal.SIG_IGN)) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    try:
        lab.down()
    finally:
        for number, handler in previous:
            signal.signal(number, handler)


@contextlib.contextmanager
def brought_up(lab, scenario):
    try:
        lab.up(scenario)
        yield lab
    except LabError:
        lab.keep_logs(scenario)
        raise
    finally:
        take_down(lab)
