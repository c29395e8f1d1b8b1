"""The github plugin against the simulated GitHub: what is in the tables is what there is."""
import datetime
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import github_truth  # noqa: E402
from github_truth import normal  # noqa: E402
from npm_packages import npm_package  # noqa: E402
from simulator import Sim  # noqa: E402

WORLD = ("--repos", "3", "--commits", "130", "--pulls", "105", "--issues", "105", "--runs", "8", "--days", "60")


@pytest.fixture
def sim():
    # Its clock is behind, so that what happens later in the test is not in the future.
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
    sim = Sim(*WORLD, "--core", "100000", "--graphql", "100000", now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    yield sim
    sim.stop()


@pytest.fixture
def github(weir, database, new_home, sim):
    """Runs commands of a tenant `acme` that has the simulated GitHub as a data source."""
    home = new_home()
    home.mkdir(mode=0o700)
    env = {
        "WEIR_MASTER_KEY_FILE": home / "keys",
        "WEIR_EGRESS_ALLOW": "127.0.0.1",
        "GITHUB_TOKEN": "sim-token",
    }

    def call(*args, **options):
        return weir(*args, env=env, database=database, **options)

    def ok(*args, **options):
        answer = call(*args, **options)
        assert answer.code == 0, answer.out + answer.err
        return answer

    call.ok = ok
    ok("secrets", "init")
    ok("tenant", "add", "acme")
    ok("source", "add", "acme", "github", "--set", "GITHUB_ORG=acme", "--set", f"GITHUB_API_URL={sim.url}",
       "--set", "GITHUB_JOBS=true", "--secret-env", "GITHUB_TOKEN")
    return call


def assert_tables_are_the_truth(database, sim):
    github_truth.assert_tables_are_the_truth(database.sql, sim)


def test_an_import_and_what_happens_afterwards(github, database, sim):
    github.ok("import")
    assert_tables_are_the_truth(database, sim)
    for round_number in range(3):
        sim.post("/_sim/advance", {"seconds": 900, "activity": "heavy"})
        github.ok("import")
        assert_tables_are_the_truth(database, sim)


def rows_of(database, statement):
    return {row[0] for row in database.sql(statement)}


def counted(sim):
    """The requests since the last call that cost something."""
    log = [entry for entry in sim.lines("/_sim/log") if entry["status"] != 304]
    sim.post("/_sim/log/clear", {})
    return log


def test_what_did_not_change_is_not_asked_for(github, database, sim):
    github.ok("import")
    # The changes of the last minutes before an import are looked at once more by the next one.
    sim.post("/_sim/advance", {"seconds": 600})
    github.ok("import")
    sim.post("/_sim/advance", {"seconds": 600})
    counted(sim)
    github.ok("import")
    log = [entry for entry in counted(sim) if "/actions/" not in entry["target"]]
    assert len(log) <= 3, [entry["target"] for entry in log]


def test_what_changed_in_one_repository_is_asked_for_there(github, database, sim):
    github.ok("import")
    for _ in range(2):
        sim.post("/_sim/advance", {"seconds": 600})
        github.ok("import")
    repository = sim.repository()
    activity = {"commits": 3, "pull_edit": 1, "issue_edit": 1, "repositories": [repository["full_name"].split("/")[1]]}
    sim.post("/_sim/advance", {"seconds": 60, "activity": activity})
    counted(sim)
    github.ok("import")
    log = [entry for entry in counted(sim) if "/actions/" not in entry["target"]]
    assert {entry["target"].split("/")[3] for entry in log if entry["target"].startswith("/repos/")} == {
        repository["full_name"].split("/")[1]}
    assert len(log) <= 3 + 9, [entry["target"] for entry in log]
    assert_tables_are_the_truth(database, sim)


def test_blocked_repositories_are_gaps_and_stay_so(github, database, sim):
    github.ok("import")
    statuses = dict(database.sql("SELECT script, status FROM weir.data_source_run"))
    assert statuses["github/repository"] == "COMPLETED"
    assert statuses["github/branch"] == "COMPLETED_WITH_GAPS"
    gaps = rows_of(database, "SELECT DISTINCT partition FROM weir.gap WHERE closed_at IS NULL")
    assert gaps == {str(entry["id"]) for entry in sim.get("/_sim/repositories").json() if entry["blocked"]}


def test_a_nul_in_what_github_says_keeps_nothing_open(github, database, sim):
    sim.faults({"kind": "nul", "match": "query reviews"})
    github.ok("import")
    assert rows_of(database, "SELECT status FROM weir.scheduled_pipeline_runs") == {"COMPLETED_WITH_GAPS"}


def test_no_token_in_the_tables_or_the_answers(github, database):
    shown = "".join(str(github(*args)) for args in (("import",), ("runs", "--json"), ("source", "show", "acme", "github")))
    assert "sim-token" not in shown
    for (table,) in database.sql("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
                                 "WHERE schemaname IN ('data', 'weir')"):
        assert database.sql(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%%sim-token%%'")[0][0] == 0, table


# --- the mapping of what GitHub itself sent


@pytest.fixture
def recorded(tmp_path, github, sim):
    """recorded(script, target, body) shows the rows that `script` makes of an answer."""
    github.ok("import", "--script", "github/repository")
    repository = sim.repository()

    def try_script(script, path, body):
        method, url = ("POST", f"{sim.url}/graphql") if path is None else ("GET", f"{sim.url}/repos/{repository['full_name']}{path}")
        exchange = {"request": {"method": method, "url": url}, "response": {"status": 200, "body": body}}
        (tmp_path / f"github.{script}.jsonl").write_text(json.dumps(exchange) + "\n")
        answer = github.ok("plugins", "try", f"github/{script}", "--tenant", "acme", "--partition", str(repository["id"]),
                           "--replay", str(tmp_path), "--rows", "1000", "--json").json()
        assert answer.get("error") is None and answer["rejected"] == [], answer
        assert answer["notes"] == []
        return answer["rows"]

    return try_script


@pytest.fixture(scope="module")
def webhooks():
    package = npm_package("@octokit/webhooks-examples@7.6.1")
    index = json.loads((package / "api.github.com" / "index.json").read_text())
    return {entry["name"]: entry["examples"] for entry in index}


def test_workflow_runs_that_github_sent(recorded, webhooks):
    runs = {entry["workflow_run"]["id"]: entry["workflow_run"] for entry in webhooks["workflow_run"]}
    rows = recorded("workflow_run", "/actions/runs?per_page=100&page=1",
                    {"total_count": len(runs), "workflow_runs": list(runs.values())})
    assert len(rows["pipeline_run"]) == len(runs)
    for row, run in zip(rows["pipeline_run"], runs.values()):
        assert row["run_key"] == f"{run['id']}:{run['run_attempt']}"
        assert (row["status_raw"], row.get("result_raw")) == (run["status"], run["conclusion"])
        assert row["status"] in ("queued", "running", "waiting", "done")
        assert (row.get("result") is None) == (run["conclusion"] is None)
        assert normal(row["created_at"]) == normal(run["created_at"])
        assert (row.get("finished_at") is not None) == (run["status"] == "completed")


def actor(user):
    return user and {"__typename": user["type"], "login": user["login"].removesuffix("[bot]"), "databaseId": user["id"],
                     "avatarUrl": user["avatar_url"], "url": user["html_url"]}


def pull_as_graphql(pull):
    return {
        "number": pull["number"], "fullDatabaseId": str(pull["id"]), "title": pull["title"], "body": pull["body"] or "",
        "state": "MERGED" if pull["merged_at"] else pull["state"].upper(), "isDraft": pull["draft"], "url": pull["html_url"],
        "createdAt": pull["created_at"], "updatedAt": pull["updated_at"], "closedAt": pull["closed_at"],
        "mergedAt": pull["merged_at"], "additions": pull["additions"], "deletions": pull["deletions"],
        "changedFiles": pull["changed_files"], "headRefName": pull["head"]["ref"], "headRefOid": pull["head"]["sha"],
        "baseRefName": pull["base"]["ref"], "baseRefOid": pull["base"]["sha"], "author": actor(pull["user"]),
        "mergedBy": actor(pull["merged_by"]),
        "headRepository": pull["head"]["repo"] and {"databaseId": pull["head"]["repo"]["id"]},
        "mergeCommit": pull["merge_commit_sha"] and {"oid": pull["merge_commit_sha"]},
        "commits": {"totalCount": pull["commits"]}, "comments": {"totalCount": pull["comments"]},
        "labels": {"nodes": [{"name": label["name"]} for label in pull["labels"]]},
        "assignees": {"nodes": [{"databaseId": user["id"]} for user in pull["assignees"]]},
        "reviewRequests": {"nodes": [{"requestedReviewer": {"databaseId": user["id"]}} for user in pull["requested_reviewers"]]},
    }


def test_pull_requests_that_github_sent(recorded, webhooks):
    pulls = {}
    for entry in webhooks["pull_request"]:
        pulls[entry["pull_request"]["number"], entry["pull_request"]["updated_at"]] = entry["pull_request"]
    pulls = sorted(pulls.values(), key=lambda pull: pull["updated_at"], reverse=True)
    connection = {"totalCount": len(pulls), "pageInfo": {"hasNextPage": False, "endCursor": None},
                  "nodes": [pull_as_graphql(pull) for pull in pulls]}
    rows = recorded("pull_request", None, {"data": {"node": {"pullRequests": connection}}})
    assert len(rows["pull_request"]) == len(pulls)
    for row, pull in zip(rows["pull_request"], pulls):
        assert row["pr_key"] == str(pull["id"]) and row["state"] == ("merged" if pull["merged_at"] else pull["state"])
        assert row.get("author_key") == (str(pull["user"]["id"]) if pull["user"] else None)
        assert row.get("merge_sha") == (pull["merge_commit_sha"] if pull["merged_at"] else None)
        assert (row["additions"], row["deletions"], row["changed_files"], row["commits"]) == (
            pull["additions"], pull["deletions"], pull["changed_files"], pull["commits"])
    labels = sum(len(pull["labels"]) for pull in pulls)
    assert len(rows.get("pull_request_label", [])) == labels
