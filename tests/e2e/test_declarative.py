"""Declarative scripts from the command line to the tables, against a service on loopback: the example plugin."""
import datetime
import json
import shutil
import threading
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins"
TOKEN = "t0ken-of-the-hub"


class Hub:
    """Two repositories with tickets; remembers what it was asked, and how."""

    def __init__(self):
        self.requests = []
        self.tokens = set()
        self.archived = False
        self.is_limited = False
        self.validators = None  # headers of the listing of repositories, and the one that asks for them again
        self.not_modified = 0
        begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=10)
        self.tickets = [self.ticket(i, (begin + datetime.timedelta(minutes=i)).strftime("%Y-%m-%dT%H:%M:%SZ"))
                        for i in range(1, 46)]
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                hub.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    @staticmethod
    def ticket(number, updated):
        return {"id": number, "number": number, "kind": "defect", "title": f"ticket {number}", "state": "open",
                "author": {"id": 7}, "created": "2026-01-01T00:00:00Z", "updated": updated,
                "labels": [{"name": "Bug"}], "estimate_s": 60}

    def answer(self, handler):
        url = urlsplit(handler.path)
        query = {key: value[0] for key, value in parse_qs(url.query).items()}
        self.requests.append(handler.path)
        self.tokens.add(handler.headers.get("Authorization"))
        status, body = self.route(url.path.removeprefix("/v1"), query)
        validators = self.validators if url.path == "/v1/repositories" else None
        if validators and handler.headers.get(validators["asked_by"]) == list(validators["headers"].values())[0]:
            self.not_modified += 1
            handler.send_response(304)
            handler.end_headers()
            return
        content = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        for name, value in (validators or {"headers": {}})["headers"].items():
            handler.send_header(name, value)
        if status == 429:
            handler.send_header("Retry-After", "3600")
        handler.end_headers()
        handler.wfile.write(content)

    def route(self, path, query):
        if self.is_limited:
            return 429, {"message": "slow down"}
        if path == "/repositories":
            changed = max(ticket["updated"] for ticket in self.tickets)
            return 200, [{"id": 1, "name": "api", "owner": {"login": "acme"}, "private": True, "trunk": "main",
                          "archived": self.archived, "tickets": {"newest": changed}},
                         {"id": 2, "name": "gone", "owner": {"login": "acme"}, "tickets": {"newest": None}}]
        if path == "/repositories/acme/api/tickets":
            since = query.get("since", "")
            size, page = int(query["size"]), int(query["page"])
            found = sorted((t for t in self.tickets if t["updated"] >= since), key=lambda t: (t["updated"], t["id"]))
            return 200, {"tickets": found[(page - 1) * size:page * size]}
        return 404, {"message": "Not Found"}


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    hub.server.shutdown()


@pytest.fixture
def acme(weir, database, new_home, hub):
    """Runs weir as a tenant acme with a source of the hub; imports only its repositories and tickets."""
    keys = new_home()
    keys.mkdir(mode=0o700)
    env = {"WEIR_EGRESS_ALLOW": "127.0.0.1", "WEIR_MASTER_KEY_FILE": keys / "keys", "HUB_TOKEN": TOKEN}

    def run(*arguments, without=(), plugins=EXAMPLES):
        used = {key: value for key, value in env.items() if key not in without}
        return weir(*arguments, "--plugins", str(plugins), database=database, env=used)

    for arguments in (("secrets", "init"), ("tenant", "add", "acme")):
        answer = run(*arguments)
        assert answer.code == 0, answer.err
    added = run("source", "add", "acme", "hub", "--set", f"HUB_URL={hub.url}", "--secret-env", "HUB_TOKEN")
    assert added.code == 0, added.err
    return run


IMPORT = ("import", "--tenant", "acme", "--script", "hub/repository", "--script", "hub/issue", "--json")


def statuses(answer):
    return {script["script"]: script["status"] for run in answer.json()["pipeline_runs"] for script in run["scripts"]}


