"""Lists inside records that GitHub shows the first 100 of: members of a team, reviews, labels."""
import datetime
import sys
from pathlib import Path

import pytest
from conftest import kill_group, wait_for

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from github_truth import Comparison, assert_tables_are_the_truth  # noqa: E402
from simulator import Sim  # noqa: E402
from tenants import Tenants, statuses_of  # noqa: E402

WORLD = ("--repos", "2", "--specials", "0", "--commits", "5", "--pulls", "4", "--issues", "4", "--runs", "0", "--releases", "0",
         "--users", "330", "--teams", "3", "--list-items", "230")


@pytest.fixture
def world(weir, database, new_home):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
    sim = Sim(*WORLD, "--core", "100000", "--graphql", "100000", now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    tenants = Tenants(weir, database, new_home())
    tenants.add_github("acme", sim.url)
    yield tenants, sim, database
    sim.stop()


def gone(database):
    """Rows of lists that are marked deleted."""
    return {table: database.sql(f"SELECT count(*) FROM data.{table} WHERE deleted_at IS NOT NULL")[0][0]
            for table in ("team_member", "pull_request_review", "issue_label", "pull_request_label")}


def test_they_are_read_to_their_ends_and_lose_what_is_gone(world):
    tenants, sim, database = world
    report = tenants.ok("import", "--json")
    assert set(statuses_of(report).values()) == {"COMPLETED"}, statuses_of(report)
    assert database.sql("SELECT count(*) FROM weir.gap") == [(0,)]
    longest = {
        "team_member": "SELECT max(n) FROM (SELECT count(*) n FROM data.team_member GROUP BY team_key) c",
        "pull_request_review": "SELECT max(n) FROM (SELECT count(*) n FROM data.pull_request_review GROUP BY repo_key, number) c",
        "issue_label": "SELECT max(n) FROM (SELECT count(*) n FROM data.issue_label GROUP BY issue_key) c"}
    for table, statement in longest.items():
        assert database.sql(statement)[0][0] >= 230, table
    assert_tables_are_the_truth(database.sql, sim)
    for _ in range(3):
        sim.post("/_sim/advance", {"seconds": 900, "activity": {"member_remove": 9, "member_add": 4, "issue_edit": 12,
                                                                "pull_edit": 8, "review": 8}})
        tenants.ok("import")
        assert_tables_are_the_truth(database.sql, sim)
    assert gone(database)["team_member"] > 0 and gone(database)["issue_label"] > 0


@pytest.mark.parametrize("query", ["query directMembers", "query moreReviews", "query issueLabels"])
def test_killed_in_the_middle_of_one_nothing_is_lost_or_deleted(world, query):
    tenants, sim, database = world
    tenants.ok("import")
    before = gone(database)
    sim.post("/_sim/advance", {"seconds": 900, "activity": {"issue_edit": 12, "pull_edit": 8, "review": 8}})
    # The second of a list's further pages does not come.
    sim.faults({"kind": "hang", "match": query, "after": 1})
    struck = lambda: sum(rule["struck"] for rule in sim.get("/_sim/faults").json()["rules"])  # noqa: E731
    process = tenants.start("import")
    try:
        wait_for(lambda: struck() > 0, f"the second page of {query}")
    finally:
        kill_group(process)
    assert gone(database)["team_member"] == before["team_member"]
    assert gone(database)["pull_request_review"] == before["pull_request_review"]
    sim.faults()
    tenants.ok("import")
    assert_tables_are_the_truth(database.sql, sim)
    assert database.sql("SELECT count(*) FROM weir.gap WHERE closed_at IS NULL") == [(0,)]


def test_a_budget_smaller_than_the_lists_of_a_page_gets_through(weir, database, new_home):
    """Each window of the budget pays for a few further pages; what they brought is not asked for again."""
    now = datetime.datetime.now(datetime.timezone.utc)
    sim = Sim(*WORLD, "--graphql", "12", "--graphql-seconds", "3", now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
    try:
        tenants = Tenants(weir, database, new_home())
        tenants.add_github("acme", sim.url)
        tenants.ok("import", "--wait-limits", "2m", "--script", "github/repository", "--script", "github/team",
                   "--script", "github/pull_request_review", "--script", "github/issue")
        known = set(sim.get("/_sim/truth").json()) - {"repository", "team", "team_member", "pull_request_review", "issue",
                                                      "issue_label", "issue_assignee"}
        assert_tables_are_the_truth(database.sql, sim, without=known)
        assert database.sql("SELECT count(*) FROM weir.gap") == [(0,)]
    finally:
        sim.stop()


def test_a_further_page_that_is_not_shown_whole_is_asked_for_again(world):
    tenants, sim, database = world
    tenants.ok("import", "--script", "github/repository")
    sim.faults({"kind": "graphql_partial", "match": "query issueLabels", "count": 2})
    report = tenants.ok("import", "--script", "github/issue", "--json")
    assert sum(rule["struck"] for rule in sim.get("/_sim/faults").json()["rules"]) == 2
    assert set(statuses_of(report).values()) == {"COMPLETED"}
    assert Comparison(database.sql, sim).differences("issue_label") == []
