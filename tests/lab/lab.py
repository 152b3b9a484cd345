#!/usr/bin/env python3
"""The lab: real tunnels and real faults in network namespaces of this machine. See README.md.

    lab.py list
    lab.py run NAME...|--all [--times N]     runs `parallax compare` in scenarios and checks its verdict
    lab.py up NAME                           brings one up and leaves it up
    lab.py down                              takes it down"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import time
import tomllib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import faults  # noqa: E402
from processes import LabError, Processes, run  # noqa: E402
from services import DATABASE, PASSWORD, ROOT, USER, Services  # noqa: E402
from topology import PLANS, Topology  # noqa: E402
from tunnels import FORWARD_PORT, Tunnels  # noqa: E402

SCENARIOS = pathlib.Path(__file__).resolve().parent / "scenarios"
STATE_PREFIX = "/tmp/parallax-lab-"
COMPARE_SECONDS = 150


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
        self.inside = data.pop("inside", "exec:ip netns exec {agent} {bin}/parallax-agent stdio")
        self.flags = data.pop("flags", [])
        self.fresh = data.pop("fresh", False)  # the fault decays: each run needs a lab of its own
        self.expect = data.pop("expect")
        self.note = data.pop("note", "")
        unknown = list(data) + [f for f in self.before + self.after if f not in faults.EARLY | faults.LATE]
        unknown += [f"{f} (must stand in 'before')" for f in self.after if f in faults.EARLY]
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
            if name in faults.EARLY:
                faults.EARLY[name](self)
        self.topology.up(self.bin / "parallax_shaper", self._rtt)
        self.services.up()
        for name in scenario.before:
            if name in faults.LATE:
                faults.LATE[name](self)
        self.tunnels.up(scenario.tunnel)
        for name in scenario.after:
            faults.LATE[name](self)

    def down(self):
        """Takes everything down that is there; may be called at any moment, and by another process than the one of up."""
        if not self.state.exists():
            return
        self._parts()
        try:
            self.processes.stop_all()
        finally:
            self.topology.down()
            shutil.rmtree(self.state, ignore_errors=True)

    def url(self):
        return f"postgres://{USER}@{self.plan.db_name}:5432/{DATABASE}?sslmode=require"

    def compare_command(self, scenario):
        """The words after `parallax compare` that this scenario is asked with, without format and store."""
        inside = scenario.inside.format(agent=self.topology.ns("agent"), bin=self.bin)
        if self.inside_password != self.outside_password and inside.startswith("exec:ip netns exec"):
            # A file, so that the password stands in no command line and so in no report.
            starter = self.state / "inside-agent"
            starter.write_text(f"#!/bin/sh\nPGPASSWORD={self.inside_password} exec ip netns exec {self.topology.ns('agent')} "
                               f"{self.bin}/parallax-agent stdio\n")
            starter.chmod(0o755)
            inside = f"exec:{starter}"
        flags = [flag.format(db_name=self.plan.db_name, forward_port=FORWARD_PORT) for flag in scenario.flags]
        return [self.url(), "--password-from", "env:PGPASSWORD", "--inside", inside, *flags]

    def on_laptop(self, argv, seconds, capture=True):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state), "PGPASSWORD": self.outside_password,
                       "PGCONNECT_TIMEOUT": "10"}
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
            return [f"stdout is not one JSON document ({error}), exit {done.returncode}"], done.stdout[-500:] + done.stderr[-2000:]
        wrong = mismatches(scenario.expect, document, done.returncode)
        if not wrong:
            return [], ""
        text = self.on_laptop([self.bin / "parallax", "show", "last", *store], 20)
        facts = json.dumps({"verdict": document.get("verdict"), "findings": document.get("findings"),
                            "sides": document.get("sides")}, indent=1)
        return wrong, text.stdout + text.stderr + done.stderr[-2000:] + "\n" + facts


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
    finally:
        take_down(lab)


def run_scenario(scenario, lab_of, times):
    """Yields (problem or None, details, seconds) for each of `times` runs. One lab serves several runs where it can."""
    left = times
    while left > 0:
        batch = 1 if scenario.fresh else left
        started = time.monotonic()
        done = 0
        try:
            with brought_up(lab_of(), scenario) as lab:
                while done < batch:
                    wrong, details = lab.compare(scenario)
                    done += 1
                    yield "; ".join(wrong) or None, details, time.monotonic() - started
                    started = time.monotonic()
                    if wrong:
                        break  # a lab that gave a wrong answer is not asked again
        except LabError as error:
            done += 1
            yield str(error), "", time.monotonic() - started
        left -= done


def command_run(arguments, known):
    names = list(known) if arguments.all else arguments.names
    unknown = [n for n in names if n not in known]
    if unknown or not names:
        raise LabError(f"no such scenario: {', '.join(unknown)}; see: tests/lab/lab.py list" if unknown else
                       "which scenario? name some, or --all; see: tests/lab/lab.py list")
    passed = failed = skipped = 0
    reason = None if os.geteuid() == 0 else "needs root, for network namespaces"
    if not reason:
        need_programs(arguments.bin, "parallax", "parallax-agent", "parallax_shaper")
    for name in names:
        if reason:
            print(f"skip {name}: {reason}", flush=True)
            skipped += arguments.times
            continue
        for problem, details, seconds in run_scenario(known[name], lambda: new_lab(arguments), arguments.times):
            if problem:
                failed += 1
                print(f"FAIL {name}: {problem} ({seconds:.1f} s)\n{details}".rstrip(), flush=True)
            else:
                passed += 1
                print(f"ok {name} ({seconds:.1f} s)", flush=True)
    if skipped and os.environ.get("CI") == "true":
        print("FAIL: scenarios were skipped, and under CI=true none may be")
        failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


def need_programs(bin_dir, *programs):
    missing = [p for p in programs if not (bin_dir / p).exists()]
    if missing:
        raise LabError(f"{bin_dir} has no {', '.join(missing)}; build them: cmake --preset dev && cmake --build --preset dev "
                       "--target parallax parallax-agent parallax_shaper (or name another build with --bin)")


def new_lab(arguments):
    return Lab(arguments.name or f"plx{os.getpid()}", arguments.plan, arguments.rtt, arguments.bin)


def command_up(arguments, known):
    if arguments.scenario not in known:
        raise LabError(f"no such scenario: {arguments.scenario}; see: tests/lab/lab.py list")
    if os.geteuid() != 0:
        raise LabError("network namespaces need root")
    need_programs(arguments.bin, "parallax_shaper")
    scenario, lab = known[arguments.scenario], new_lab(arguments)
    try:
        lab.up(scenario)
    except BaseException:
        take_down(lab)
        raise
    print(describe(lab, scenario), flush=True)
    return 0


def command_demo(arguments, known):
    """For deploy/demo.sh: what people ask, what they are told, and what Parallax says."""
    scenario, lab = known[arguments.scenario], new_lab(arguments)
    need_programs(arguments.bin, "parallax", "parallax-agent", "parallax_shaper")
    print("bringing up the lab: a laptop, the internet, a bastion and a VPC", flush=True)
    try:
        lab.up(scenario)
        print(f"{scenario.sentence}.\nOn the laptop:\n")
        for words in (["nc", "-zv", "-w", "5", lab.plan.db, "5432"],
                      ["psql", "-X", "-Atc", "select 'the query ran'", lab.url().replace("postgres:", "postgresql:")]):
            print("$ " + " ".join(f'"{word}"' if re.search(r"[ ?']", word) else word for word in words), flush=True)
            done = lab.on_laptop(words, 30)
            print("  " + ((done.stdout + done.stderr).strip() or f"(nothing, exit {done.returncode})").split("\n")[0], flush=True)
        print("$ parallax compare " + " ".join(quoted(lab.compare_command(scenario))) + "\n", flush=True)
        store = ["--store", str(lab.state / "runs.db")]
        # Straight to this terminal: with its colour, its width and its progress line.
        code = lab.on_laptop([arguments.bin / "parallax", "compare", *lab.compare_command(scenario), *store], COMPARE_SECONDS,
                             capture=False).returncode
        shown = lab.on_laptop([arguments.bin / "parallax", "show", "last", "--format", "json", *store], 20)
        try:
            wrong = mismatches(scenario.expect, json.loads(shown.stdout), code)
        except ValueError:
            wrong = [f"no run was stored (exit {code}): {shown.stderr.strip()}"]
        print("\ndemo: " + ("NOT what was expected: " + "; ".join(wrong) if wrong else
                            f"as expected ({scenario.expect['cause'] or scenario.expect['status']})"), flush=True)
        if arguments.keep:
            print(describe(lab, scenario), flush=True)
            lab = None
        return 1 if wrong else 0
    finally:
        if lab:
            take_down(lab)
            print("the lab is down", flush=True)


def quoted(words):
    return [word if re.fullmatch(r"[\w:/@.=%+-]+", word) else f"'{word}'" for word in words]


def describe(lab, scenario):
    words = " ".join(quoted(lab.compare_command(scenario)))
    on = f"ip netns exec {lab.topology.ns('laptop')}"
    environment = f"PGPASSWORD={lab.outside_password}"
    return "\n".join([
        f"lab {lab.name} is up: {scenario.sentence}", f"  state and logs  {lab.state}",
        f"  on the laptop   {on} bash", f"  connect         {on} nc -zv -w 5 {lab.plan.db} 5432",
        f"  query           {environment} {on} psql '{lab.url().replace('postgres:', 'postgresql:')}' -c 'select 1'",
        f"  compare         {environment} {on} {lab.bin}/parallax compare {words}",
        f"  take it down    tests/lab/lab.py down --name {lab.name}"])


def command_down(arguments, _known):
    names = sorted(str(p)[len(STATE_PREFIX):] for p in pathlib.Path("/tmp").glob("parallax-lab-*"))
    wanted = [arguments.name] if arguments.name else names
    if arguments.name and arguments.name not in names or len(wanted) > 1:
        raise LabError(f"which lab? give --name; up are: {', '.join(names) or 'none'}")
    for name in wanted:
        new_lab(argparse.Namespace(name=name, plan="a", rtt=0, bin=pathlib.Path("/"))).down()
        print(f"lab {name} is down")
    if not wanted:
        print("no lab is up")
    return 0


def command_list(_arguments, known):
    width = max(map(len, known))
    for name, scenario in known.items():
        print(f"{name:{width}}  {scenario.expect['cause'] or scenario.expect['status']}")
    return 0


def main():
    parser = argparse.ArgumentParser(prog="lab.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "dev", help="where the programs are (build/dev)")
    options.add_argument("--rtt", type=float, default=40, help="round trip to the bastion in ms (40)")
    options.add_argument("--plan", choices=sorted(PLANS), default="a", help="which addresses")
    options.add_argument("--name", help="of the lab; its namespaces start with it (from the pid)")
    commands.add_parser("list", help="the scenarios and their causes").set_defaults(call=command_list)
    sub = commands.add_parser("run", parents=[options], help="compare in scenarios and check the verdicts")
    sub.add_argument("names", nargs="*", metavar="NAME")
    sub.add_argument("--all", action="store_true")
    sub.add_argument("--times", type=int, default=1, metavar="N")
    sub.set_defaults(call=command_run)
    sub = commands.add_parser("up", parents=[options], help="bring one up and leave it up")
    sub.add_argument("scenario", metavar="NAME")
    sub.set_defaults(call=command_up)
    sub = commands.add_parser("demo", parents=[options], help="what deploy/demo.sh shows")
    sub.add_argument("scenario", metavar="NAME")
    sub.add_argument("--keep", action="store_true", help="leave the lab up")
    sub.set_defaults(call=command_demo)
    sub = commands.add_parser("down", help="take a lab down")
    sub.add_argument("--name")
    sub.set_defaults(call=command_down)
    arguments = parser.parse_args()
    if hasattr(arguments, "bin"):
        arguments.bin = arguments.bin.resolve()

    def interrupted(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        return arguments.call(arguments, scenarios())
    except LabError as error:
        print(f"lab.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
