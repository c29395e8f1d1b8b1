"""Pipelines and the queue, by command."""
import json

import pytest

from conftest import wait_for  # noqa: F401


@pytest.fixture
def acme(weir, database, tmp_path):
    """Runs commands of a database with the tenant `acme` and its source `git`."""

    def call(*args, **options):
        return weir(*args, env={"WEIR_LOCAL_PATHS": tmp_path}, database=database, **options)

    def ok(*args, **options):
        answer = call(*args, **options)
        assert answer.code == 0, f"weir {' '.join(map(str, args))}: {answer.out}{answer.err}"
        return answer

    def shown(*args):
        return ok(*args, "--json").json()

    call.ok, call.json, call.sql = ok, shown, database.sql
    ok("tenant", "add", "acme")
    ok("source", "add", "acme", "git", "--set", f"GIT_URL={tmp_path}")
    return call


def audit(acme):
    return [row for row in acme.sql("SELECT action, target, actor FROM weir.audit_log WHERE action LIKE 'pipeline%%' ORDER BY id")]


def test_a_source_brings_its_pipeline_and_takes_it_along(acme, tmp_path):
    (pipeline,) = acme.json("pipeline", "ls", "acme")
    assert (pipeline["name"], pipeline["data_sources"], pipeline["schedule"]["every_seconds"]) == ("git", ["git"], 900)
    assert pipeline["next_fire_at"]
    added = acme.ok("source", "add", "acme", "git", "--name", "nightly", "--set", f"GIT_URL={tmp_path}", "--schedule",
                    "30 2 * * mon-fri", "--tz", "Europe/Berlin")
    assert "30 2 * * mon-fri Europe/Berlin" in added.out
    shown = acme.json("pipeline", "show", "acme", "nightly")
    assert shown["schedule"] == {"cron": "30 2 * * mon-fri", "time_zone": "Europe/Berlin", "gap_rule": "after",
                                 "overlap_rule": "first", "day_rule": "either", "missed": "once", "spread_seconds": 0}
    # Somebody's change is kept when the source is added again.
    acme.ok("pipeline", "set", "acme", "git", "--every", "1h")
    again = acme.ok("source", "add", "acme", "git", "--set", f"GIT_URL={tmp_path}", "--every", "5m")
    assert "stays as it is, every 1h" in again.err and "weir pipeline set acme git" in again.err
    assert acme.json("pipeline", "show", "acme", "git")["schedule"]["every_seconds"] == 3600
    acme.ok("pipeline", "add", "acme", "both", "--source", "git", "--source", "nightly", "--every", "1d")
    acme.ok("source", "rm", "acme", "git", "--yes")
    assert {entry["name"]: entry["data_sources"] for entry in acme.json("pipeline", "ls", "acme")} == {
        "both": ["nightly"], "nightly": ["nightly"]}
    acme.ok("source", "add", "acme", "git", "--set", f"GIT_URL={tmp_path}", "--by-hand")
    assert acme.json("pipeline", "show", "acme", "git")["next_fire_at"] is None


def test_a_pipeline_from_begin_to_end(acme):
    added = acme.ok("pipeline", "add", "acme", "commits", "--source", "git", "--script", "git/commit", "--every", "30m",
                    "--priority", "3", "--user", "ann")
    assert "added: every 30m" in added.out
    shown = acme.json("pipeline", "show", "acme", "commits")
    assert (shown["scripts"], shown["priority"], shown["class"], shown["is_enabled"]) == (["git/commit"], 3, "scheduled", True)
    acme.ok("pipeline", "set", "acme", "commits", "--disable", "--all-scripts", "--name", "all-of-git")
    shown = acme.json("pipeline", "show", "acme", "all-of-git")
    assert (shown["scripts"], shown["is_enabled"], shown["next_fire_at"]) == ([], False, None)
    assert shown["schedule"]["every_seconds"] == 1800, "what is not named stays"
    acme.ok("pipeline", "set", "acme", shown["id"], "--enable", "--by-hand")
    assert acme.json("pipeline", "show", "acme", "all-of-git")["next_fire_at"] is None
    assert "all-of-git" in acme.ok("pipeline", "ls", "acme").out
    refused = acme("pipeline", "rm", "acme", "all-of-git")
    assert refused.code == 2 and "--yes" in refused.err
    acme.ok("pipeline", "rm", "acme", "all-of-git", "--yes")
    assert [entry["name"] for entry in acme.json("pipeline", "ls", "acme")] == ["git"]
    assert audit(acme)[1] == ("pipeline.add", "acme/commits", "ann")
    assert audit(acme)[-1][:2] == ("pipeline.rm", "acme/all-of-git")


