"""`weir backfill`: a range of time is collected again, one window at a time; cursors stay where they are."""
import datetime
import re
import time

import pytest

from conftest import kill_group, wait_for
from test_github import assert_tables_are_the_truth, github, sim  # noqa: F401
from test_synthetic import DAY, PLUGINS, Source, rfc3339, source, testing  # noqa: F401

BY_TIME = ("window", "ascending", "descending")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.fixture
def collected(source):
    """A source of which everything is in the tables."""
    one = source(world={"deletions": 0.0})
    one.calm_down()
    one.import_now()
    one.import_now()
    one.begin = instant(one.spec["world"]["begin"])
    one.cursors = lambda: one.database.sql(
        "SELECT script, partition, version, cursor_at, state, pass_end FROM weir.partition_cursor ORDER BY 1, 2")
    return one


def backfill(one, kind, begin, end, *more):
    return one.weir("backfill", one.tenant, "synthetic", kind, "--from", rfc3339(begin), "--to", rfc3339(end), "--json", *more)


def keys_between(one, begin, end):
    return {(t["partition_key"], t["item_key"]) for t in one.truth() if begin < instant(t["source_updated_at"]) <= end}


def start_backfill(one, arguments):
    return one.testing.start(*arguments, "--plugins", PLUGINS, database=one.database, env=one.environment())


@pytest.mark.parametrize("kind", BY_TIME)
def test_rows_deleted_by_hand_come_back_and_cursors_stay(collected, kind):
    one = collected
    begin, end = one.begin + 2 * DAY, one.begin + 6 * DAY
    lost = keys_between(one, begin, end)
    assert lost
    cursors = one.cursors()
    one.database.sql(f"DELETE FROM data.synthetic_{kind}")
    answer = backfill(one, kind, begin, end, *(["--window", "1d"] if kind != "descending" else []))
    assert answer.code == 0, answer.err
    report = answer.json()
    assert report["status"] == "COMPLETED" and report["done_to"] == rfc3339(end)
    assert report["windows"] == report["windows_done"] == (1 if kind == "descending" else 4)
    assert one.cursors() == cursors
    assert lost <= set(one.rows(kind))
    if kind == "window":
        assert lost == set(one.rows(kind)), "what lies outside was not asked for"


def test_progress_counts_the_partitions_of_a_window(collected):
    one = collected
    answer = one.weir("backfill", one.tenant, "synthetic", "window", "--from", rfc3339(one.begin), "--to",
                      rfc3339(one.begin + 3 * DAY), "--window", "1d")
    assert answer.code == 0 and "3 of 3 windows" in answer.out, answer.err
    said = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) of (\d+) partitions", answer.err)]
    partitions = len({partition for partition, _ in one.rows("window")})
    assert partitions > 1 and said and set(said) == {(partitions, partitions)}, answer.err


def test_unchanged_rows_and_those_outside_are_not_touched(collected):
    one = collected
    before = one.database.sql("SELECT ctid::text, xmin::text FROM data.synthetic_window ORDER BY 1")
    report = backfill(one, "window", one.begin + 3 * DAY, one.begin + 6 * DAY).json()
    assert report["records_imported"] == 0 and report["records_unchanged"] > 0 and report["records_deleted"] == 0
    assert one.database.sql("SELECT ctid::text, xmin::text FROM data.synthetic_window ORDER BY 1") == before


def test_killed_in_the_middle_the_same_command_goes_on(collected):
    one = collected
    begin, end = one.begin, one.begin + 10 * DAY
    lost = keys_between(one, begin, end)
    one.database.sql("DELETE FROM data.synthetic_window")
    one.write(faults=[{"kind": "slow", "seconds": 0.05}])
    arguments = ("backfill", one.tenant, "synthetic", "window", "--from", rfc3339(begin), "--to", rfc3339(end), "--window", "1d")
    process = start_backfill(one, arguments)
    done = "SELECT parameters ->> 'done_to' FROM weir.scheduled_pipeline_runs WHERE trigger = 'backfill' AND parameters ? 'done_to'"
    wait_for(lambda: one.database.sql(done), "a first window")
    kill_group(process)
    reached = one.database.sql(done)[0][0]
    one.write(faults=[])
    answer = one.weir(*arguments, "--json")
    assert answer.code == 0, answer.err
    report = answer.json()
    assert report["resumed_at"] == reached and report["windows_done"] < 10
    assert lost == set(one.rows("window"))
    statuses = [status for (status,) in one.database.sql(
        "SELECT status FROM weir.scheduled_pipeline_runs WHERE trigger = 'backfill' ORDER BY id")]
    assert statuses == ["INTERRUPTED", "COMPLETED"]
    # One that came to its end begins anew.
    assert one.weir(*arguments, "--json").json()["resumed_at"] is None


