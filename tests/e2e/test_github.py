"""The github plugin against the simulated GitHub: what is in the tables is what there is."""
import datetime
import json
import subprocess
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
def sim(request):
    # Its clock is behind, so that what happens later in the test is not in the future.
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
    sim = Sim(*getattr(request, "param", WORLD), "--core", "100000", "--graphql", "100000", now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
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
    report = github.ok("import", "--json").json()
    log = sim.lines("/_sim/log")
    paid = [entry["target"] for entry in log if entry["counted"]]
    assert len(paid) <= 3, paid
    unchanged = [entry["target"] for entry in log if entry["status"] == 304]
    repositories = [entry for entry in sim.get("/_sim/repositories").json() if not entry["blocked"]]
    assert len(unchanged) == len(set(unchanged)) <= len(repositories)
    assert all("/actions/runs?" in target for target in unchanged), unchanged
    assert len(log) == len(unchanged) + len(paid)
    runs = {script["script"]: script for script in report["pipeline_runs"][0]["scripts"]}
    workflows = runs["github/workflow_run"]
    assert (workflows["requests"], workflows["not_modified"], workflows["points"]) == (len(unchanged), len(unchanged), 0)
    assert len(unchanged) > 0


def test_a_run_that_is_run_again_is_no_304(github, database, sim):
    github.ok("import")
    sim.post("/_sim/advance", {"seconds": 600})
    github.ok("import")
    sim.post("/_sim/advance", {"seconds": 60, "activity": {"run_rerun": 2, "run_finish": 2}})
    github.ok("import")
    assert_tables_are_the_truth(database, sim)


def test_a_cursor_that_is_reset_asks_for_everything_again(github, database, sim):
    github.ok("import")
    rows = database.sql("SELECT count(*) FROM data.pipeline_run")
    assert database.sql("SELECT count(*) > 0 FROM weir.validator") == [(True,)]
    github.ok("cursor", "reset", "acme", "github", "github/workflow_run", "--yes")
    assert database.sql("SELECT count(*) FROM weir.validator") == [(0,)]
    counted(sim)
    github.ok("import", "--script", "github/workflow_run")
    assert any("/actions/runs?" in entry["target"] for entry in counted(sim))
    assert database.sql("SELECT count(*) FROM data.pipeline_run") == rows


def test_a_run_shows_requests_not_modified_answers_points_and_waits(github, database, sim):
    github.ok("import")
    counted(sim)
    repository = sim.repository()["full_name"].split("/")[1]
    sim.post("/_sim/advance", {"seconds": 900, "activity": {"run_new": 3, "issue_edit": 2, "repositories": [repository]}})
    report = github.ok("import", "--json").json()
    log = sim.lines("/_sim/log")
    runs = {script["script"]: script["run"] for script in report["pipeline_runs"][0]["scripts"] if script.get("run")}
    workflows = github.ok("run", "show", runs["github/workflow_run"], "--json").json()
    of_runs = [entry for entry in log if "/actions/runs?" in entry["target"]]
    assert workflows["requests"] == len(of_runs)
    assert workflows["not_modified"] == len([entry for entry in of_runs if entry["status"] == 304])
    assert workflows["points"] == sum(entry["counted"] for entry in of_runs) > 0
    assert workflows["waited_ms"] == 0
    shown = github.ok("run", "show", runs["github/workflow_run"]).out
    assert all(name in shown for name in ("requests", "not_modified", "points", "waited_ms"))
    issues = github.ok("run", "show", runs["github/issue"], "--json").json()
    assert issues["points"] >= issues["requests"] > 0
    total = sum(script["points"] for script in report["pipeline_runs"][0]["scripts"])
    assert total == sum(entry["counted"] for entry in log)


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


MANY = ("--repos", "1000", "--commits", "2", "--pulls", "1", "--issues", "1", "--runs", "0", "--days", "60")


@pytest.mark.parametrize("sim", [MANY], indirect=True)
def test_a_change_in_one_of_a_thousand_repositories_costs_requests_for_that_one(github, database, sim):
    github.ok("import")
    sim.post("/_sim/advance", {"seconds": 600})
    github.ok("import")
    sim.post("/_sim/advance", {"seconds": 600})
    counted(sim)
    github.ok("import")
    nothing_new = len(counted(sim))
    repositories = len(sim.get("/_sim/repositories").json())
    assert nothing_new <= -(-repositories // 100) + 2, "one query for 100 repositories, one for the members, one for the teams"
    changed = sim.repository()["full_name"].split("/")[1]
    sim.post("/_sim/advance", {"seconds": 60, "activity": {"commits": 1, "issue_edit": 1, "repositories": [changed]}})
    github.ok("import")
    log = counted(sim)
    assert len(log) <= nothing_new + 6, [entry["target"] for entry in log]
    assert {entry["target"].split("/")[3] for entry in log if entry["target"].startswith("/repos/")} == {changed}


def job_requests(sim):
    return [entry["target"] for entry in counted(sim) if "/jobs" in entry["target"]]


def test_jobs_cost_nothing_unless_wanted_and_then_a_request_for_each_run_that_changed(github, database, sim):
    github.ok("source", "set", "acme", "github", "--set", "GITHUB_JOBS=false")
    github.ok("import")
    assert job_requests(sim) == [] and rows_of(database, "SELECT count(*) FROM data.job") == {0}
    github.ok("source", "set", "acme", "github", "--set", "GITHUB_JOBS=true")
    github.ok("import")
    runs = rows_of(database, "SELECT run_key FROM data.pipeline_run WHERE deleted_at IS NULL")
    asked = job_requests(sim)
    assert len(asked) == len(set(asked)) == len(runs)
    for _ in range(2):
        sim.post("/_sim/advance", {"seconds": 600})
        github.ok("import")
    counted(sim)
    github.ok("import")
    assert job_requests(sim) == []
    before = dict(database.sql("SELECT run_key, updated_at FROM data.pipeline_run"))
    sim.post("/_sim/advance", {"seconds": 60, "activity": {"run_new": 3, "run_rerun": 1, "run_finish": 2}})
    github.ok("import")
    after = dict(database.sql("SELECT run_key, updated_at FROM data.pipeline_run"))
    changed = {key for key, updated in after.items() if before.get(key) != updated}
    assert changed
    assert len(job_requests(sim)) == len(changed)
    assert github_truth.Comparison(database.sql, sim).differences("job") == []


@pytest.mark.parametrize("sim", [("--repos", "1", "--specials", "0", "--commits", "5", "--pulls", "0", "--issues", "0",
                                  "--runs", "2650", "--days", "60", "--run-pages", "300")], indirect=True)
def test_more_runs_than_a_query_shows_are_asked_for_in_parts(github, database, sim):
    github.ok("import", "--script", "github/repository")
    counted(sim)
    github.ok("import", "--script", "github/workflow_run")
    assert database.sql("SELECT status FROM weir.data_source_run WHERE script = 'github/workflow_run'") == [("COMPLETED",)]
    assert rows_of(database, "SELECT count(*) FROM data.pipeline_run") == {2650}
    assert database.sql("SELECT count(*) FROM weir.gap") == [(0,)]
    targets = [entry["target"] for entry in sim.lines("/_sim/log")]
    assert any("created=" in target for target in targets), targets
    assert len(targets) < 27 * 1.4, targets
    assert github_truth.Comparison(database.sql, sim).differences("pipeline_run") == []


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


def test_a_list_that_github_cut_is_told(tmp_path, github, sim):
    github.ok("import", "--script", "github/repository")
    pull = {"number": 7, "fullDatabaseId": "70", "title": "t", "state": "OPEN", "updatedAt": "2026-01-01T00:00:00Z",
            "labels": {"totalCount": 3, "nodes": [{"name": "bug"}]}, "assignees": {"totalCount": 0, "nodes": []},
            "reviewRequests": {"totalCount": 0, "nodes": []}}
    connection = {"totalCount": 1, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [pull]}
    exchange = {"request": {"method": "POST", "url": f"{sim.url}/graphql"},
                "response": {"status": 200, "body": {"data": {"node": {"pullRequests": connection}}}}}
    (tmp_path / "github.pull_request.jsonl").write_text(json.dumps(exchange) + "\n")
    tried = github.ok("plugins", "try", "github/pull_request", "--tenant", "acme", "--partition", str(sim.repository()["id"]),
                      "--replay", str(tmp_path), "--json").json()
    assert [row["label"] for row in tried["rows"]["pull_request_label"]] == ["bug"]
    assert tried["notes"] == ["2 records skipped: records show only parts of their lists, such as 1 of 3 items of "
                              "pull_request_label"], tried["notes"]


def test_an_app_asks_for_one_token_for_all_its_scripts(weir, database, new_home, tmp_path):
    key = tmp_path / "app.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    sim = Sim(*WORLD, "--app-id", "4711", "--app-key", str(key), "--app-installations", "77", now=None)
    home = new_home()
    home.mkdir(mode=0o700)
    env = {"WEIR_MASTER_KEY_FILE": home / "keys", "WEIR_EGRESS_ALLOW": "127.0.0.1"}
    try:
        for args in (("secrets", "init"), ("tenant", "add", "acme"),
                     ("source", "add", "acme", "github", "--set", "GITHUB_ORG=acme", "--set", f"GITHUB_API_URL={sim.url}",
                      "--set", "GITHUB_APP_ID=4711", "--set", "GITHUB_APP_INSTALLATION_ID=77",
                      "--secret-file", f"GITHUB_APP_PRIVATE_KEY={key}"),
                     ("import",)):
            answer = weir(*args, env=env, database=database)
            assert answer.code == 0, answer.out + answer.err
        targets = [entry["target"] for entry in sim.lines("/_sim/log")]
        assert len([target for target in targets if target.endswith("/access_tokens")]) == 1
        assert len(targets) > 20
    finally:
        sim.stop()


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
