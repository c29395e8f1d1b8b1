"""Answers that are attacks: each ends in a clear error in its own tenant, memory stays flat, and the tenants of the same
import that are served well get their rows."""
import sys
import threading
import time
from pathlib import Path

import pytest

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
from hostile_server import HostileServer  # noqa: E402
from tenants import Tenants, scripts_of  # noqa: E402

# What an attack's error says.
ATTACKS = {
    "huge": "sent more than",
    "unannounced": "sent more than",
    "bomb": "sent more than",
    "deep": "too deep",
    "deepobject": "too deep",
    "circle": "lead back",
    "endless": "hold nothing",
    "headers": "header",
    "header": "header",
    "html": "HTML",
}
MEMORY_MB = 200


class MemoryWatch(threading.Thread):
    """The most anonymous memory that a process had."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most_kb = pid, 0
        self.start()

    def run(self):
        while True:
            try:
                status = Path(f"/proc/{self.pid}/status").read_text()
            except OSError:
                return
            lines = [line for line in status.splitlines() if line.startswith("RssAnon")]
            if not lines:
                return
            self.most_kb = max(self.most_kb, int(lines[0].split()[1]))
            time.sleep(0.01)


@pytest.fixture
def server():
    server = HostileServer()
    yield server
    server.stop()


@pytest.fixture
def tenants(weir, database, new_home):
    return Tenants(weir, database, new_home(), "--plugins", SUPPORT / "hostile")


def watched_import(tenants, *args):
    process = tenants.start("import", "--json", *args)
    watch = MemoryWatch(process.pid)
    out, err = process.communicate(timeout=300)
    watch.join()

    class Answer:
        code = process.returncode

        @staticmethod
        def json():
            import json
            return json.loads(out)
    return Answer, watch.most_kb / 1024, err


def add(tenants, server, kind, name=None):
    added = tenants.add(name or kind, "hostile", HOSTILE_URL=f"{server.url}/{kind}")
    assert added.code == 0, added.err


@pytest.mark.parametrize("kinds", [["huge", "unannounced", "bomb"], ["deep", "deepobject", "html"],
                                   ["circle", "endless"], ["headers", "header"]], ids=" ".join)
def test_an_attack_is_a_clear_error_and_harms_nobody_else(tenants, server, database, kinds):
    for kind in kinds:
        add(tenants, server, kind)
    add(tenants, server, "fine", "a-first")
    add(tenants, server, "fine", "z-last")
    began = time.monotonic()
    answer, memory_mb, err = watched_import(tenants)
    print(f"{' '.join(kinds)}: {memory_mb:.0f} MB, {time.monotonic() - began:.1f} s")
    scripts = {key[0]: script for key, script in scripts_of(answer).items()}
    assert answer.code == 1, err
    for kind in kinds:
        assert scripts[kind]["status"] == "FAILED" and ATTACKS[kind] in scripts[kind]["reason"], scripts[kind]
        assert len(scripts[kind]["reason"]) < 500
    for name in ("a-first", "z-last"):
        assert scripts[name]["status"] == "COMPLETED", scripts[name]
    assert database.sql("SELECT t.key, count(*) FROM data.issue i JOIN weir.tenant t ON t.id = i.tenant_id "
                        "WHERE t.key IN ('a-first', 'z-last') GROUP BY 1 ORDER BY 1") == [("a-first", 3), ("z-last", 3)]
    assert memory_mb < MEMORY_MB


def test_text_that_cannot_be_stored_is_mended(tenants, server, database):
    for kind in ("latin", "nul", "rawnul"):
        add(tenants, server, kind)
    answer = tenants("import", "--json")
    assert answer.code == 0, answer.out
    rows = dict(database.sql("SELECT t.key || ' ' || issue_key, title FROM data.issue i JOIN weir.tenant t "
                             "ON t.id = i.tenant_id"))
    assert rows["latin 1"].startswith("caf\ufffd ") and rows["latin 2"] == "sound"
    assert rows["nul 1"] == rows["rawnul 1"] == "a\ufffdb" and rows["nul 2"] is None
    assert set(rows) == {"latin 1", "latin 2", "nul 1", "nul 2", "rawnul 1"}, "a key that cannot be stored rejects its record"
    assert {script["records_failed"] for key, script in scripts_of(answer).items() if key[0] == "nul"} == {1}


def test_an_answer_that_never_ends(tenants, server, database):
    tenants.env["WEIR_REQUEST_TIMEOUT_MS"] = "1000"
    add(tenants, server, "slow")
    add(tenants, server, "fine", "z-last")
    answer, memory_mb, err = watched_import(tenants)
    scripts = {key[0]: script for key, script in scripts_of(answer).items()}
    assert scripts["slow"]["status"] == "FAILED" and "in time" in scripts["slow"]["reason"], scripts["slow"]
    assert scripts["z-last"]["status"] == "COMPLETED"
    assert memory_mb < MEMORY_MB
