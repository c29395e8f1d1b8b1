"""The simulated provider behaves as GitHub does: over real sockets, and field for field against what GitHub recorded.

The recorded responses and the published schema are npm packages; where the registry cannot be reached those tests are
skipped and say so.
"""
import base64
import http.client
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from npm_packages import npm_package  # noqa: E402
from simulator import BINARY, Sim  # noqa: E402


@pytest.fixture(scope="module")
def sim():
    sim = Sim("--core", "100000", "--graphql", "100000")
    yield sim
    sim.stop()


@pytest.fixture
def own_sim():
    """Starts simulators that belong to one test."""
    started = []

    def start(*arguments):
        started.append(Sim(*arguments))
        return started[-1]

    yield start
    for sim in started:
        sim.stop()


@pytest.fixture(autouse=True)
def no_faults(request):
    yield
    if "sim" in request.fixturenames:
        request.getfixturevalue("sim").faults()


# --- the server


def test_it_says_where_it_listens(tmp_path):
    sim = Sim("--port-file", str(tmp_path / "port"))
    assert sim.url == f"http://127.0.0.1:{sim.port}"
    assert (tmp_path / "port").read_text().strip() == str(sim.port)
    assert sim.get("/rate_limit").status == 200
    sim.stop()


def test_a_wrong_command_line_is_refused():
    for arguments in (["--nonsense"], ["--now", "yesterday"], ["--tokens-file", "/nonexistent"], ["--secondary-form", "500"]):
        done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and any(argument in done.stderr for argument in arguments), done


def test_the_same_seed_is_the_same_world(own_sim):
    one, two, other = own_sim("--seed", "5"), own_sim("--seed", "5"), own_sim("--seed", "6")
    for sim in (one, two, other):
        sim.post("/_sim/advance", {"seconds": 3600, "activity": "heavy"})
    for resource in one.get("/_sim/truth").json():
        assert one.get(f"/_sim/truth/{resource}").body == two.get(f"/_sim/truth/{resource}").body, resource
    assert one.get("/_sim/truth/commit").body != other.get("/_sim/truth/commit").body


def test_keep_alive_serves_many_requests_on_one_connection(sim):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=10)
    for _ in range(50):
        connection.request("GET", "/rate_limit", headers={"User-Agent": "t", "Authorization": "token sim-token"})
        response = connection.getresponse()
        assert response.status == 200
        response.read()
    connection.close()


# --- REST


def test_a_listing_by_links_is_complete(sim):
    name = sim.repository()["full_name"]
    for path, resource in (("issues?state=all&sort=updated&direction=asc", "issue"), ("pulls?state=all", "pull_request")):
        items = sim.walk(f"/repos/{name}/{path}&per_page=7")
        numbers = sorted(item["number"] for item in items if resource == "pull_request" or "pull_request" not in item)
        key = str(sim.repository()["id"])
        rows = [row for row in sim.lines("/_sim/truth/pull_request") if row["repo_key"] == key]
        if resource == "pull_request":
            assert numbers == sorted(int(row["number"]) for row in rows)
        else:
            assert len(items) == len(numbers) + len(rows)


def test_enterprise_paths_and_links(own_sim):
    sim = own_sim("--enterprise")
    answer = sim.get("/api/v3/orgs/acme/repos?per_page=1")
    assert answer.next().startswith("/api/v3/organizations/4100000/repos?per_page=1&page=2")
    assert "x-ratelimit-limit" not in answer.headers
    assert sim.post("/api/graphql", {"query": "{ viewer { login } }"}).json()["data"]["viewer"]["login"]


