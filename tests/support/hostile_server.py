"""A server whose answers are an attack: the first part of a path says which. Every attack is written as it is sent, so
that the server itself stays small."""
import json
import socket
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        kind = urlsplit(self.path).path.split("/")[1]
        try:
            getattr(self, "attack_" + kind)()
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.close_connection = True

    def begin(self, length=None, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, body, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.begin(len(body), **headers)
        self.wfile.write(body)

    def attack_fine(self):
        self.whole([{"id": number, "title": f"issue {number}"} for number in range(1, 4)])

    def stream(self, chunk, times):
        for _ in range(times):
            self.wfile.write(chunk)

    def attack_huge(self):
        self.begin(GIGABYTE)
        self.stream(b'[{"id": 1, "title": "' + b"x" * (MEGABYTE - 21), 1)
        self.stream(b"x" * MEGABYTE, 1023)

    def attack_unannounced(self):
        """As much, without saying so before."""
        self.begin()
        self.stream(b"[" + b" " * (MEGABYTE - 1), 1024)

    def attack_bomb(self):
        """A gigabyte in one megabyte of gzip."""
        self.begin(Content_Encoding="gzip")
        packer = zlib.compressobj(1, wbits=31)
        for _ in range(1024):
            self.wfile.write(packer.compress(b" " * MEGABYTE))
        self.wfile.write(packer.flush())

    def attack_deep(self):
        self.whole(b"[" * 1_000_000 + b"]" * 1_000_000)

    def attack_deepobject(self):
        self.whole(b'[{"id": 1, "extra": ' + b'{"a":' * 300_000 + b"1" + b"}" * 300_000 + b"}]")

    def attack_circle(self):
        """Pages that link to each other for ever."""
        other = "b" if urlsplit(self.path).query == "a" else "a"
        self.whole([{"id": other}], Link=f'<{self.server.url}/circle/issues?{other}>; rel="next"')

    def attack_endless(self):
        """Always another page, and never one twice."""
        self.server.pages += 1
        self.whole([], Link=f'<{self.server.url}/endless/issues?page={self.server.pages}>; rel="next"')

    def attack_latin(self):
        self.whole(b'[{"id": 1, "title": "caf\xe9 \xff\xfe \xc3("}, {"id": 2, "title": "sound"}]')

    def attack_nul(self):
        self.whole(b'[{"id": 1, "title": "a\\u0000b"}, {"id": "x\\u0000y", "title": "key"}, {"id": 2}]')

    def attack_rawnul(self):
        self.whole(b'[{"id": 1, "title": "a\x00b"}]')

    def attack_headers(self):
        self.begin(2, **{f"X_{number}": "x" * 8000 for number in range(200)})
        self.wfile.write(b"[]")

    def attack_header(self):
        self.begin(2, X_Huge="x" * (4 * MEGABYTE))
        self.wfile.write(b"[]")

    def attack_html(self):
        body = b"<html>" + b"<div>" * 200_000
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def attack_echo(self):
        """Says back all it was told."""
        told = {"message": f"bad request: {self.path} {json.dumps(dict(self.headers))}"}
        body = json.dumps(told).encode()
        self.begin(len(body), status=400, X_Echo=self.headers.get("Authorization", ""))
        self.wfile.write(body)

    def attack_slow(self):
        """A byte a second, for ever."""
        self.begin()
        while not self.server.is_over.wait(1.0):
            self.wfile.write(b" ")
            self.wfile.flush()

    def attack_next(self):
        """A next page at another origin."""
        self.whole([{"id": 1}], Link=f'<{self.server.target}>; rel="next"')

    def attack_redirect(self):
        self.begin(0, status=302, Location=self.server.target)


class HostileServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address="127.0.0.1"):
        super().__init__((address, 0), Handler)
        self.url = f"http://{address}:{self.server_address[1]}"
        self.seen, self.pages, self.target = [], 0, ""
        self.is_over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.is_over.set()
        self.shutdown()
        self.server_close()


class Trap:
    """A socket that nobody may reach: counts connections."""

    def __init__(self, address="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.create_server((address, port), family=family, dualstack_ipv6=address == "::")
        self.port, self.connections = self.socket.getsockname()[1], 0
        threading.Thread(target=self.count, daemon=True).start()

    def count(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def stop(self):
        self.socket.close()
