#!/usr/bin/env python3
"""Leaves an agent running among strangers, and looks whether anything of it grows.

Serves a `parallax-agent` on a unix socket of its own and mixes ordinary sessions with hostile ones: silent, half spoken,
flooding, without the token or with another, leaving in the middle of a large plan, naming FIFOs as files, writing garbage. `parallax-agent check` is called
throughout. Prints resident memory, descriptors and threads at the start, along and at the end. Exit code 1 when one of
them grew, a check failed, a wrong token opened, or no ordinary session was served.

  tests/bench/soak.py --bin build/release --seconds 600

The controller's end is a few frames of HTTP/2 by hand (RFC 9113, RFC 7541 section 6.2.2): a hostile one must be able to
break every rule. Nothing leaves this host.
"""
import argparse
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
MAX_FRAME = 16384
TOKEN = "soak-" + "0123456789abcdef" * 3
GROWN_KB = 6 * 1024  # allocators and pools settle within less
GROWN_DESCRIPTORS = 8
GROWN_THREADS = 8


# Protocol buffers, as far as the contract needs them.
def varint(number):
    out = b""
    while True:
        byte, number = number & 0x7F, number >> 7
        out += bytes([byte | (0x80 if number else 0)])
        if not number:
            return out


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def endpoint(port):
    return text(1, "127.0.0.1") + number(2, port) + text(3, "127.0.0.1")


def tcp_probe(name, port):
    return text(1, name) + number(4, 2000) + text(23, text(1, endpoint(port)))


def postgres_probe(name, port, roots):
    return text(1, name) + number(4, 2000) + text(25, text(1, endpoint(port)) + text(2, "app") + number(4, 4) + text(6, roots))


def plan(probes, attempts=1):
    return number(1, 1) + b"".join(text(3, probe) for probe in probes) + number(4, attempts)


WELCOME = text(1, number(1, 1) + text(2, "soak") + text(3, "soak") + text(4, "inside"))
BYE = text(6, text(1, "over"))


def assignment(which, of_plan):
    return text(3, number(1, which) + text(2, of_plan) + number(3, 1))


