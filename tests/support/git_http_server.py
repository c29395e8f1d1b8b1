#!/usr/bin/env python3
"""Serves bare repositories below a directory by git's smart HTTP protocol on loopback, with faults on demand.

    git_http_server.py DIRECTORY     prints its port, ends when its standard input is closed

The first part of the path says how it behaves, the rest is the repository: /plain/a.git, /auth/a.git.
"""
import base64
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BACKEND = os.path.join(subprocess.run(["git", "--exec-path"], capture_output=True, check=True, text=True)
                       .stdout.strip(), "git-http-backend")
PASSWORD = base64.b64encode(b"ann:s3cret").decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = []

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mode, _, rest = self.path.lstrip("/").partition("/")
        if mode == "count":
            self.answer(200, str(len(self.requests)).encode())
            return
        self.requests.append(self.path)
        port = self.server.server_address[1]
        if mode.isdigit():
            self.answer(int(mode), b"no", Retry_After="7")
        elif mode == "auth" and self.headers.get("Authorization") != "Basic " + PASSWORD:
            self.answer(401, b"who are you", WWW_Authenticate='Basic realm="git"')
        elif mode == "public" and self.headers.get("Authorization"):
            self.answer(500, b"a token went where none belongs")
        elif mode == "html":
            self.answer(200, b"<html>log in</html>", Content_Type="text/html")
        elif mode == "renamed":
            self.answer(301, Location=f"http://127.0.0.1:{port}/plain/{rest}")
        elif mode == "elsewhere":
            self.answer(302, Location=f"http://localhost:{port}/plain/{rest}")
        elif mode == "circle":
            self.answer(302, Location=f"http://127.0.0.1:{port}/circle/{rest}")
        elif mode == "login":
            self.answer(302, Location=f"http://127.0.0.1:{port}/login.html")
        elif mode == "silent":
            self.rfile.read(1)  # until the client goes
        else:
            self.serve(mode, rest)

    do_POST = do_GET

    def serve(self, mode, rest):
        path, _, query = rest.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environment = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": self.server.directory, "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": "/" + path, "QUERY_STRING": query, "REQUEST_METHOD": self.command, "GIT_CONFIG_NOSYSTEM": "1",
            "CONTENT_TYPE": self.headers.get("Content-Type") or "", "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "127.0.0.1", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*"}
        backend = subprocess.Popen([BACKEND], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=environment)
        threading.Thread(target=feed, args=(backend, body), daemon=True).start()
        status, headers = 200, []
        for line in iter(lambda: backend.stdout.readline().decode().strip(), ""):
            name, value = line.split(": ", 1)
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        sent = 0
        while chunk := backend.stdout.read1(65536):
            if mode == "cut" and self.command == "POST" and sent > 20_000:
                break
            if mode == "stall" and self.command == "POST" and sent > 20_000:
                self.rfile.read(1)
                break
            self.wfile.write(chunk)
            sent += len(chunk)
        backend.kill()
        backend.wait()
        self.close_connection = True


def feed(backend, body):
    try:
        with backend.stdin:
            backend.stdin.write(body)
    except BrokenPipeError:
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that go away are what is tested
    server.directory = os.path.abspath(sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