def test_rows_arrive_and_what_has_not_changed_costs_nothing(acme, hub, database):
    first = acme(*IMPORT)
    assert statuses(first) == {"hub/repository": "COMPLETED", "hub/issue": "COMPLETED_WITH_GAPS"}, first.out + first.err
    assert hub.tokens == {f"Bearer {TOKEN}"}
    assert database.sql("SELECT count(*), min(title), max(est_ms) FROM data.issue") == [(45, "ticket 1", 60000)]
    assert database.sql("SELECT count(*), min(label) FROM data.issue_label") == [(45, "bug")]
    assert database.sql("SELECT full_name, visibility FROM data.repository ORDER BY 1") == [
        ("acme/api", "private"), ("acme/gone", None)]

    hub.requests.clear()
    acme(*IMPORT)
    assert [path for path in hub.requests if "tickets" in path] == []

    hub.requests.clear()
    hub.tickets[4] = dict(Hub.ticket(5, "2099-01-01T00:00:00Z"), title="changed")
    acme(*IMPORT)
    assert database.sql("SELECT title FROM data.issue WHERE issue_key = '5'") == [("changed",)]
    assert 1 <= len([path for path in hub.requests if "/api/tickets" in path]) <= 2


@pytest.fixture
def conditional(acme, weir, database, tmp_path):
    """The same with a listing of repositories that is asked for conditionally; edit(text, by) changes its file."""
    plugins = tmp_path / "plugins"
    shutil.copytree(EXAMPLES, plugins)
    listing = plugins / "data-sources" / "hub" / "repository.yaml"

    def edit(text, by):
        before = listing.read_text()
        assert text in before
        listing.write_text(before.replace(text, by))

    edit("pages: {by: link, size: 2}", "pages: {by: link, size: 2, conditional: true}")

    def run(*arguments):
        answer = acme(*arguments, plugins=plugins)
        assert answer.code == 0, answer.out + answer.err
        return answer

    run.edit = edit
    run.anyhow = lambda *arguments: acme(*arguments, plugins=plugins)
    return run


WEEK_AGO = format_datetime(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=7), usegmt=True)


@pytest.mark.parametrize("headers, asked_by", [({"ETag": '"one"'}, "If-None-Match"),
                                               ({"Last-Modified": WEEK_AGO}, "If-Modified-Since")])
def test_a_listing_that_has_not_changed_deletes_nothing_and_moves_the_cursor(conditional, hub, database, headers, asked_by):
    hub.validators = {"headers": headers, "asked_by": asked_by}
    only = ("import", "--script", "hub/repository")
    cursor = "SELECT checked_at, cursor_at FROM weir.partition_cursor WHERE script = 'hub/repository'"
    conditional(*only)
    before = database.sql(cursor)
    conditional(*only)
    assert hub.not_modified == 1
    assert database.sql("SELECT count(*) FROM data.repository WHERE deleted_at IS NULL") == [(2,)]
    after = database.sql(cursor)
    assert after[0][0] > before[0][0] and after[0][1] >= before[0][1]

    # The columns were made by another declaration: its rows are not those of the kept answer.
    conditional.edit('name: "{{ record.name }}"', 'name: "{{ record.name | upper }}"')
    conditional(*only)
    assert hub.not_modified == 1
    assert database.sql("SELECT min(name) FROM data.repository") == [("API",)]
    conditional(*only)
    assert hub.not_modified == 2

    hub.validators = {"headers": {name: value + " " for name, value in headers.items()} | {"ETag": '"two"'},
                      "asked_by": "If-None-Match"}
    hub.archived = True
    conditional(*only)
    assert database.sql("SELECT archived FROM data.repository WHERE repo_key = '1'") == [(True,)]


def test_a_304_that_nobody_asked_for_is_a_failure(conditional, hub, database):
    hub.validators = {"headers": {"ETag": None}, "asked_by": "If-None-Match"}
    answer = conditional.anyhow("import", "--script", "hub/repository")
    assert answer.code == 1 and "304" in answer.out
    assert database.sql("SELECT count(*) FROM weir.partition_cursor WHERE cursor_at IS NOT NULL") == [(0,)]


def test_a_limit_parks_and_fails_nothing(acme, hub):
    hub.is_limited = True
    answer = acme(*IMPORT)
    assert answer.code == 0
    assert statuses(answer)["hub/repository"] == "PARKED"


