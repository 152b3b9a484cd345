#!/usr/bin/env python3
"""Runs every file of deploy/experiments, as it stands there, in a lab: what a reader copies must work.

    examples.py [NAME...] [--bin build/dev] [--plan a|b]

Only what no example can know is laid over it (--set): the lab's addresses and how its inside agent is started."""
import argparse
import ipaddress
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from processes import LabError, wait_until  # noqa: E402
from scenario import Lab, brought_up  # noqa: E402
from services import DATABASE, PASSWORD, ROOT, USER  # noqa: E402
from topology import PLANS  # noqa: E402

EXAMPLES = ROOT / "deploy" / "experiments"
SECONDS = 240


class Situation:
    """What `Lab.up` needs of a scenario."""

    def __init__(self, name, tunnel):
        self.name, self.tunnel, self.before, self.after, self.fresh = name, tunnel, [], [], ""


def inside(lab):
    return f"sides.inside='exec:ip netns exec {lab.topology.ns('agent')} {lab.bin}/parallax-agent stdio'"


def target(lab, host, more=""):
    return f"targets=postgres://{USER}@{host}:5432/{DATABASE}{more}"


def nat(lab, on):
    """The bastion's masquerade: without it the VPC sees the laptop's own address, and has no way back to it."""
    if on:
        lab.topology.nft("bastion", "wireguard", "nat", "postrouting", 'oifname "eth1" masquerade')
    else:
        subprocess.run(["ip", "netns", "exec", lab.topology.ns("bastion"), "nft", "delete", "table", "ip", "wireguard"],
                       check=True)


def sslmode_matrix(lab):
    return [inside(lab), target(lab, lab.plan.db_name), f"ssl_root_cert={lab.state}/ca.crt"], None


def nat_toggle(lab):
    nat(lab, False)

    def person(said, answer):
        wait_until(lambda: "toggle the NAT, then press enter" in said(), SECONDS, "the pause")
        nat(lab, True)
        answer("\n")
    return [inside(lab), target(lab, lab.plan.db_name, "?sslmode=require")], person


def proxy_addresses(lab):
    second = str(ipaddress.ip_address(lab.plan.otherdb) + 1)
    lab.services.pooler(second)
    return [inside(lab), target(lab, lab.plan.db_name, "?sslmode=require"),
            f"matrix.address=[{lab.plan.otherdb}, {second}]"], None


def pool(lab):
    return [inside(lab), target(lab, lab.plan.db_name, "?sslmode=require")], None


def health_endpoint(lab):
    port = lab.services.health_endpoint()
    return [f"sides.inside='http://{lab.plan.edge}:{port}/api/health#/database/status=connected'",
            target(lab, lab.plan.db_name, "?sslmode=require")], None


def soak(lab):
    return [inside(lab), target(lab, lab.plan.db_name, "?sslmode=require"), "duration=15s", "every=4s"], None


# The file, what carries, and what the lab lays over it.
CASES = {"sslmode-matrix": ("sst", sslmode_matrix), "nat-toggle": ("wireguard", nat_toggle),
         "proxy-addresses": ("sst", proxy_addresses), "pool": ("sst", pool), "health-endpoint": ("sst", health_endpoint),
         "soak": ("sst", soak)}


def carry_out(lab, name, overrides, person):
    """(exit code, report) of the example."""
    words = ["ip", "netns", "exec", lab.topology.ns("laptop"), lab.bin / "parallax", "run", EXAMPLES / f"{name}.yaml", "--store",
             lab.state / "runs.db"]
    for override in overrides:
        words += ["--set", override]
    environment = {"PATH": os.environ["PATH"], "HOME": str(lab.state), "PGPASSWORD": PASSWORD}
    environment |= {k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "LSAN_"))}
    log = lab.processes.log("example")
    with open(log, "w", encoding="utf-8") as errors:
        child = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                 text=True, env=environment)
    problems = []

    def said():
        if child.poll() is not None:
            raise LabError("it ended before anybody was asked")
        return log.read_text(encoding="utf-8")

    def act():
        try:
            person(said, lambda text: (child.stdin.write(text), child.stdin.flush()))
        except (LabError, OSError, subprocess.CalledProcessError) as error:
            problems.append(f"the person: {error}")
            child.kill()

    thread = threading.Thread(target=act) if person else None
    if thread:
        thread.start()
    try:
        out = child.stdout.read()
        code = child.wait(timeout=SECONDS)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if thread:
            thread.join()
        child.stdin.close()
        child.stdout.close()
    return code, out + "\n".join([log.read_text(encoding="utf-8"), *problems])


def main():
    parser = argparse.ArgumentParser(prog="examples.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--plan", choices=sorted(PLANS), default="a")
    parser.add_argument("--verbose", action="store_true", help="print every report")
    arguments = parser.parse_args()

    def ended(number, _frame):
        sys.exit(128 + number)  # the lab is taken down on the way
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    files = {path.stem for path in EXAMPLES.glob("*.yaml")}
    passed = failed = skipped = 0
    for name in sorted(files ^ set(CASES)):
        print(f"FAIL {name}: it is in one of deploy/experiments and the cases of examples.py only")
        failed += 1
    unknown = [name for name in arguments.names if name not in CASES]
    if unknown:
        print(f"examples.py: there is no example {', '.join(unknown)}; there are {', '.join(sorted(CASES))}", file=sys.stderr)
        return 2
    for name in arguments.names or sorted(CASES):
        if os.geteuid() != 0:
            print(f"skip {name}: needs root, for network namespaces")
            skipped += 1
            continue
        tunnel, prepare = CASES[name]
        lab = Lab(f"plxe{os.getpid()}", arguments.plan, 40, arguments.bin.resolve())
        situation = Situation(f"example-{name}", tunnel)
        started = time.monotonic()
        try:
            with brought_up(lab, situation):
                overrides, person = prepare(lab)
                code, report = carry_out(lab, name, overrides, person)
                if code != 0:
                    lab.keep_logs(situation)
        except LabError as error:
            code, report = None, str(error)
        seconds = time.monotonic() - started
        if code == 0:
            passed += 1
            print(f"ok {name} ({seconds:.1f} s)", flush=True)
        else:
            failed += 1
            print(f"FAIL {name}: exit {code}, every expectation should be met ({seconds:.1f} s)", flush=True)
        if code != 0 or arguments.verbose:
            print(report.rstrip(), flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
