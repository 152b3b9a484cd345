#!/usr/bin/env python3
"""health_server.py PUBLIC_NETNS ADDRESS PORT INSIDE_NETNS PSQL_URL: what an application deploys as /api/health.

It listens where the public can ask it and asks the database from inside the VPC, once for each request, with psql; the
password comes from the environment. It says {"database": {"status": "connected"|"disconnected"}}."""
import http.server
import json
import os
import socketserver
import subprocess
import sys

from topology import inside

PUBLIC, ADDRESS, PORT, INSIDE, URL = sys.argv[1:]


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802, the library's name
        asked = subprocess.run(["ip", "netns", "exec", INSIDE, "psql", "-XAtc", "select 1", URL], capture_output=True,
                               timeout=10, check=False, env=os.environ | {"PGCONNECT_TIMEOUT": "3"})
        connected = asked.returncode == 0
        body = json.dumps({"service": "api", "database": {"status": "connected" if connected else "disconnected"}}).encode()
        self.send_response(200 if connected else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with inside(PUBLIC):
    server = Server((ADDRESS, int(PORT)), Health)
server.serve_forever()
