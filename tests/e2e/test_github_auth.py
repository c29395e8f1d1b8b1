"""Every way to prove who asks, against a simulated GitHub that checks it as GitHub does."""
import subprocess

import pytest

from test_github import Sim, assert_tables_are_the_truth, github_truth
from tenants import Tenants

WORLD = ("--repos", "2", "--commits", "30", "--pulls", "12", "--issues", "12", "--runs", "4", "--days", "30",
         "--core", "100000", "--graphql", "100000")


@pytest.fixture
def own_sim():
    started = []

    def start(*more):
        started.append(Sim(*WORLD, *more, now=None))
        return started[-1]

    yield start
    for sim in started:
        sim.stop()


@pytest.fixture
def acme(weir, database, new_home):
    return Tenants(weir, database, new_home())


def add(acme, sim, url=None, **more):
    """The data source `github` of the tenant `acme`."""
    added = acme.add("acme", "github", GITHUB_ORG="acme", GITHUB_API_URL=url or sim.url, GITHUB_JOBS="true", **more)
    assert added.code == 0, added.err


def make_key(path):
    subprocess.run(["openssl", "genrsa", "-out", str(path), "2048"], check=True, capture_output=True)
    return path


def app_settings(key):
    return {"GITHUB_APP_ID": "4711", "GITHUB_APP_INSTALLATION_ID": "77", "files": {"GITHUB_APP_PRIVATE_KEY": key}}


def findings(answer):
    return {finding["check"]: finding for finding in answer.json()["checks"]}


@pytest.fixture
def app(own_sim, tmp_path):
    key = make_key(tmp_path / "app.pem")
    return own_sim("--app-id", "4711", "--app-key", str(key), "--app-installations", "77"), key


def test_an_app_imports_with_the_token_of_its_installation(acme, app, database):
    sim, key = app
    add(acme, sim, **app_settings(key))
    checked = acme("source", "check", "acme", "github", "--json")
    assert checked.code == 0, checked.out
    answer = acme("import", "--json")
    assert answer.code == 0, answer.out
    compared = github_truth.Comparison(database.sql, sim)
    for resource in ("repository", "issue", "pull_request", "commit"):
        assert compared.differences(resource) == []
    log = sim.lines("/_sim/log")
    assert {entry["status"] for entry in log if entry["target"].endswith("/access_tokens")} == {201}
    private = "".join(key.read_text().splitlines()[1:3])
    assert private not in checked.out + answer.out + answer.err


def test_an_app_with_another_key_stops_and_prints_nothing_of_it(acme, app, tmp_path, database):
    sim, _ = app
    other = make_key(tmp_path / "other.pem")
    add(acme, sim, **app_settings(other))
    checked = acme("source", "check", "acme", "github", "--json")
    assert checked.code == 3 and "gave no token: it answered 401" in checked.out, checked.out
    answer = acme("import")
    assert answer.code == 1
    assert database.sql("SELECT needs_credentials IS NOT NULL FROM weir.data_source") == [(True,)]
    lines = other.read_text().splitlines()[1:-1]
    assert not any(line in checked.out + answer.out + answer.err for line in lines)


def test_an_app_key_that_is_none_says_so_and_sends_nothing(acme, app, tmp_path):
    sim, _ = app
    (tmp_path / "none.pem").write_text("not-a-key-at-all")
    add(acme, sim, **app_settings(tmp_path / "none.pem"))
    checked = acme("source", "check", "acme", "github", "--json")
    assert checked.code == 3 and "is not an RSA key in PEM" in checked.out
    assert "not-a-key-at-all" not in checked.out + checked.err
    assert sim.lines("/_sim/log") == []