def test_a_preview_marks_what_the_clock_does(acme):
    acme.ok("pipeline", "add", "acme", "nightly", "--schedule", "30 2 * * *", "--tz", "Europe/Berlin")
    spring = acme.json("pipeline", "preview", "acme", "nightly", "--count", "3", "--from", "2026-03-28T00:00:00Z")
    assert [fire["local"] for fire in spring] == [
        "2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
    assert [fire["clock_change"] is None for fire in spring] == [True, False, True]
    assert "left out" in spring[1]["clock_change"] and spring[1]["at"] == "2026-03-29T01:00:00Z"
    both = acme.json("pipeline", "preview", "acme", "nightly", "--overlap", "both", "--count", "3", "--from", "2026-10-24T12:00:00Z")
    assert [fire["at"] for fire in both] == ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"]
    assert "the first" in both[0]["clock_change"] and "the second" in both[1]["clock_change"]
    skipped = acme.json("pipeline", "preview", "acme", "nightly", "--gap", "skip", "--count", "2", "--from", "2026-03-28T12:00:00Z")
    assert skipped[0]["at"] == "2026-03-30T00:30:00Z" and skipped[1]["clock_change"] is None
    assert skipped[0]["clock_change"] == "2026-03-29 02:30 is left out: nothing runs for it"
    # A rhythm is not moved by the clock; the day it changes is marked all the same.
    hourly = acme.json("pipeline", "preview", "acme", "nightly", "--schedule", "0 * * * *", "--tz", "Europe/Berlin", "--count", "3",
                       "--from", "2026-03-28T23:30:00Z")
    assert [fire["at"] for fire in hourly] == [f"2026-03-29T0{hour}:00:00Z" for hour in range(3)]
    assert [fire["clock_change"] for fire in hourly] == [None, "the clock has changed, +01:00 to +02:00", None]
    table = acme.ok("pipeline", "preview", "acme", "nightly", "--count", "3", "--from", "2026-03-28T00:00:00Z").out
    assert "LOCAL TIME, Europe/Berlin" in table and "left out that day" in table
    # What is only looked at changes nothing.
    assert acme.json("pipeline", "show", "acme", "nightly")["schedule"]["cron"] == "30 2 * * *"


def test_a_run_waits_says_why_and_is_cancelled(acme):
    assert acme("queue", "ls").err.strip().endswith("nothing waits and nothing runs")
    asked = acme.json("pipeline", "run", "acme", "git", "--user", "ann", "--parameters", '{"scripts": ["git/commit"]}')
    (entry,) = acme.json("queue", "ls", "--tenant", "acme")
    assert (entry["pipeline_run_id"], entry["pipeline"], entry["state"]) == (asked["run"], "git", "ready")
    assert "manual" in acme.ok("queue", "ls").out
    assert acme.json("queue", "ls", "--state", "parked") == []
    why = acme.json("queue", "why", asked["run"])
    assert why["run"] == asked["run"] and "no_node" in [reason["code"] for reason in why["reasons"]]
    said = acme.ok("queue", "why", asked["run"]).out
    assert asked["run"] in said and "start weir serve with the role worker" in said
    twice = acme("pipeline", "run", "acme", "git")
    assert twice.code != 0 and "a run that is not over" in twice.err and asked["run"] in twice.err
    acme.ok("cancel", asked["run"])
    assert acme.json("queue", "ls") == []
    assert acme.json("run", "show", asked["run"])["status"] == "CANCELLED"
    assert "over" in [reason["code"] for reason in acme.json("queue", "why", asked["run"])["reasons"]]
    over = acme("cancel", asked["run"])
    assert over.code != 0 and "is over already" in over.err
    # A run that waits goes with its pipeline.
    asked = acme.json("pipeline", "run", "acme", "git")
    acme.ok("pipeline", "rm", "acme", "git", "--yes")
    assert acme.json("run", "show", asked["run"])["status"] == "CANCELLED"


def test_what_the_day_has_left_is_said(acme):
    acme.sql("INSERT INTO weir.plan (name, runs_per_day) VALUES ('small', 2) RETURNING 1")
    acme.sql("INSERT INTO weir.subscription (tenant_id, plan) SELECT id, 'small' FROM weir.tenant RETURNING 1")
    first = acme.json("pipeline", "run", "acme", "git")
    assert (first["quota"]["limit"], first["quota"]["remaining"]) == (2, 1)
    acme.ok("pipeline", "add", "acme", "second")
    assert "0 of 2 runs of the day are left" in acme.ok("pipeline", "run", "acme", "second").out
    acme.ok("pipeline", "add", "acme", "third")
    spent = acme("pipeline", "run", "acme", "third")
    assert spent.code != 0 and "are used up; the next day begins at" in spent.err


ADD = ["pipeline", "add", "acme", "x"]
NO_RUN = "01a20065-a932-70bb-b31e-38151ade6567"


@pytest.mark.parametrize("args, said", [
    ([*ADD, "--every", "soon"], "write for example 15m"),
    ([*ADD, "--every", "1s"], "1m"),
    ([*ADD, "--every", "1h", "--schedule", "@daily"], "--schedule"),
    ([*ADD, "--schedule", "61 * * * *"], "minute"),
    ([*ADD, "--schedule", "0 0 31 2 *"], "never"),
    ([*ADD, "--schedule", "@daily", "--tz", "Europe/Berlim"], "Europe/Berlin"),
    ([*ADD, "--tz", "Europe/Berlin"], "--schedule"),
    ([*ADD, "--spread", "1h"], "--every"),
    ([*ADD, "--schedule", "@daily", "--gap", "before"], "after or skip"),
    ([*ADD, "--source", "nope"], "no data source 'nope'"),
    ([*ADD, "--script", "git/comit"], "did you mean git/commit?"),
    ([*ADD, "--priority", "11"], "-10"),
    ([*ADD, "--parameters", "[]"], "no JSON object"),
    (["pipeline", "add", "acme", "No Name"], "a-z, 0-9"),
    (["pipeline", "add", "acme", "git"], "already"),
    (["pipeline", "add", "acmee", "x"], "did you mean acme?"),
    (["pipeline", "show", "acme", "nope"], "weir pipeline ls acme"),
    (["pipeline", "set", "acme", "git"], "nothing to set"),
    (["pipeline", "set", "acme", "git", "--enable", "--disable"], "--disable"),
    (["pipeline", "run", "acme", "git", "--parameters", "x"], "no JSON object"),
    (["pipeline", "preview", "acme", "git", "--from", "tomorrow"], "2026-03-28T00:00:00Z"),
    (["pipeline", "preview", "acme", "git", "--count", "0"], "1"),
    (["pipeline", "rm", "acme", "git"], "--yes"),
    (["pipelin"], "did you mean pipeline?"),
    (["queue", "why", "nonsense"], "weir runs"),
    (["queue", "why", NO_RUN], "weir queue ls"),
    (["queue", "ls", "--tenant", "acmee"], "did you mean acme?"),
    (["queue", "ls", "--state", "done"], "parked"),
    (["source", "add", "acme", "git", "--name", "two", "--every", "1s", "--set", "GIT_URL=/x"], "1m"),
])
def test_wrong_usage_says_what_to_do_and_changes_nothing(acme, args, said):
    before = acme.sql("SELECT count(*), sum(version) FROM weir.tenant_pipeline_configs")
    answer = acme(*args)
    assert answer.code in (1, 2, 3), answer.out
    assert said in answer.err, answer.err
    assert acme.sql("SELECT count(*), sum(version) FROM weir.tenant_pipeline_configs") == before
    assert acme.sql("SELECT count(*) FROM weir.pipeline_execution_queue") == [(0,)]
    as_json = acme(*args, "--json")
    assert as_json.code == answer.code and json.loads(as_json.err)