def test_gzip_when_asked(own_sim):
    import gzip
    sim = own_sim("--gzip")
    target = f"/repos/{sim.repository()['full_name']}/commits?per_page=100"
    packed = sim.get(target, Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == sim.get(target).body


def test_commits_by_window_follow_the_committer_date(sim):
    name = sim.repository()["full_name"]
    commits = sim.walk(f"/repos/{name}/commits?per_page=100")
    dates = [commit["commit"]["committer"]["date"] for commit in commits]
    assert dates == sorted(dates, reverse=True)
    middle = dates[len(dates) // 2]
    assert len(sim.walk(f"/repos/{name}/commits?per_page=100&since={middle}")) == sum(date >= middle for date in dates)
    assert len(sim.walk(f"/repos/{name}/commits?per_page=100&until={middle}")) == sum(date <= middle for date in dates)
    assert any(commit["author"] is None for commit in commits)


def test_time_travel_is_seen_by_clients(own_sim):
    sim = own_sim()
    name = sim.repository()["full_name"].split("/")[1]
    before = {row["sha"] for row in sim.lines("/_sim/truth/commit")}
    events = sim.post("/_sim/advance", {"seconds": 7200, "activity": {"late_merge": 1, "repositories": [name]}}).json()["events"]
    assert events[0]["kind"] == "late_merge"
    recent = sim.walk(f"/repos/acme/{name}/commits?since=2026-01-31T12:00:00Z")
    assert len(recent) == 1, "the merge alone is new by its date"
    after = {row["sha"] for row in sim.lines("/_sim/truth/commit")}
    assert after - before == set(events[0]["shas"])
    head = recent[0]["parents"][0]["sha"]
    compared = sim.get(f"/repos/acme/{name}/compare/{head}...main").json()
    assert {commit["sha"] for commit in compared["commits"]} == set(events[0]["shas"])


def test_app_tokens(own_sim, tmp_path):
    key = tmp_path / "app.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    sim = own_sim("--app-id", "4711", "--app-key", str(key), "--app-installations", "77", "--app-token-seconds", "600")

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    now = int(time.mktime(time.strptime(sim.get("/rate_limit").headers["date"], "%a, %d %b %Y %H:%M:%S %Z"))) - time.timezone
    message = part(b'{"alg":"RS256","typ":"JWT"}') + b"." + part(json.dumps({"iss": "4711", "iat": now - 60, "exp": now + 500}).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=message, capture_output=True, check=True).stdout
    jwt = (message + b"." + part(signature)).decode()
    assert sim.post("/app/installations/77/access_tokens", {}, token="nonsense").status == 401
    assert sim.post("/app/installations/78/access_tokens", {}, token=jwt).status == 404
    made = sim.post("/app/installations/77/access_tokens", {}, token=jwt)
    assert made.status == 201
    token = made.json()["token"]
    listed = sim.get("/installation/repositories?per_page=2", token=token)
    assert listed.json()["total_count"] > 2 and len(listed.json()["repositories"]) == 2
    assert sim.get("/installation/repositories").status == 403
    sim.post("/_sim/advance", {"seconds": 601})
    assert sim.get("/installation/repositories", token=token).status == 401


# --- limits and concurrency


def test_concurrency_is_measured_over_the_latency(own_sim):
    sim = own_sim("--latency-ms", "300", "--concurrency", "5", "--secondary-wait", "1")
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: sim.get("/user"), range(8)))
    assert statuses == [200] * 5 + [403] * 3
    stats = sim.get("/_sim/stats").json()
    assert [identity["in_flight_max"] for name, identity in stats["identities"].items() if name.startswith("user:")] == [8]
    log = sim.lines("/_sim/log")
    assert max(entry["in_flight"] for entry in log) == 8
    assert all(entry["finished_us"] - entry["started_us"] >= 290_000 for entry in log)
    assert "sim-token" not in json.dumps(log)


# --- faults over real sockets


def test_a_reset_is_a_reset(sim):
    sim.faults({"kind": "reset"})
    with pytest.raises(ConnectionResetError):
        sim.get("/user")


def test_a_truncated_body_is_short(sim):
    sim.faults({"kind": "truncated"})
    with pytest.raises(http.client.IncompleteRead):
        sim.get(f"/repos/{sim.repository()['full_name']}")


def test_a_hang_says_nothing(sim):
    sim.faults({"kind": "hang", "count": 1})
    with pytest.raises(socket.timeout):
        sim.get("/user", timeout=0.5)
    assert sim.get("/user").status == 200


def test_slow_and_dripping_answers_arrive_whole(sim):
    target = f"/repos/{sim.repository()['full_name']}"
    whole = sim.get(target).json()
    for kind in ("slow", "drip"):
        sim.faults({"kind": kind, "ms": 500})
        begin = time.monotonic()
        assert sim.get(target).json()["id"] == whole["id"]
        assert time.monotonic() - begin >= 0.45, kind


