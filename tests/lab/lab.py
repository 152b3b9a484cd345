#!/usr/bin/env python3
"""The lab: real tunnels and real faults in network namespaces of this machine. See README.md.

    lab.py list
    lab.py run NAME...|--all [--times N]     runs `parallax compare` in scenarios and checks its verdict
    lab.py up NAME                           brings one up and leaves it up
    lab.py down                              takes it down
    lab.py calibrate DIR                     tests/lab/calibration.tsv anew, from the reports that `run --keep-runs DIR` kept"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from processes import LabError  # noqa: E402
from scenario import COMPARE_SECONDS, FAILURES, STATE_PREFIX, Lab, brought_up, mismatches, scenarios, take_down  # noqa: E402
from services import ROOT  # noqa: E402
from topology import PLANS  # noqa: E402


def run_scenario(scenario, lab_of, times):
    """Yields (problem or None, details, seconds) for each of `times` runs. One lab serves several runs where it can."""
    shutil.rmtree(FAILURES / scenario.name, ignore_errors=True)  # of another time
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
            yield str(error), f"its logs are in {FAILURES / scenario.name}", time.monotonic() - started
        left -= done


def command_run(arguments, known):
    names = list(known) if arguments.all else arguments.names
    unknown = [n for n in names if n not in known]
    if arguments.times < 1 or arguments.jobs < 1:
        raise LabError("--times and --jobs take a whole number from 1")
    if unknown or not names:
        raise LabError(f"no such scenario: {', '.join(unknown)}; see: tests/lab/lab.py list" if unknown else
                       "which scenario? name some, or --all; see: tests/lab/lab.py list")
    passed = failed = skipped = 0
    reason = None if os.geteuid() == 0 else "needs root, for network namespaces"
    if not reason:
        need_programs(arguments.bin, "parallax", "parallax-agent", "parallax_shaper")
    if arguments.jobs > 1 and len(names) > 1 and not reason:
        return run_in_jobs(arguments, names, known)
    for name in names:
        if reason:
            print(f"skip {name}: {reason}", flush=True)
            skipped += arguments.times
            continue
        times = 1 if arguments.all and known[name].once else arguments.times
        for problem, details, seconds in run_scenario(known[name], lambda: new_lab(arguments), times):
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


def run_in_jobs(arguments, names, known):
    """Several labs at once, each in a process of its own: they share nothing, and mostly wait."""
    base = arguments.name or f"plx{os.getpid()}"
    free, children, counts, ending = list(range(arguments.jobs)), {}, [0, 0, 0], []
    golden = ["--golden", str(arguments.golden)] if arguments.golden else []
    golden += ["--keep-runs", str(arguments.keep_runs)] if arguments.keep_runs else []

    def run_one(name):
        if ending:
            return ""
        times = 1 if arguments.all and known[name].once else arguments.times
        slot = free.pop()
        child = subprocess.Popen(
            [sys.executable, __file__, "run", "--times", str(times), "--bin", str(arguments.bin), "--rtt",
             str(arguments.rtt), "--plan", arguments.plan, "--jobs", "1", "--name", f"{base}x{slot}", *golden, name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        children[slot] = child
        try:
            return child.communicate()[0]
        finally:
            del children[slot]
            free.append(slot)

    pool = concurrent.futures.ThreadPoolExecutor(arguments.jobs)
    try:
        for done in concurrent.futures.as_completed([pool.submit(run_one, name) for name in names]):
            lines = done.result().rstrip().split("\n")
            numbers = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", lines[-1])
            print("\n".join(lines[:-1] if numbers else [*lines, "FAIL: a lab's process ended without counting"]), flush=True)
            counts = [a + b for a, b in zip(counts, map(int, numbers.groups()) if numbers else (0, arguments.times, 0))]
    finally:
        ending.append(True)
        for child in list(children.values()):
            child.terminate()  # it takes its lab down
        pool.shutdown(cancel_futures=True)
    print("{} passed, {} failed, {} skipped".format(*counts), flush=True)
    return 1 if counts[1] else 0


def need_programs(bin_dir, *programs):
    missing = [p for p in programs if not (bin_dir / p).exists()]
    if missing:
        raise LabError(f"{bin_dir} has no {', '.join(missing)}; build them: cmake --preset dev && cmake --build --preset dev "
                       "--target parallax parallax-agent parallax_shaper (or name another build with --bin)")


def new_lab(arguments):
    lab = Lab(arguments.name or f"plx{os.getpid()}", arguments.plan, arguments.rtt, arguments.bin)
    lab.golden = getattr(arguments, "golden", None)
    lab.keep_runs = getattr(arguments, "keep_runs", None)
    return lab


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
                      ["psql", "-X", "-Atc", "select 'the query ran'", lab.url(scenario).replace("postgres:", "postgresql:")]):
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
        f"  query           {environment} {on} psql '{lab.url(scenario).replace('postgres:', 'postgresql:')}' -c 'select 1'",
        f"  compare         {environment} {on} {lab.bin}/parallax compare {words}",
        f"  take it down    tests/lab/lab.py down --name {lab.name}",
        *([f"It does not last: {scenario.fresh}."] if scenario.fresh else [])])


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


CALIBRATION = pathlib.Path(__file__).resolve().parent / "calibration.tsv"


def command_calibrate(arguments, known):
    """What each atom said, by the cause that the scenario is of: how often yes, no and unknown."""
    said = collections.defaultdict(collections.Counter)
    runs, order = collections.Counter(), []
    for path in sorted(arguments.folder.glob("*.report.json")):
        name = path.name.removesuffix(".report.json")
        if name not in known:
            raise LabError(f"{path} is of no scenario")
        cause = known[name].expect.get("cause") or known[name].expect["status"]
        runs[cause] += 1
        for target in json.loads(path.read_text())["targets"]:
            for atom in target["atoms"]:
                said[atom["name"], cause][atom["answer"]] += 1
                if atom["name"] not in order:
                    order.append(atom["name"])
    if not runs:
        raise LabError(f"{arguments.folder} has no *.report.json: lab.py run --all --keep-runs {arguments.folder}")
    lines = ["# What each atom said in the lab, by the cause of the scenario. Made by: tests/lab/lab.py calibrate DIR",
             "# A line of `*` says how many runs a cause had. Where an atom said nothing but unknown there is no line.",
             "atom\tcause\tyes\tno\tunknown"]
    lines += [f"*\t{cause}\t{count}\t0\t0" for cause, count in sorted(runs.items())]
    for atom in order:
        for cause in sorted(runs):
            count = said[atom, cause]
            if count["yes"] + count["no"]:
                lines.append(f"{atom}\t{cause}\t{count['yes']}\t{count['no']}\t{count['unknown']}")
    CALIBRATION.write_text("\n".join(lines) + "\n")
    print(f"{CALIBRATION}: {sum(runs.values())} runs, {len(runs)} causes, {len(order)} atoms", flush=True)
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
    sub.add_argument("--golden", type=pathlib.Path, metavar="DIR", help="record what is as expected (tests/scenarios)")
    sub.add_argument("--keep-runs", type=pathlib.Path, metavar="DIR", help="keep each run there, and its JSON report")
    sub.add_argument("--jobs", type=int, default=2, metavar="N", help="labs at once (2)")
    sub.set_defaults(call=command_run)
    sub = commands.add_parser("up", parents=[options], help="bring one up and leave it up")
    sub.add_argument("scenario", metavar="NAME")
    sub.set_defaults(call=command_up)
    sub = commands.add_parser("demo", parents=[options], help="what deploy/demo.sh shows")
    sub.add_argument("scenario", metavar="NAME")
    sub.add_argument("--keep", action="store_true", help="leave the lab up")
    sub.set_defaults(call=command_demo)
    sub = commands.add_parser("calibrate", help="write calibration.tsv from the reports that --keep-runs kept")
    sub.add_argument("folder", type=pathlib.Path, metavar="DIR")
    sub.set_defaults(call=command_calibrate)
    sub = commands.add_parser("down", help="take a lab down")
    sub.add_argument("--name")
    sub.set_defaults(call=command_down)
    arguments = parser.parse_args()
    if hasattr(arguments, "bin"):
        arguments.bin = arguments.bin.resolve()
    if getattr(arguments, "golden", None):
        arguments.golden = arguments.golden.resolve()
    if getattr(arguments, "keep_runs", None):
        arguments.keep_runs = arguments.keep_runs.resolve()
        arguments.keep_runs.mkdir(parents=True, exist_ok=True)

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
