"""No token is anywhere that Weir writes: imports with tokens that are right, wrong, revoked on the way, in a header or in
a URL, that succeed and fail, and then a search through everything they left behind."""
import base64
import datetime
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2
import pytest

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
from hostile_server import HostileServer  # noqa: E402
from simulator import Sim  # noqa: E402
from tenants import Tenants  # noqa: E402

TOKENS = {name: f"ghp_{name}{'Q7zK' * 6}" for name in ("Valid", "Wrong", "Revoked", "Header", "InTheUrl", "Git", "Crash")}
# No secret: where it is found a token would have been.
MARKER = "n0t-a-secret"


def spellings(token):
    """As it might be written: plain, in any base64 (also of a user and it), hexadecimal, percent-encoded alike."""
    yield token.encode()
    yield token.encode().hex().encode()
    for shift in range(3):
        packed = base64.b64encode(b"x" * shift + token.encode())
        yield packed[4 if shift else 0:-4]  # what does not depend on its neighbours


NEEDLES = {name: list(spellings(token)) for name, token in TOKENS.items()}


def found_in(what, content):
    content = content.encode(errors="surrogateescape") if isinstance(content, str) else content
    return [f"{name} in {what}: …{content[max(0, content.find(needle) - 80):][:200]!r}" for name, needles in NEEDLES.items()
            for needle in needles if needle in content]


