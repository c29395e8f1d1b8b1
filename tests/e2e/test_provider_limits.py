"""A provider's limits: parked scripts go on when due, a credential is shared by processes and tenants, and who is parked
delays nobody else."""
import datetime
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from github_truth import assert_tables_are_the_truth  # noqa: E402
from simulator import Sim  # noqa: E402
from tenants import Tenants, scripts_of, statuses_of  # noqa: E402

SMALL = ("--repos", "2", "--specials", "0", "--commits", "30", "--pulls", "20", "--issues", "20", "--runs", "3", "--days",
         "60")
PARKED_S = 33  # a wait this long parks; a shorter one is waited for
DONE = {"COMPLETED"}


@pytest.fixture
def sim():
    started = []

    def start(*arguments, tokens=()):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
        started.append(Sim(*SMALL, *arguments, now=f"{now:%Y-%m-%dT%H:%M:%SZ}"))
        for token in tokens:
            assert started[-1].post("/_sim/tokens", token).status == 200
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def tenants(weir, database, new_home):
    return Tenants(weir, database, new_home())


def token(name, **limits):
    ample = {"core": 100000, "core_seconds": 3600, "graphql": 100000, "graphql_seconds": 3600}
    return {"token": name, "identity": name, **ample, **limits}


def requests_of(sim, identity):
    return [entry for entry in sim.lines("/_sim/log") if entry["identity"] == identity]


def assert_no_run_failed(database):
    assert database.sql("SELECT script, error FROM weir.run WHERE status = 'FAILED'") == []


def test_a_parked_script_goes_on_when_it_is_due(tenants, sim, database):
    tiny = {"graphql": 6, "graphql_seconds": PARKED_S}
    sim = sim(tokens=[token("patient", **tiny), token("later", **tiny), token("changed", **tiny), token("fresh")])
    for name in ("patient", "later", "changed"):
        tenants.add_github(name, sim.url, token=name)

    # Without --wait-limits they are reported, and it is no failure.
    parked = tenants("import", "--tenant", "later", "--json")
    assert parked.code == 0, parked.err
    waiting = {key[2]: script for key, script in scripts_of(parked).items() if script["status"] == "PARKED"}
    assert waiting and set(statuses_of(parked).values()) <= {"COMPLETED", "PARKED", "SKIPPED"}
    due = max(datetime.datetime.fromisoformat(script["wake_at"].replace("Z", "+00:00")) for script in waiting.values())
    left = (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert 5 < left < PARKED_S + 10

    # The other one waits for them.
    patient = tenants.start("import", "--tenant", "patient", "--json", "--wait-limits", "2m")

    # Before they are due nothing is asked for, also by one that would wait a little.
    asked = len(requests_of(sim, "later"))
    text = tenants("import", "--tenant", "later")
    assert text.code == 0 and "PARKED" in text.out, text.out + text.err
    assert "are parked by their provider's limits; a later import goes on with them" in text.err, text.err
    impatient = tenants("import", "--tenant", "later", "--json", "--wait-limits", "1s")
    assert impatient.code == 0 and "PARKED" in statuses_of(impatient).values()
    assert len(requests_of(sim, "later")) == asked

    # Changed credentials wake them at once.
    tenants("import", "--tenant", "changed")
    tenants.ok("source", "set", "changed", "github", "--secret-env", "GITHUB_TOKEN", GITHUB_TOKEN="fresh")
    woken = tenants.ok("import", "--tenant", "changed", "--json")
    assert set(statuses_of(woken).values()) == DONE, woken.out

    # The next windows hold enough for the rest.
    for name in ("patient", "later"):
        sim.post("/_sim/tokens", token(name))
    out, err = patient.communicate(timeout=120)
    assert patient.returncode == 0, err
    time.sleep(max(0.0, (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds() + 1))
    resumed = tenants.ok("import", "--tenant", "later", "--json")
    assert set(statuses_of(resumed).values()) == DONE, resumed.out
    assert '"PARKED"' not in out and '"SKIPPED"' not in out, out
    for name in ("patient", "later", "changed"):
        assert_tables_are_the_truth(database.sql, sim, name, without=["job"])
    assert_no_run_failed(database)
    assert sim.get("/_sim/stats").json()["late_requests"] == 0


def test_who_waits_for_a_limit_can_be_stopped(tenants, sim, database):
    sim = sim(tokens=[token("spent", core=2, graphql=3)])
    tenants.add_github("acme", sim.url, token="spent")
    process = tenants.start("import", "--json", "--wait-limits", "2h")
    end = time.monotonic() + 30
    while database.sql("SELECT count(*) FROM weir.data_source_run WHERE status = 'RUNNING'") != [(0,)] or not database.sql(
            "SELECT 1 FROM weir.data_source_run WHERE status = 'PARKED'"):
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 10 and process.returncode == 0, err
    assert '"PARKED"' in out
    assert database.sql("SELECT count(*) FROM weir.data_source_run WHERE status = 'PARKED'") != [(0,)]


def test_eight_processes_and_tenants_share_one_credential(tenants, sim, database):
    quota = {"core": 60, "core_seconds": 4, "graphql": 120, "graphql_seconds": 4}
    sim = sim("--latency-ms", "20", "--concurrency", "4", "--secondary-wait", "60", tokens=[token("shared", **quota)])
    names = [f"tenant-{number}" for number in range(8)]
    for name in names:
        tenants.add_github(name, sim.url, token="shared")
    processes = [tenants.start("import", "--tenant", name, "--json") for name in names]
    for name, process in zip(names, processes):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and '"PARKED"' not in out, f"{name}: {out}{err}"
        assert_tables_are_the_truth(database.sql, sim, name, without=["job"])
    log = requests_of(sim, "shared")
    refused = [entry for entry in log if entry["refusal"]]
    print(f"{len(log)} requests of 8 processes, at most {max(entry['in_flight'] for entry in log)} at once, "
          f"{len(refused)} refused")
    assert max(entry["in_flight"] for entry in log) == 4
    assert refused == []
    assert_no_run_failed(database)


def test_who_is_parked_delays_nobody_else(tenants, sim, database):
    spent = token("spent", core=2, graphql=3)
    sim = sim(tokens=[spent, token("other"), token("third")])
    tenants.add_github("acme", sim.url, token="spent")
    tenants.add_github("acme", sim.url, token="other", name="second")
    tenants.add_github("globex", sim.url, token="third")
    tenants.add_github("initech", sim.url, token="spent")
    began = time.monotonic()
    statuses = statuses_of(tenants.ok("import", "--json"))
    took = time.monotonic() - began
    for tenant in ("acme", "initech"):
        assert "PARKED" in {status for key, status in statuses.items() if key[:2] == (tenant, "github")}
    others = {key: status for key, status in statuses.items() if key[:2] in (("acme", "second"), ("globex", "github"))}
    assert set(others.values()) == DONE, others
    assert took < 25
    assert_tables_are_the_truth(database.sql, sim, "acme", "second", without=["job"])
    assert_tables_are_the_truth(database.sql, sim, "globex", without=["job"])
    assert_no_run_failed(database)