def test_a_trial_writes_nothing_and_records_no_secret(acme, hub, database, tmp_path):
    acme("import", "--tenant", "acme", "--script", "hub/repository", "--json")
    # From a fixed instant: what is recorded in one second must answer what is asked for in the next.
    trial = ("plugins", "try", "hub/issue", "--tenant", "acme", "--from", "2020-01-01T00:00:00Z", "--json")
    tried = acme(*trial, "--record", str(tmp_path))
    assert tried.code == 0, tried.err
    document = tried.json()
    assert document["requests"][0]["status"] == 200
    assert document["rows"]["issue"][0]["title"] == "ticket 1"
    assert database.sql("SELECT count(*) FROM data.issue") == [(0,)]
    recording = (tmp_path / "hub.issue.jsonl").read_text()
    assert TOKEN not in recording and "tickets" in recording

    asked = len(hub.requests)
    again = acme(*trial, "--replay", str(tmp_path))
    assert again.json()["rows"] == document["rows"], again.out + again.err
    assert len(hub.requests) == asked


def test_the_check_says_what_can_be_read(acme, hub, database):
    checked = acme("source", "check", "acme", "hub", "--json")
    assert checked.code == 0, checked.out + checked.err
    found = {finding["check"]: finding for finding in checked.json()["checks"]}
    assert found["repository"] == {"check": "repository", "verdict": "ok", "reason": "2 records can be read"} | {
        key: found["repository"][key] for key in found["repository"] if key == "remedy"}
    hub.is_limited = True
    limited = acme("source", "check", "acme", "hub", "--json")
    assert limited.code == 3
    assert database.sql("SELECT count(*) FROM weir.data_source_run") == [(0,)]


def test_one_tenant_may_reach_what_another_may_not(acme, hub, database):
    closed = {"without": ["WEIR_EGRESS_ALLOW"]}
    assert acme("tenant", "add", "globex", **closed).code == 0
    added = acme("source", "add", "globex", "hub", "--set", f"HUB_URL={hub.url}", "--secret-env", "HUB_TOKEN")
    assert added.code == 0, added.err
    changed = acme("tenant", "set", "acme", "--egress-allow", "127.0.0.0/8", **closed)
    assert changed.code == 0, changed.err
    assert acme("tenant", "show", "acme", "--json").json()["egress_allow"] == "127.0.0.0/8"
    assert database.sql("SELECT before->>'egress_allow', after->>'egress_allow' FROM weir.audit_log "
                        "WHERE action = 'tenant.set'") == [("", "127.0.0.0/8")]

    other = acme(*("globex" if part == "acme" else part for part in IMPORT), **closed)
    assert other.code == 1 and "--egress-allow" in other.out
    assert acme("source", "check", "globex", "hub", **closed).code == 3
    tried = acme("plugins", "try", "hub/repository", "--tenant", "globex", **closed)
    assert tried.code == 2 and "--egress-allow" in tried.out + tried.err
    assert hub.requests == []

    assert acme("source", "check", "acme", "hub", **closed).code == 0
    assert acme("plugins", "try", "hub/repository", "--tenant", "acme", **closed).code == 0
    assert statuses(acme(*IMPORT, **closed))["hub/repository"] == "COMPLETED"
    acme("tenant", "set", "acme", "--egress-allow", "", **closed)
    hub.requests.clear()
    assert acme(*IMPORT, **closed).code == 1
    assert hub.requests == []


@pytest.mark.parametrize("wrong", ["10.0.0.0/99", "10.0.0.0/8;127.0.0.1", "http://127.0.0.1", "*"])
def test_an_egress_allowance_that_is_none_is_refused(acme, database, wrong):
    answer = acme("tenant", "set", "acme", "--egress-allow", wrong)
    assert answer.code == 2 and "--egress-allow: " in answer.err, answer.err
    assert acme("tenant", "add", "globex", "--egress-allow", wrong).code == 2
    assert database.sql("SELECT key, egress_allow FROM weir.tenant") == [("acme", "")]


def test_the_operators_network_is_out_of_reach(acme, hub):
    answer = acme(*IMPORT, without=["WEIR_EGRESS_ALLOW"])
    assert answer.code == 1
    assert "WEIR_EGRESS_ALLOW" in answer.out
    assert hub.requests == []