class Witness(threading.Thread):
    """Reads the command line of each process that descends from this one, and the environment of those that Weir starts,
    as often as it can."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.found, self.processes, self.is_over = set(), [], set(), False
        self.start()

    @staticmethod
    def read(pid, name):
        try:
            return Path(f"/proc/{pid}/{name}").read_bytes()
        except OSError:
            return b""

    def run(self):
        while not self.is_over:
            for pid in [entry for entry in os.listdir("/proc") if entry.isdigit()]:
                command = self.read(pid, "cmdline")
                if b"weir" not in command or b"pytest" in command:
                    continue
                self.processes.add(pid)
                text = command
                if b"source" not in command:  # there the caller hands a secret over by its environment
                    text += self.read(pid, "environ")
                if (pid, text) not in self.seen:
                    self.seen.add((pid, text))
                    self.found += found_in(f"/proc/{pid}", text)
            time.sleep(0.02)

    def finish(self):
        self.is_over = True
        self.join()


@pytest.fixture
def sim():
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    sim = Sim("--repos", "3", "--commits", "30", "--pulls", "20", "--issues", "20", "--runs", "3", "--latency-ms", "20",
              now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    for name in ("Valid", "Revoked", "Header", "Crash"):
        ample = {"core": 100000, "core_seconds": 3600, "graphql": 100000, "graphql_seconds": 3600}
        assert sim.post("/_sim/tokens", {"token": TOKENS[name], "identity": name, **ample}).status == 200
    yield sim
    sim.stop()


@pytest.fixture
def echo():
    server = HostileServer()
    yield server
    server.stop()


@pytest.fixture
def tenants(weir, database, new_home, tmp_path):
    # The server's log holds every statement with its parameters, also of those that fail.
    for setting in ("log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length_on_error = -1",
                    "log_min_error_statement = 'debug5'"):
        database.sql(f"ALTER DATABASE {database.name} SET {setting}")
    return Tenants(weir, database, new_home(), "--plugins", SUPPORT / "hostile", TMPDIR=tmp_path, WEIR_LOG_LEVEL="debug")


def wait_for_requests(sim, identity, number):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if sum(entry["identity"] == identity for entry in sim.lines("/_sim/log")) >= number:
            return
        time.sleep(0.01)
    pytest.fail(f"{identity} did not send {number} requests")


def test_no_token_is_left_anywhere(tenants, sim, echo, database, tmp_path):
    witness, outputs = Witness(), []

    def say(*args, **env):
        answer = tenants(*args, **env)
        outputs.append((" ".join(map(str, args)), answer.out + answer.err))
        return answer

    def add(tenant, provider, name, key, **settings):
        answer = tenants.add(tenant, provider, None, {key: TOKENS[name]}, **settings)
        assert answer.code == 0, answer.err
        outputs.append((f"source add {tenant}", answer.out + answer.err))

    github = {"GITHUB_ORG": "acme", "GITHUB_API_URL": sim.url}
    add("valid", "github", "Valid", "GITHUB_TOKEN", **github)
    add("wrong", "github", "Wrong", "GITHUB_TOKEN", **github)
    add("revoked", "github", "Revoked", "GITHUB_TOKEN", **github)
    add("crash", "github", "Crash", "GITHUB_TOKEN", **github)
    add("header", "hostile", "Header", "HOSTILE_TOKEN", HOSTILE_URL=f"{echo.url}/echo")
    add("url", "hostile", "InTheUrl", "HOSTILE_KEY", HOSTILE_URL=f"{echo.url}/echo/{MARKER}")
    add("git", "git", "Git", "GIT_TOKEN", GIT_URL=f"{echo.url}/echo/x.git")
    # A token where none belongs is refused without being repeated.
    refused = say("source", "add", "git", "git", "--name", "second", "--set", "GIT_URL=http://me@127.0.0.1/x.git")
    assert refused.code != 0

    # Right and wrong, with all kinds of failure; then revoked on the way.
    sim.faults(*({"kind": kind, "rate": 0.03} for kind in ("status_500", "html", "truncated", "reset", "graphql_error", "nul")))
    for tenant in ("valid", "wrong", "header", "url", "git"):
        say("import", "--tenant", tenant)
        say("import", "--tenant", tenant, "--json")
        say("source", "check", tenant, "git" if tenant == "git" else "hostile" if tenant in ("header", "url") else "github")
    sim.faults()
    process = tenants.start("import", "--tenant", "revoked", "--json")
    wait_for_requests(sim, "Revoked", 6)
    assert sim.post("/_sim/tokens/revoke", {"token": TOKENS["Revoked"]}).json()["revoked"]
    out, err = process.communicate(timeout=120)
    outputs.append(("revoked", out + err))
    assert "does not accept the token" in out
    assert "does not accept the token" in dict(outputs)["import --tenant wrong"]
    assert f"bad request: /echo/{MARKER}/issues" in dict(outputs)["import --tenant url"], "the provider's words are shown"

    # Everything that shows something.
    for tenant, provider in (("valid", "github"), ("wrong", "github"), ("header", "hostile"), ("url", "hostile")):
        script = "github/repository" if provider == "github" else "hostile/issue"
        recording = tmp_path / f"recording-{tenant}"
        say("plugins", "try", script, "--tenant", tenant, "--record", recording, "--json")
        say("plugins", "try", script, "--tenant", tenant)
        for command in (("source", "show", tenant, provider), ("source", "show", tenant, provider, "--json"), ("runs", "--tenant", tenant),
                        ("plan", tenant), ("cursor", "ls", tenant), ("tenant", "show", tenant)):
            say(*command)
        for (run,) in database.sql("SELECT id::text FROM weir.run r WHERE tenant_id = (SELECT id FROM weir.tenant WHERE key = %s)",
                                   tenant)[:3]:
            for command in (("run", "show", run), ("run", "show", run, "--json"), ("logs", run), ("logs", run, "--json")):
                say(*command)
    say("doctor")
    say("runs", "--json")
    assert any(tmp_path.glob("recording-*/*.jsonl"))

    # A crash writes no memory to a file.
    command = tenants.weir.command(["import", "--tenant", "crash", *tenants.options])
    begun = subprocess.Popen(command, env=tenants.weir.environment(tenants.env, database=database), cwd=tmp_path, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)))
    wait_for_requests(sim, "Crash", 4)
    begun.send_signal(signal.SIGABRT)
    outputs.append(("crash", "".join(begun.communicate(timeout=30))))
    assert begun.returncode == -signal.SIGABRT
    assert [path for path in tmp_path.rglob("*core*") if path.is_file()] == []
    witness.finish()
    assert len(witness.processes) > 20

    found = witness.found
    for what, text in outputs:
        found += found_in(f"`weir {what}`", text)
    dump = subprocess.run(["pg_dump", "--no-owner", database.superuser_url], capture_output=True, check=True).stdout
    assert MARKER.encode() in dump and b"import_log" in dump
    found += found_in("the database", dump)
    log = Path(os.environ["WEIR_TEST_PG_DATA"]).parent / "log"
    statements = log.read_bytes()
    assert MARKER.encode() in statements, "the server logs what it is sent"
    found += found_in("the server's log", statements)
    for folder in (tmp_path, Path(tenants.env["WEIR_HOME"]).parent, Path(tenants.env["WEIR_MASTER_KEY_FILE"]).parent):
        for path in folder.rglob("*"):
            if path.is_file():
                found += found_in(path, path.read_bytes())
    # They were used, though.
    assert any("Bearer " + TOKENS["Header"] == headers.get("Authorization") for _, headers in echo.seen)
    assert any(TOKENS["InTheUrl"] in path for path, _ in echo.seen)
    assert not found, f"{len(found)} places:\n" + "\n".join(found[:20])
