"""A service on loopback that wants to know who asks, for tests: by a basic user, a key in a header or in the URL, or a
token of its own that it makes for client credentials and that expires or is revoked."""
import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "ann", "pass:w0rd-of-ann"
KEY = "api-k3y-of-acme"
TEAMS = 45
CLIENT, SECRET = "client-1", "s3cret+of/the=client"


class AuthService:
    def __init__(self):
        self.minted = []  # tokens, in the order made
        self.revoked = set()
        self.life_s = 3600
        self.page_takes_s = 0
        self.pages_per_token = None  # a token is refused after so many pages
        self.served = {}  # pages by token
        self.seen = []  # (path, status)
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.serve(self, None)

            def do_POST(self):
                service.serve(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, handler, form):
        url = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/token":
            status, body = self.mint({name: values[0] for name, values in parse_qs(form or "").items()})
        elif not self.is_known(url.path, query, handler.headers):
            status, body = 401, {"message": "who are you?"}
        else:
            time.sleep(self.page_takes_s)
            page, size = int(query["page"]), int(query["size"])
            body = [{"id": i, "name": f"team {i}"} for i in range(TEAMS)[(page - 1) * size:page * size]]
            status = 200
        self.seen.append((url.path, status))
        content = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def mint(self, form):
        if form != {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": "read"}:
            return 401, {"error": "invalid_client", "error_description": "the client is not known"}
        self.minted.append(f"minted-token-{len(self.minted) + 1}")
        return 200, {"access_token": self.minted[-1], "token_type": "bearer", "expires_in": self.life_s}

    def is_known(self, path, query, headers):
        if path == "/basic/teams":
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            return headers.get("Authorization") == f"Basic {pair}"
        if path == "/header/teams":
            return headers.get("X-Api-Key") == KEY
        if path == "/query/teams":
            return query.get("api_key") == KEY
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in self.minted or token in self.revoked:
            return False
        self.served[token] = self.served.get(token, 0) + 1
        return self.pages_per_token is None or self.served[token] <= self.pages_per_token