def test_an_enterprise_server_is_asked_at_its_own_paths(acme, own_sim, database):
    sim = own_sim("--enterprise")
    add(acme, sim, url=f"http://127.0.0.1:{sim.port}/api/v3", secrets={"GITHUB_TOKEN": "sim-token"})
    assert acme("source", "check", "acme", "github").code == 0
    answer = acme("import", "--json")
    assert answer.code == 0, answer.out
    assert_tables_are_the_truth(database, sim)
    targets = {entry["target"] for entry in sim.lines("/_sim/log")}
    assert "/api/graphql" in targets and any(target.startswith("/api/v3/repos/") for target in targets)
    assert all(target.startswith(("/api/graphql", "/api/v3/")) for target in targets)


def test_a_token_without_a_permission_is_told_which(acme, own_sim, database):
    sim = own_sim()
    sim.post("/_sim/tokens", {"token": "fine-grained"})
    add(acme, sim, secrets={"GITHUB_TOKEN": "fine-grained"})
    assert acme("import").code == 0
    members = database.sql("SELECT count(*) FROM data.contributor WHERE deleted_at IS NULL")
    sim.post("/_sim/tokens", {"token": "fine-grained", "denied": ["members"]})
    checked = acme("source", "check", "acme", "github", "--json")
    found = findings(checked)
    assert checked.code == 3 and found["repository"]["verdict"] == "ok", checked.out
    assert "the token lacks the permission Members (read)" in found["contributor"]["reason"]
    answer = acme("import", "--json")
    statuses = {script["script"]: script["status"] for script in answer.json()["pipeline_runs"][0]["scripts"]}
    assert answer.code == 1 and statuses["github/contributor"] == "FAILED", statuses
    assert statuses["github/issue"].startswith("COMPLETED"), "it needs no members"
    assert "fine-grained" not in checked.out + answer.out + answer.err
    # What was collected with the permission stays without it.
    assert database.sql("SELECT count(*) FROM data.contributor WHERE deleted_at IS NULL") == members


def test_what_a_token_may_not_read_of_repositories_is_told_once_they_are_known(acme, own_sim):
    sim = own_sim()
    add(acme, sim, secrets={"GITHUB_TOKEN": "sim-token"})
    assert acme("import", "--script", "github/repository").code == 0
    assert acme("source", "check", "acme", "github").code == 0
    sim.post("/_sim/tokens", {"token": "sim-token", "denied": ["issues", "actions"]})
    checked = acme("source", "check", "acme", "github", "--json")
    found = findings(checked)
    assert checked.code == 3 and "Issues (read)" in found["issue"]["reason"], checked.out
    assert "lacks a permission" in found["workflow_run"]["reason"]
    assert "pull_request" not in found and "release" not in found


def test_a_wrong_token_stops_the_source_and_is_never_printed(acme, own_sim, database):
    sim = own_sim()
    add(acme, sim, secrets={"GITHUB_TOKEN": "wrong-token-of-acme"})
    checked = acme("source", "check", "acme", "github")
    assert checked.code == 3 and "does not accept the token" in checked.out
    answer = acme("import")
    assert answer.code == 1
    assert "wrong-token-of-acme" not in checked.out + checked.err + answer.out + answer.err
    assert database.sql("SELECT needs_credentials LIKE '%does not accept the token%' FROM weir.data_source") == [(True,)]


@pytest.mark.parametrize("form", ["403", "429-date"])
def test_a_limit_on_tokens_is_waited_for_like_any_other(acme, app, form):
    sim, key = app
    add(acme, sim, **app_settings(key))
    sim.faults({"kind": "secondary", "match": "/access_tokens", "count": 1, "seconds": 3, "form": form})
    answer = acme("import", "--wait-limits", "1m", "--script", "github/repository", "--json")
    assert answer.code == 0, answer.out
    first, second = [entry for entry in sim.lines("/_sim/log") if entry["target"].endswith("/access_tokens")]
    assert first["status"] in (403, 429) and second["status"] == 201
    assert second["started_us"] - first["finished_us"] > 1_500_000, "a second's precision of the date is lost"
