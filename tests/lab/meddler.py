#!/usr/bin/env python3
"""meddler.py MODE PORT SERVER SERVER_PORT MARK [CERTIFICATE KEY]

A machine in the middle of a connection, mostly PostgreSQL's, which hands on what it reads but for one thing, by MODE:
    intercept  ends TLS with a certificate of its own, and speaks TLS to the real server
    strip      answers N to SSLRequest, and speaks TLS to the real server
    swallow    from a TLS ClientHello on nothing of the client is handed on, and nobody is told
    reset      a TLS ClientHello ends the connection by RST
    garble     one bit of what the server says after its first byte is turned over
    late       the client's first words are handed on after a while only
    weary      a client that has said more than 256 KiB is ended by RST
    drop-every-other  every other connection is closed at once
    refuse     (of an sshd) every other connection is told "Exceeded MaxStartups", as OpenSSH 9 does when it is full
Its own connections carry the firewall mark MARK, by which the rule that leads others to it lets them pass. One thread per
connection."""
import itertools
import select
import socket
import ssl
import struct
import sys
import threading
import time

SSL_REQUEST = struct.pack("!II", 8, 80877103)
LATE_SECONDS = 1.5
WEARY_BYTES = 256 * 1024
HANDSHAKE_RECORD = b"\x16\x03"  # how a ClientHello begins, RFC 8446 section 5.1


def receive(sock):
    """What is there now: bytes, b"" at the end, or None when a record is not complete yet."""
    sock.settimeout(0)
    try:
        return sock.recv(65536)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
        return None


def hand_on(client, server, allows=lambda data: True):
    """Until one side ends, or `allows` says no to what the client sent."""
    while True:
        pending = [s for s in (client, server) if isinstance(s, ssl.SSLSocket) and s.pending()]
        for source in pending or select.select([client, server], [], [], 300)[0]:
            data = receive(source)
            if data is None:
                continue
            if not data or (source is client and not allows(data)):
                return
            target = server if source is client else client
            target.settimeout(30)
            target.sendall(data)


def end_by_reset(sock):
    """The close that follows is a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def no_client_hello(data):
    return not data.startswith(HANDSHAKE_RECORD)


class Meddler:
    def __init__(self, mode, server, mark, certificate=None, key=None):
        self._mode, self._server, self._mark = mode, server, mark
        self._count = itertools.count()
        if mode == "intercept":
            self._as_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._as_server.load_cert_chain(certificate, key)
        self._as_client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._as_client.check_hostname = False
        self._as_client.verify_mode = ssl.CERT_NONE

    def serve(self, client):
        with client:
            client.settimeout(30)
            if self._mode == "drop-every-other" and next(self._count) % 2 == 0:
                return
            if self._mode == "refuse" and next(self._count) % 2 == 0:
                client.sendall(b"Exceeded MaxStartups\r\n")
                return
            with socket.socket() as upstream:
                upstream.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, self._mark)
                upstream.settimeout(30)
                upstream.connect(self._server)
                {"intercept": self._intercept, "strip": self._strip, "swallow": self._swallow,
                 "reset": self._reset, "garble": self._garble, "late": self._late, "weary": self._weary,
                 "refuse": hand_on, "drop-every-other": hand_on}[self._mode](client, upstream)

    def _first_words(self, client, upstream):
        """Whether the client asks for TLS and the server agrees; if not, the conversation was handed on as it is."""
        first = client.recv(8, socket.MSG_WAITALL)
        upstream.sendall(first)
        if first == SSL_REQUEST:
            answer = upstream.recv(1)
            if answer == b"S":
                return True
            client.sendall(answer)
        hand_on(client, upstream)
        return False

    def _intercept(self, client, upstream):
        if self._first_words(client, upstream):
            client.sendall(b"S")
            with self._as_server.wrap_socket(client, server_side=True) as outer, \
                    self._as_client.wrap_socket(upstream) as inner:
                hand_on(outer, inner)

    def _strip(self, client, upstream):
        if self._first_words(client, upstream):
            client.sendall(b"N")
            with self._as_client.wrap_socket(upstream) as inner:
                hand_on(client, inner)

    def _swallow(self, client, upstream):
        hand_on(client, upstream, no_client_hello)
        client.settimeout(300)
        while client.recv(65536):
            pass

    def _reset(self, client, upstream):
        hand_on(client, upstream, no_client_hello)
        end_by_reset(client)

    @staticmethod
    def _weary(client, upstream):
        said = 0

        def still_awake(data):
            nonlocal said
            said += len(data)
            return said <= WEARY_BYTES
        hand_on(client, upstream, still_awake)
        end_by_reset(client)

    def _garble(self, client, upstream):
        if self._first_words(client, upstream):
            client.sendall(b"S")
            upstream.sendall(client.recv(65536))
            answer = bytearray(upstream.recv(65536))
            answer[-1] ^= 1
            client.sendall(answer)
            hand_on(client, upstream)

    @staticmethod
    def _late(client, upstream):
        select.select([client], [], [], 30)
        time.sleep(LATE_SECONDS)
        hand_on(client, upstream)


def main():
    mode, port, host, server_port, mark, *identity = sys.argv[1:]
    meddler = Meddler(mode, (host, int(server_port)), int(mark), *identity)

    def guarded(client):
        try:
            meddler.serve(client)
        except OSError as error:
            print(f"meddler: {error}", file=sys.stderr, flush=True)

    with socket.create_server(("", int(port)), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=guarded, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