def test_an_import_goes_first_after_a_window(collected):
    one = collected
    one.write(faults=[{"kind": "slow", "script": "window", "seconds": 0.2}])
    process = start_backfill(one, ("backfill", one.tenant, "synthetic", "window", "--from", rfc3339(one.begin), "--to",
                                  rfc3339(one.begin + 10 * DAY), "--window", "6h"))
    running = "SELECT 1 FROM weir.data_source_run WHERE script = 'synthetic/window' AND status = 'RUNNING'"
    wait_for(lambda: one.database.sql(running), "the backfill to hold its script")
    report = one.weir("import", "--script", "synthetic/window", "--json").json()
    assert [script["status"] for script in report["pipeline_runs"][0]["scripts"]] == ["COMPLETED"]
    assert process.poll() is None, "the backfill goes on afterwards"
    one.write(faults=[])
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "COMPLETED: 40 of 40 windows" in out, out + err


def test_a_limit_stops_it_and_waits_when_asked_to(collected):
    one = collected
    one.write(faults=[{"kind": "limited", "script": "window", "every": 10, "seconds": 1}])
    answer = backfill(one, "window", one.begin, one.begin + 10 * DAY, "--window", "5d")
    assert answer.code == 0 and answer.json()["status"] == "PARKED", answer.out
    assert answer.json()["windows_done"] < 2 and answer.json()["wake_at"]
    answer = backfill(one, "window", one.begin, one.begin + 10 * DAY, "--window", "5d", "--wait-limits", "30s")
    assert answer.json()["status"] == "COMPLETED", answer.out


def test_a_partition_out_of_reach_is_a_gap(collected):
    one = collected
    one.write(faults=[{"kind": "unreachable", "partition": "p1"}])
    answer = backfill(one, "window", one.begin, one.begin + 4 * DAY, "--window", "2d")
    assert answer.code == 0 and answer.json()["status"] == "COMPLETED_WITH_GAPS", answer.out


WRONG = [
    (("2026-01-31", "2026-01-01"), "--from 2026-01-31 is not before --to 2026-01-01"),
    (("31.01.2026", "2026-02-01"), "--from is '31.01.2026': a day (2026-01-31) or an instant"),
    (("2026-01-01", "soon"), "--to is 'soon'"),
    (("2999-01-01", "2999-01-02"), "--from 2999-01-01 is in the future"),
    (("2026-01-01", "2999-01-02"), "--to 2999-01-02 is in the future"),
    (("2026-01-01", "2026-01-02", "--window", "0d"), "--window is '0d'"),
    (("2026-01-01", "2026-01-02", "--wait-limits", "later"), "--wait-limits is 'later'"),
]


def test_wrong_usage_says_what_is_wrong_and_runs_nothing(source):
    one = source()
    for (begin, end, *more), message in WRONG:
        answer = one.weir("backfill", "acme", "synthetic", "window", "--from", begin, "--to", end, *more)
        assert answer.code == 2 and message in answer.err, (begin, end, answer.err)
    days = ("--from", "2026-01-01", "--to", "2026-01-31")
    for arguments, message in (
        (("acme", "synthetic", "full"), "every import lists all there is"),
        (("acme", "synthetic", "heads"), "weir cursor reset TENANT SOURCE synthetic/heads"),
        (("acme", "synthetic", "windw"), "did you mean synthetic/window?"),
        (("acme", "synthetic", "git/commit"), "git/commit is no script of synthetic"),
        (("acme", "nosuch", "window"), "nosuch"),
        (("nobody", "synthetic", "window"), "nobody"),
        (("acme", "synthetic", "descending", "--window", "2d"), "--window does not go with synthetic/descending"),
    ):
        answer = one.weir("backfill", *arguments, *days)
        assert answer.code == 2 and message in answer.err, (arguments, answer.err)
    assert one.weir("backfill", "acme", "synthetic", "window", "--from", "2026-01-01").code == 2
    assert one.database.sql("SELECT count(*) FROM weir.scheduled_pipeline_runs") == [(0,)]


def test_what_github_has_comes_back(github, database, sim):
    github.ok("import")
    (first, last), = database.sql("SELECT min(updated_at)::date::text, max(updated_at)::date::text FROM data.issue")
    for table in ("issue", "issue_label", "pull_request", "pull_request_assignee"):
        database.sql(f"DELETE FROM data.{table}")
    for script in ("issue", "pull_request"):
        report = github.ok("backfill", "acme", "github", script, "--from", first, "--to", last, "--json").json()
        assert report["status"].startswith("COMPLETED") and report["records_imported"] > 0, report
    assert_tables_are_the_truth(database, sim)
