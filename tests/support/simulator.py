"""A running provider-sim, for tests."""
import http.client
import json
import os
import signal
import subprocess
import urllib.parse

BINARY = os.environ.get("WEIR_PROVIDER_SIM", "build/release/apps/provider-sim/provider-sim")
NOW = "2026-01-31T12:00:00Z"


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    def json(self):
        return json.loads(self.body)

    def next(self):
        for part in self.headers.get("link", "").split(", "):
            if part.endswith('rel="next"'):
                url = urllib.parse.urlsplit(part[1:part.index(">")])
                return f"{url.path}?{url.query}"
        return None


class Sim:
    def __init__(self, *arguments, now=NOW):
        """It starts at `now`; None: at this moment."""
        command = [BINARY, *(["--now", now] if now else []), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        hello = json.loads(self.process.stdout.readline())
        self.url, self.port = hello["base_url"], hello["port"]

    def get(self, target, token="sim-token", method="GET", body=None, timeout=10, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = {"User-Agent": "weir-test", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, target, body if body is None or isinstance(body, str) else json.dumps(body), sent)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def post(self, target, body, **more):
        return self.get(target, method="POST", body=body, **more)

    def graphql(self, query, **variables):
        return self.post("/graphql", {"query": query, "variables": variables}).json()

    def faults(self, *rules, seed=1):
        answer = self.post("/_sim/faults", {"seed": seed, "rules": list(rules)})
        assert answer.status == 200, answer.body

    def lines(self, target):
        return [json.loads(line) for line in self.get(target).body.splitlines()]

    def repository(self):
        return self.get("/_sim/repositories").json()[0]

    def walk(self, target):
        found = []
        while target:
            answer = self.get(target)
            assert answer.status == 200, answer.body
            found += answer.json()
            target = answer.next()
        return found

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