def test_a_huge_body_is_streamed(sim):
    sim.faults({"kind": "huge", "bytes": 50_000_000})
    assert len(sim.get("/user").body) > 50_000_000
    memory = int(next(line for line in Path(f"/proc/{sim.process.pid}/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1])
    assert memory < 400_000, "kB: the body is not held"


def test_fault_rates_are_seeded(sim):
    seen = []
    for _ in range(2):
        sim.faults({"kind": "status_503", "rate": 0.4}, seed=9)
        seen.append([sim.get(f"/user?n={number}").status for number in range(40)])
    assert seen[0] == seen[1] and {200, 503} == set(seen[0])


def test_drifting_pages_lose_nothing_by_keyset(sim):
    name = sim.repository()["full_name"]
    sim.faults({"kind": "drift", "match": "/issues"})
    since, numbers, pages = "2000-01-01T00:00:00Z", set(), 0
    while pages < 60:
        pages += 1
        page = sim.get(f"/repos/{name}/issues?state=all&sort=updated&direction=asc&per_page=10&since={since}").json()
        fresh = {item["number"] for item in page} - numbers
        if not fresh:
            break
        numbers |= fresh
        since = page[-1]["updated_at"]
    sim.faults()
    assert numbers == {item["number"] for item in sim.walk(f"/repos/{name}/issues?state=all")}


# --- against what GitHub published


@pytest.fixture(scope="module")
def fixtures():
    return npm_package("@octokit/fixtures@23.1.2") / "scenarios" / "api.github.com"


def recorded(fixtures, scenario, matches):
    for entry in json.loads((fixtures / scenario / "raw-fixture.json").read_text()):
        if matches(entry):
            return entry
    raise AssertionError(f"{scenario} has no such entry")


def missing_fields(real, ours, path="", ignored=()):
    """The paths that GitHub sends and we do not."""
    if isinstance(real, dict) and isinstance(ours, dict):
        found = []
        for key, value in real.items():
            here = f"{path}.{key}"
            if here in ignored:
                continue
            found += [here] if key not in ours else missing_fields(value, ours[key], here, ignored)
        return found
    if isinstance(real, list) and isinstance(ours, list) and real and ours:
        return missing_fields(real[0], ours[0], path + "[]", ignored)
    return []


def test_a_repository_has_the_recorded_fields(sim, fixtures):
    real = recorded(fixtures, "rename-repository", lambda entry: entry["method"] == "get" and entry["status"] == 200)["response"]
    ours = sim.get(f"/repos/{sim.repository()['full_name']}").json()
    assert missing_fields(real, ours) == []


def test_issues_have_the_recorded_fields_and_links(sim, fixtures):
    entry = recorded(fixtures, "paginate-issues", lambda entry: entry["method"] == "get")
    name = sim.repository()["full_name"]
    answer = sim.get(f"/repos/{name}/issues?state=all&per_page=3")
    assert missing_fields(entry["response"], answer.json()) == []
    headers = dict(zip(entry["rawHeaders"][::2], entry["rawHeaders"][1::2]))
    shape = [part.split(";")[1] for part in headers["Link"].split(",")]
    assert [part.split(";")[1] for part in answer.headers["link"].split(",")] == shape
    assert "/repositories/" in answer.headers["link"]
    for header in headers:
        if header.lower().startswith(("x-ratelimit", "x-oauth", "etag", "x-github")):
            assert header.lower() in answer.headers, header


def test_a_renamed_repository_redirects_as_recorded(sim, fixtures):
    real = recorded(fixtures, "rename-repository", lambda entry: entry["method"] == "get" and entry["status"] == 301)["response"]
    answer = sim.get("/repos/acme/old-service")
    assert answer.status == 301
    assert set(real) == set(answer.json()) and answer.json()["message"] == real["message"]
    assert "/repositories/" in answer.headers["location"]


def test_an_organization_has_the_recorded_fields(sim, fixtures):
    real = recorded(fixtures, "get-organization", lambda entry: entry["method"] == "get")["response"]
    # What only owners see.
    ignored = {path for path in missing_fields(real, {}) if path.startswith((".total_private", ".owned_private", ".private_gists", ".disk_usage",
                                                                              ".collaborators", ".billing_email", ".default_repository",
                                                                              ".members_", ".two_factor", ".plan", ".web_commit",
                                                                              ".advanced_", ".dependabot", ".dependency", ".secret_"))}
    assert missing_fields(real, sim.get("/orgs/acme").json(), ignored=ignored) == []


def test_the_graphql_schema_is_a_part_of_githubs(sim):
    schema = json.loads((npm_package("@octokit/graphql-schema@15.26.1") / "schema.json").read_text())
    types = {entry["name"]: entry for entry in schema.get("data", schema)["__schema"]["types"]}

    def text(kind):
        if kind["kind"] == "NON_NULL":
            return text(kind["ofType"]) + "!"
        return f"[{text(kind['ofType'])}]" if kind["kind"] == "LIST" else kind["name"]

    wrong = []
    for name, fields in sim.get("/_sim/schema").json().items():
        real = {field["name"]: field for field in types[name]["fields"] or []}
        for field, ours in fields.items():
            if field not in real or text(real[field]["type"]) != ours["type"]:
                wrong.append(f"{name}.{field}: {ours['type']}")
                continue
            arguments = {argument["name"]: text(argument["type"]) for argument in real[field]["args"]}
            wrong += [f"{name}.{field}({argument})" for argument, kind in ours["arguments"].items() if arguments.get(argument) != kind]
    assert wrong == []


def test_rest_and_graphql_tell_the_same(sim):
    name = sim.repository()["full_name"].split("/")[1]
    answer = sim.graphql("""query($name: String!) { repository(owner: "acme", name: $name) { databaseId pushedAt
        pullRequests(first: 5, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes { number fullDatabaseId updatedAt additions state merged } }
        defaultBranchRef { target { ... on Commit { oid history(first: 3) { nodes { oid additions deletions changedFilesIfAvailable } } } } } } }""", name=name)
    repository = answer["data"]["repository"]
    assert repository["databaseId"] == sim.get(f"/repos/acme/{name}").json()["id"]
    for pull in repository["pullRequests"]["nodes"]:
        detail = sim.get(f"/repos/acme/{name}/pulls/{pull['number']}").json()
        assert (str(detail["id"]), detail["updated_at"], detail["additions"], detail["merged"]) == (
            pull["fullDatabaseId"], pull["updatedAt"], pull["additions"], pull["merged"])
    for commit in repository["defaultBranchRef"]["target"]["history"]["nodes"]:
        detail = sim.get(f"/repos/acme/{name}/commits/{commit['oid']}").json()
        assert detail["stats"]["additions"] == commit["additions"]
        assert len(detail["files"]) == commit["changedFilesIfAvailable"]
        assert sum(file["additions"] for file in detail["files"]) == commit["additions"]