def kind_and_body(message):
    """The field of a message that holds one submessage, and the first number in that."""
    field, at = message[0] >> 3, 1
    length, shift = 0, 0
    while True:
        byte = message[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            break
    body = message[at:at + length]
    first, shift, at = 0, 0, 1
    if body[:1] == b"\x08":
        while True:
            byte = body[at]
            first |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
    return field, first


class Gone(Exception):
    """The agent ended the session or the connection."""


class Session:
    """One session with the agent at `path`."""

    def __init__(self, path, timeout=20, token=TOKEN):
        self.token = token
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.received, self.messages = b"", []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def frame(self, kind, flags, stream, payload=b""):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def open(self):
        headers = b""
        for name, value in ((":method", "POST"), (":scheme", "http"), (":path", "/parallax.v1.Agent/Session"),
                            (":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers"),
                            ("authorization", f"Bearer {self.token}")):
            if name == "authorization" and not self.token:
                continue
            headers += b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        self.socket.sendall(PREFACE)
        self.frame(SETTINGS, 0, 0)
        self.frame(HEADERS, END_HEADERS, 1, headers)

    def send(self, message):
        data = b"\x00" + struct.pack(">I", len(message)) + message
        for at in range(0, len(data), MAX_FRAME):
            self.frame(DATA, 0, 1, data[at:at + MAX_FRAME])

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise Gone("closed")
            data += more
        return data

    def receive(self):
        """The next message: its field number and the first number in it."""
        while True:
            if len(self.received) >= 5:
                size = struct.unpack(">I", self.received[1:5])[0]
                if len(self.received) >= 5 + size:
                    message, self.received = self.received[5:5 + size], self.received[5 + size:]
                    return kind_and_body(message)
            head = self.exactly(9)
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            payload = self.exactly(size)
            if kind == SETTINGS and not flags & ACK:
                self.frame(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.frame(PING, ACK, 0, payload)
            elif kind == DATA:
                self.received += payload
                for stream in (0, 1):
                    self.frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", max(1, size)))
            elif kind in (RST_STREAM, GOAWAY) or (kind == HEADERS and flags & END_STREAM):
                raise Gone(f"frame {kind}")

    def begin(self):
        self.open()
        self.receive()  # Hello
        self.send(WELCOME)

    def run(self, which, of_plan):
        """The number of observations that came."""
        self.send(assignment(which, of_plan))
        observed = 0
        while True:
            field, first = self.receive()
            if field == 3:
                observed += 1
                self.send(text(4, number(1, first)))
            elif field == 4:
                return observed


class Soak:
    def __init__(self, program, folder, seconds):
        self.program, self.folder, self.seconds = program, pathlib.Path(folder), seconds
        self.path = str(self.folder / "agent.sock")
        self.fifo = str(self.folder / "roots.pem")
        os.mkfifo(self.fifo)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.counts, self.failed_checks, self.let_in, self.samples = {}, [], [], []
        self.token_file = self.folder / "token"
        self.token_file.touch(mode=0o600)
        self.token_file.write_text(TOKEN)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def accept(self):
        self.listener.settimeout(0.5)
        while not self.stop.is_set():
            try:
                self.listener.accept()[0].close()
            except TimeoutError:
                pass

    # What an honest controller does.
    def ordinary(self):
        with Session(self.path) as session:
            session.begin()
            for which in range(1, 4):
                got = session.run(which, plan([tcp_probe("a", self.port), tcp_probe("b", 1)]))
                if got != 2:
                    raise AssertionError(f"{got} observations of 2")
            session.send(BYE)

    # What a stranger may try. Each ends by itself, or is let go by the agent.
    def idle_connection(self):
        with Session(self.path) as session:
            self.stop.wait(3)
            session.socket.sendall(PREFACE[:10])
            self.stop.wait(1)

    def silent(self):
        with Session(self.path) as session:
            session.open()
            while True:
                session.receive()

    def silent_after_welcome(self):
        with Session(self.path) as session:
            session.begin()
            self.stop.wait(5)

    def wrong_token(self):
        for token in ("", TOKEN[:-1] + "e", "x" * 100):
            with Session(self.path, token=token) as session:
                session.open()
                try:
                    session.receive()
                except Gone:
                    continue
                self.let_in.append(token)

    def garbage(self):
        with Session(self.path) as session:
            session.socket.sendall(random.randbytes(4096))
            session.exactly(1 << 20)

    def garbage_in_session(self):
        with Session(self.path) as session:
            session.begin()
            for _ in range(20):
                session.send(random.randbytes(200))
            while True:
                session.receive()

    def flood_without_reading(self):
        with Session(self.path, timeout=2) as session:
            session.begin()
            for which in range(3000):
                session.send(text(2, number(1, which + 1)))

    def leave_large_plan(self):
        with Session(self.path) as session:
            session.begin()
            session.send(assignment(1, plan([tcp_probe(f"p{i}", 1) for i in range(190)], attempts=500)))
            session.receive()

    def too_much_work(self):
        with Session(self.path) as session:
            session.begin()
            session.run(1, plan([tcp_probe(f"p{i}", 1) for i in range(500)], attempts=1000))

    def name_a_fifo(self):
        with Session(self.path) as session:
            session.begin()
            session.run(1, plan([postgres_probe("p", self.port, self.fifo), postgres_probe("q", self.port, "/etc/passwd")]))

    HOSTILE = (idle_connection, wrong_token, silent, silent_after_welcome, garbage, garbage_in_session, flood_without_reading,
               leave_large_plan, too_much_work, name_a_fifo)

    def repeat(self, acts):
        turn = random.randrange(len(acts))
        while not self.stop.is_set():
            act = acts[turn % len(acts)]
            turn += 1
            try:
                act(self)
                self.count(act.__name__)
            except (Gone, OSError):
                self.count(f"{act.__name__}: let go")
                self.stop.wait(0.05)

    def check(self):
        result = subprocess.run([self.program, "check", f"unix:{self.path}", "--token-file", self.token_file], capture_output=True, text=True, timeout=60,
                                check=False)
        self.count("check")
        if result.returncode != 0:
            self.failed_checks.append(result.stderr.strip())

    def keep_checking(self):
        while not self.stop.wait(1):
            self.check()

    def sample(self, when):
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{self.agent.pid}/status").read_text().splitlines())
        now = (int(status["VmRSS"].split()[0]), len(os.listdir(f"/proc/{self.agent.pid}/fd")), int(status["Threads"]))
        self.samples.append(now)
        print(f"{when:>8}  rss {now[0]:7d} kB  descriptors {now[1]:4d}  threads {now[2]:4d}", flush=True)
        return now

    def settled(self, least):
        """What is left once nobody is there any more: as soon as it is no more than `least`, or after 20 s."""
        until = time.monotonic() + 20
        while True:
            fds = len(os.listdir(f"/proc/{self.agent.pid}/fd"))
            if fds <= least or time.monotonic() > until:
                return
            time.sleep(0.2)

    def run(self):
        self.agent = subprocess.Popen([self.program, "serve", "--listen", f"unix:{self.path}", "--token-file", self.token_file], stdout=subprocess.PIPE,
                                      text=True)
        try:
            return self.soak()
        finally:
            self.stop.set()
            self.agent.kill()
            self.agent.wait()
            self.listener.close()

    def soak(self):
        print(self.agent.stdout.readline().strip())
        accepting = threading.Thread(target=self.accept)
        accepting.start()
        self.ordinary()
        self.check()
        start = self.sample("start")
        threads = [threading.Thread(target=self.repeat, args=(acts,)) for acts in
                   [(Soak.ordinary,)] * 2 + [Soak.HOSTILE] * 4]
        threads.append(threading.Thread(target=self.keep_checking))
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        for step in range(1, 11):
            self.stop.wait(max(0, begun + self.seconds * step / 10 - time.monotonic()))
            if self.agent.poll() is not None:
                break
            self.sample(f"{self.seconds * step / 10:.0f} s")
        self.stop.set()
        for thread in threads + [accepting]:
            thread.join()
        if self.agent.poll() is not None:
            print(f"the agent ended with {self.agent.returncode}")
            return 1
        self.settled(start[1])
        end = self.sample("end")
        for what in sorted(self.counts):
            print(f"  {self.counts[what]:6d}  {what}")
        warm = max(sample[0] for sample in self.samples[1:len(self.samples) // 2])
        problems = []
        if end[0] > warm + GROWN_KB:
            problems.append(f"memory grew from {warm} kB in the first half to {end[0]} kB")
        if end[1] > start[1] + GROWN_DESCRIPTORS:
            problems.append(f"descriptors grew from {start[1]} to {end[1]}")
        if end[2] > start[2] + GROWN_THREADS:
            problems.append(f"threads grew from {start[2]} to {end[2]}")
        if self.failed_checks:
            problems.append(f"{len(self.failed_checks)} checks failed: {self.failed_checks[0]}")
        if self.let_in:
            problems.append(f"{len(self.let_in)} were let in with another token, or none")
        if not self.counts.get("ordinary"):
            problems.append("no ordinary session was served")
        print("\n".join(problems) if problems else "nothing grew, and every check was answered")
        return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bin", default="build/release", help="the folder of the programs")
    parser.add_argument("--seconds", type=int, default=600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parallax-soak-") as folder:
        return Soak(os.path.join(arguments.bin, "parallax-agent"), folder, arguments.seconds).run()


if __name__ == "__main__":
    sys.exit(main())
