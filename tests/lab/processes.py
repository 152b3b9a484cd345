"""The processes of one lab: started in its namespaces, written down, and ended by what was written down. No other process
is ever signalled: a pid counts only together with the start time that was noted when it was started."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time


class LabError(Exception):
    """The lab could not be brought up or asked; the text says what, where and what to do."""


def wait_until(condition, seconds, what):
    """Polls `condition` until it gives something true, which is returned; LabError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(0.02)


def run(argv, *, stdin=None, seconds=20, check=True, env=None, capture=True):
    """Runs a command to its end and gives its CompletedProcess; LabError with its output when it fails. Without `capture`
    the command writes where this program does."""
    try:
        done = subprocess.run([str(a) for a in argv], input=stdin, capture_output=capture, text=True, timeout=seconds,
                              env=env)
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed ({error}); run: deploy/install-packages.sh lab") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(map(str, argv))}: not done after {seconds} s") from error
    if check and done.returncode != 0:
        text = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{' '.join(map(str, argv))}: exit {done.returncode}: {text}")
    return done


def _stat(pid):
    """(state, parent, start time) of a process, or None."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return fields[0], int(fields[1]), int(fields[19])


def _program(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def descendants(pid):
    """The pids below `pid`, as they are now."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := _stat(entry)):
            children.setdefault(stat[1], []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


class Processes:
    """Owns what it started. The record is a file, so that a later `down` can end what an `up` left running."""

    def __init__(self, state):
        self._logs = state / "log"
        self._logs.mkdir(exist_ok=True)
        self._file = state / "processes.jsonl"
        self._own = {}
        self._records = []
        if self._file.exists():
            self._records = [json.loads(line) for line in self._file.read_text().splitlines()]

    def start(self, name, argv, *, netns=None, env=None, cwd="/"):
        """Starts `argv` in a namespace, its output in log/NAME.log. Gives its pid."""
        if netns:
            argv = ["ip", "netns", "exec", netns, *argv]
        with open(self.log(name), "ab") as log:
            process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                       env=env, start_new_session=True)
        self._own[process.pid] = process
        stat = _stat(process.pid)
        record = {"name": name, "pid": process.pid, "start": stat[2] if stat else 0}
        self._records.append(record)
        with open(self._file, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        return process.pid

    def log(self, name):
        return self._logs / f"{name}.log"

    def tail(self, name):
        return self.log(name).read_text(errors="replace")[-1500:] if self.log(name).exists() else ""

    def pid(self, name):
        """The pid of the last process that was started by this name and still runs; None when there is none."""
        for record in reversed(self._records):
            if record["name"] == name and self._alive(record["pid"], record["start"]):
                return record["pid"]
        return None

    def send(self, name, number):
        pid = self.pid(name)
        if pid is None:
            raise LabError(f"{name} does not run; its last words:\n{self.tail(name)}")
        os.kill(pid, number)

    def send_below(self, name, program, number):
        """To the one process of that program that `name` started."""
        below = [pid for pid in descendants(self.pid(name) or 0) if _program(pid) == program]
        if len(below) != 1:
            raise LabError(f"{name} has {len(below)} processes of {program} below it, not one:\n{self.tail(name)}")
        os.kill(below[0], number)

    def stop(self, name, number=signal.SIGKILL):
        """Ends one process and what it started; returns when all are gone."""
        self._end([r for r in self._records if r["name"] == name], number)

    def stop_all(self):
        # A killed PostgreSQL would leave its shared memory behind, and a stopped one does not hear.
        servers = [r for r in self._records if r["name"].startswith("postgres")]
        self._kill([(r["pid"], r["start"]) for r in servers], signal.SIGCONT)
        self._end(servers, signal.SIGINT)
        self._end(self._records, signal.SIGKILL)

    def _alive(self, pid, start):
        if pid in self._own and self._own[pid].poll() is not None:
            return False
        stat = _stat(pid)
        return stat is not None and stat[2] == start and stat[0] not in "ZX"

    def _end(self, records, number):
        # What they started is listed first: sshd's and the tunnel's children survive their parents.
        living = []
        for record in records:
            if self._alive(record["pid"], record["start"]):
                below = [(pid, stat[2]) for pid in descendants(record["pid"]) if (stat := _stat(pid))]
                living += [(record["pid"], record["start"]), *below]
                self._kill([(record["pid"], record["start"])], number)
        if number != signal.SIGKILL:
            with contextlib.suppress(LabError):  # it had its chance
                wait_until(lambda: not self._left(living), 4, "an orderly end")
        self._kill(living, signal.SIGKILL)
        wait_until(lambda: not self._left(living), 5, lambda: f"these processes to end: {self._left(living)}")

    def _left(self, living):
        return [pid for pid, start in living if self._alive(pid, start)]

    def _kill(self, living, number):
        for pid in self._left(living):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
