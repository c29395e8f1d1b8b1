"""Every kind of cursor, end to end: real processes read a simulated provider that changes while they read, are killed,
limited and refused, and the tables equal what the world's seed says (tests/support/synthetic)."""
import datetime
import json
import os
import pathlib
import random
import subprocess
import time

import pytest

from conftest import Weir, kill_group, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = str(ROOT / "tests/support/synthetic/plugins")
KINDS = ("window", "ascending", "descending", "full", "heads")
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="session")
def testing():
    return Weir(pathlib.Path(os.environ["WEIR_TESTING_BINARY"]).resolve())


def rfc3339(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Source:
    """A tenant with one synthetic data source, and its world."""

    def __init__(self, testing, database, directory, tenant="acme", **spec):
        self.testing, self.database, self.tenant = testing, database, tenant
        self.directory = pathlib.Path(directory)
        self.file = self.directory / f"{tenant}.json"
        self.clock = self.directory / f"{tenant}.clock"
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        world = {"seed": 5, "begin": rfc3339(now - 20 * DAY), "end": rfc3339(now - 10 * DAY), "partitions": 2,
                 "late_partitions": 1, "records": 60, "changes": 150, **spec.pop("world", {})}
        self.spec = {"world": world, "page_size": 20, "clock": {"file": str(self.clock), "step": "1h"}, **spec}
        self.write()
        if not (self.directory / "master.key").exists():
            assert self.weir("secrets", "init").code == 0
        assert self.weir("tenant", "add", tenant).code == 0
        added = self.weir("source", "add", tenant, "synthetic", "--set", f"SYNTHETIC_SPEC={self.file}")
        assert added.code == 0, added.err

    def write(self, **changes):
        self.spec.update(changes)
        self.file.write_text(json.dumps(self.spec))

    def environment(self):
        return {"WEIR_HOME": self.directory / "home", "WEIR_MASTER_KEY_FILE": self.directory / "master.key"}

    def weir(self, *args):
        return self.testing(*args, "--plugins", PLUGINS, database=self.database, env=self.environment())

    def start_import(self):
        return self.testing.start("import", "--tenant", self.tenant, "--plugins", PLUGINS, database=self.database,
                                  env=self.environment())

    def import_now(self):
        answer = self.weir("import", "--tenant", self.tenant, "--json")
        assert answer.code == 0, answer.err + answer.out
        return answer

    def now(self):
        return int(self.clock.read_text()) / 1e6 if self.clock.exists() else 0

    def calm_down(self):
        """The world's last change has happened."""
        end = datetime.datetime.fromisoformat(self.spec["world"]["end"].replace("Z", "+00:00")).timestamp()
        self.clock.write_text(f"{int((end + 86400) * 1e6):020}")

    def truth(self):
        done = subprocess.run([os.environ["WEIR_SYNTHETIC_TRUTH"], str(self.file), "all"], capture_output=True, text=True,
                              check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def rows(self, script):
        return {(p, k): r for p, k, r in self.database.sql(
            f"SELECT partition_key, item_key, revision FROM data.synthetic_{script} d JOIN weir.tenant t "
            "ON t.id = d.tenant_id WHERE t.key = %s AND d.deleted_at IS NULL", self.tenant)}

    def check(self, script):
        truth = self.truth()
        live = {(t["partition_key"], t["item_key"]): t["revision"] for t in truth if not t["is_deleted"]}
        gone = {(t["partition_key"], t["item_key"]) for t in truth if t["is_deleted"]}
        rows = self.rows(script)
        assert {key: rows.get(key) for key in live} == live, script
        # Only a complete listing can know what was deleted.
        extra = set(rows) - set(live)
        assert extra == set() if script == "full" else extra <= gone, script


@pytest.fixture
def source(testing, database, tmp_path):
    return lambda **spec: Source(testing, database, tmp_path, **spec)


def test_the_tables_equal_the_world_for_every_kind_of_cursor(source):
    one = source()
    while one.now() == 0 or len(one.truth()) < 150 or one.now() < time.time() - 10 * 86400:
        one.import_now()
    one.calm_down()
    one.import_now()
    one.import_now()
    for kind in KINDS:
        one.check(kind)


@pytest.mark.parametrize("seed", range(int(os.environ.get("WEIR_CHAOS_ROUNDS", "20")) // 10))
def test_killed_at_any_moment_nothing_is_missing(source, seed):
    one = source(world={"seed": 100 + seed}, faults=[{"kind": "slow", "seconds": 0.005}])
    chance = random.Random(seed)
    for _ in range(5):
        process = one.start_import()
        time.sleep(chance.uniform(0.05, 1.0))
        kill_group(process)
    one.write(faults=[])
    one.calm_down()
    # A killed process's scripts are free in under 3 s.
    time.sleep(3)
    one.import_now()
    one.import_now()
    for kind in KINDS:
        one.check(kind)


def test_a_caps_a_clock_that_is_behind_and_late_records_lose_nothing(source):
    one = source(world={"seed": 9, "skew": "-2h", "bursts": 0.0}, results_max=40, address="number")
    for _ in range(3):
        one.import_now()
    one.calm_down()
    one.import_now()
    one.import_now()
    for kind in ("window", "ascending", "heads"):
        one.check(kind)


def test_a_hidden_partition_keeps_its_siblings_going(source):
    one = source(world={"deletions": 0.0})
    one.write(faults=[{"kind": "unreachable", "partition": "p1"}])
    one.calm_down()
    one.import_now()
    truth = {(t["partition_key"], t["item_key"]): t["revision"] for t in one.truth()}
    for kind in KINDS:
        assert one.rows(kind) == {key: revision for key, revision in truth.items() if key[0] != "p1"}, kind
    gaps = one.database.sql("SELECT DISTINCT kind, partition FROM weir.gap WHERE closed_at IS NULL")
    assert gaps == [("unreachable", "p1")]


def test_a_refused_token_stops_the_source_and_no_other(source):
    one = source(token="letmein")
    other = source(tenant="other")
    answer = one.weir("import")
    assert answer.code == 1, answer.err
    assert one.database.sql("SELECT needs_credentials IS NOT NULL FROM weir.data_source d JOIN weir.tenant t "
                            "ON t.id = d.tenant_id WHERE t.key = 'acme'") == [(True,)]
    other.calm_down()
    other.import_now()
    other.check("window")


def test_a_limit_parks_and_the_rest_comes_later(source):
    one = source(faults=[{"kind": "limited", "script": "window", "every": 7, "seconds": 1}])
    one.calm_down()
    one.import_now()
    one.write(faults=[])
    time.sleep(1.1)
    one.import_now()
    one.check("window")


def test_a_reset_during_a_run_holds(source):
    one = source(faults=[{"kind": "slow", "seconds": 0.05}])
    one.calm_down()
    process = one.start_import()
    started = "SELECT cursor_at FROM weir.partition_cursor WHERE script = 'synthetic/window' AND cursor_at IS NOT NULL"
    wait_for(lambda: one.database.sql(started), "a first checkpoint")
    assert one.weir("cursor", "reset", "acme", "synthetic", "synthetic/window", "--yes").code == 0
    # What a reset promises is that everything is collected again, so rows that are gone come back.
    one.database.sql("DELETE FROM data.synthetic_window")
    one.write(faults=[])
    process.wait(timeout=60)
    one.import_now()
    one.check("window")
    history = one.weir("cursor", "history", "acme", "synthetic", "synthetic/window", "--json").json()
    assert any(line["reason"] == "reset" for line in history), history


def test_a_source_untouched_for_200_days_catches_up(source):
    one = source()
    begin = datetime.datetime.now(datetime.timezone.utc) - 260 * DAY
    one.write(world={**one.spec["world"], "begin": rfc3339(begin), "end": rfc3339(begin + 230 * DAY)})
    one.clock.write_text(f"{int((begin + 20 * DAY).timestamp() * 1e6):020}")
    one.import_now()
    one.calm_down()
    one.import_now()
    for kind in KINDS:
        one.check(kind)
