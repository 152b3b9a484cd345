#!/usr/bin/env python3
"""interceptor.py PORT SERVER SERVER_PORT MARK CERTIFICATE KEY

A machine in the middle of a PostgreSQL connection: answers SSLRequest, ends TLS with its own certificate, speaks TLS to the
real server, and hands on what it reads. Its own connections carry the firewall mark MARK, by which the rule that leads
others to it lets them pass. A client that never asks for TLS is handed on as it is. One thread per connection."""
import select
import socket
import ssl
import struct
import sys
import threading

SSL_REQUEST = struct.pack("!II", 8, 80877103)


def receive(sock):
    """What is there now: bytes, b"" at the end, or None when a record is not complete yet."""
    sock.settimeout(0)
    try:
        return sock.recv(65536)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError):
        return None


def hand_on(a, b):
    while True:
        pending = [s for s in (a, b) if isinstance(s, ssl.SSLSocket) and s.pending()]
        for source in pending or select.select([a, b], [], [], 300)[0]:
            data = receive(source)
            if data is None:
                continue
            if not data:
                return
            target = b if source is a else a
            target.settimeout(30)
            target.sendall(data)


def serve(client, server, mark, as_server, as_client):
    with client:
        client.settimeout(30)
        first = client.recv(8, socket.MSG_WAITALL)
        with socket.socket() as upstream:
            upstream.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, mark)
            upstream.settimeout(30)
            upstream.connect(server)
            upstream.sendall(first)
            if first != SSL_REQUEST:
                hand_on(client, upstream)
                return
            answer = upstream.recv(1)
            client.sendall(answer)
            if answer != b"S":
                hand_on(client, upstream)
                return
            with as_server.wrap_socket(client, server_side=True) as outer, as_client.wrap_socket(upstream) as inner:
                hand_on(outer, inner)


def main():
    port, host, server_port, mark, certificate, key = sys.argv[1:]
    as_server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    as_server.load_cert_chain(certificate, key)
    as_client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    as_client.check_hostname = False
    as_client.verify_mode = ssl.CERT_NONE

    def guarded(client):
        try:
            serve(client, (host, int(server_port)), int(mark), as_server, as_client)
        except OSError as error:
            print(f"interceptor: {error}", file=sys.stderr, flush=True)

    with socket.create_server(("", int(port)), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=guarded, args=(client,), daemon=True).start()


if __name__ == "__main__":
    main()
