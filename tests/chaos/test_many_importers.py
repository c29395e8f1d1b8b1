"""Two, then eight importers at once on one database; frozen ones; restarts of the database; lost connections."""
import os
import random
import signal
import threading
import time

import psycopg2
import pytest

from world import ROUNDS, World, make_repository, restart_server

COMMITS = 3000
TENANTS = 6


@pytest.fixture()
def world(tmp_path):
    tmp_path.chmod(0o755)
    made = World(tmp_path, {"WEIR_CHECKPOINT_ROWS": "200", "WEIR_HEARTBEAT_MS": "200", "WEIR_LEASE_MS": "1500",
                            "WEIR_LOCK_PROBE_MS": "100"})
    make_repository(tmp_path / "repository", COMMITS, seed=5)
    yield made
    made.close()


FENCES = """SELECT script, fence FROM weir.data_source_run r JOIN weir.tenant t ON t.id = r.tenant_id
            WHERE t.key = %s ORDER BY 1"""


class Observer(threading.Thread):
    """Looks at the holders of scripts from outside, as fast as it can: two live holders of one script never are, and
    a holder is only ever followed by another once it is dead or done."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.stopping, self.samples, self.fences = world, False, 0, {}
        self.wrong = []

    def run(self):
        connection = psycopg2.connect(self.world.super_url)
        connection.autocommit = True
        cursor = connection.cursor()
        while not self.stopping:
            cursor.execute("SELECT tenant_id, data_source, script, fence, epoch, status FROM weir.data_source_run")
            for tenant, source, script, fence, epoch, status in cursor.fetchall():
                key = (tenant, source, script)
                before = self.fences.get(key, (0, None))
                if fence < before[0]:
                    self.wrong.append(f"{key}: fence went back from {before[0]} to {fence}")
                if fence == before[0] and status == "RUNNING" and before[1] not in (None, epoch):
                    self.wrong.append(f"{key}: two epochs under fence {fence}")
                self.fences[key] = (fence, epoch if status == "RUNNING" else None)
            self.samples += 1

    def finish(self):
        self.stopping = True
        self.join()
        assert not self.wrong, self.wrong


def history(world, tenant):
    return "\n".join(" ".join(str(value) for value in row) for row in world.query(
        "SELECT r.started_at, r.completed_at, r.epoch, r.script, r.status, r.reason, r.records_imported, r.error "
        "FROM weir.run r JOIN weir.tenant t ON t.id = r.tenant_id AND t.key = %s ORDER BY r.id", tenant))


def assert_same_tables(found, expected, evidence):
    different = [f"data.{name}: {len(set(map(repr, rows)) - set(map(repr, found.get(name, []))))} rows missing, "
                 f"{len(set(map(repr, found.get(name, []))) - set(map(repr, rows)))} that should not be"
                 for name, rows in expected.items() if found.get(name) != rows]
    assert not different, f"{different} {evidence()}"


def assert_runs_never_overlap(world):
    overlaps = world.query("""
      SELECT a.script, a.started_at, a.completed_at, b.started_at FROM weir.run a JOIN weir.run b
        ON a.tenant_id = b.tenant_id AND a.data_source = b.data_source AND a.script = b.script AND a.id < b.id
       AND a.status <> 'SKIPPED' AND b.status <> 'SKIPPED'
      WHERE b.started_at < a.completed_at""")
    assert overlaps == [], overlaps


@pytest.mark.parametrize("importers", [2, 8])
def test_importers_at_once_import_everything_once(world, importers):
    for number in range(TENANTS):
        world.add_git_tenant(f"t{number}", world.directory / "repository")
    observer = Observer(world)
    observer.start()
    processes = [world.spawn("import") for _ in range(importers)]
    codes = [process.wait(timeout=300) for process in processes]
    observer.finish()
    assert codes == [0] * importers
    world.weir("import")
    first = world.tables("t0")
    assert len(first["commit"]) == COMMITS
    for number in range(1, TENANTS):
        assert world.tables(f"t{number}") == first
    assert_runs_never_overlap(world)
    stolen = world.query("SELECT count(*) FROM weir.run WHERE status = 'INTERRUPTED'")
    assert stolen == [(0,)], "a run was taken from a node that lives"
    twice = world.query("""SELECT count(*) FROM (SELECT tenant_id, sum(records_imported) AS n FROM weir.run
                           WHERE script = 'git/commit' GROUP BY 1) s WHERE n <> (SELECT count(*) FROM data.commit c
                           WHERE c.tenant_id = s.tenant_id) + (SELECT count(*) FROM data.commit_parent p
                           WHERE p.tenant_id = s.tenant_id)""")
    assert twice == [(0,)], "something was imported twice"
    print(f"\n{importers} importers, {TENANTS} tenants, {observer.samples} observations: nothing ran twice")


BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"


class Checkpoint:
    """Holds importers inside their next checkpoint: its transaction is open, its rows are sent, and it waits."""

    def __init__(self, world):
        self.world, self.connection = world, psycopg2.connect(world.super_url)

    def hold(self, process):
        self.connection.cursor().execute("LOCK TABLE data.commit IN SHARE MODE")
        while process.poll() is None:
            if self.world.query(BLOCKED, f"{self.world.name}_login")[0][0] > 0:
                return True
        return False

    def release(self):
        self.connection.close()


def freeze(process):
    if process.poll() is not None:
        return False
    os.kill(process.pid, signal.SIGSTOP)
    return True


def test_a_frozen_importer_commits_nothing_when_it_wakes(world):
    world.add_git_tenant("clean", world.directory / "repository")
    began = time.monotonic()
    world.weir("import", "--tenant", "clean")
    whole = time.monotonic() - began
    expected = world.tables("clean")
    frozen = inside = 0
    for seed in range(max(4, ROUNDS // 5)):
        chance = random.Random(seed)
        tenant = f"frozen-{seed}"
        world.add_git_tenant(tenant, world.directory / "repository")
        sleeper = world.spawn("import", "--tenant", tenant)
        time.sleep(0 if seed == 0 else chance.uniform(0.05, 0.6 * whole))  # the first: in its first checkpoint
        checkpoint = Checkpoint(world) if seed % 2 == 0 else None
        is_inside = checkpoint is not None and checkpoint.hold(sleeper)
        if not freeze(sleeper):
            continue
        held = world.query("SELECT count(*) FROM weir.data_source_run r JOIN weir.tenant t ON t.id = r.tenant_id "
                           "WHERE t.key = %s AND status = 'RUNNING'", tenant)[0][0]
        inside += is_inside
        time.sleep(1.8)  # past its lease of 1.5 s
        if checkpoint is not None:
            checkpoint.release()
        began = time.monotonic()
        world.weir("import", "--tenant", tenant)
        assert time.monotonic() - began < 10 + 3 * whole, f"seed {seed}: the frozen one blocked the next"
        found = world.tables(tenant)
        fences = world.query(FENCES, tenant)
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.wait(timeout=60)
        frozen += held > 0
        assert found == expected, f"seed {seed}"
        assert world.tables(tenant) == expected, f"seed {seed}: the one that woke up wrote"
        assert world.query(FENCES, tenant) >= fences
        assert_runs_never_overlap(world)
    print(f"\n{frozen} importers frozen inside a run, {inside} of them inside a checkpoint: each lost its lease, none "
          "wrote after it")
    assert frozen > 0 and inside > 0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_database_steals_nothing(world, mode):
    world.add_git_tenant("clean", world.directory / "repository")
    world.weir("import", "--tenant", "clean")
    expected = world.tables("clean")
    for seed in range(max(1, ROUNDS // 20)):
        chance = random.Random(seed)
        tenant = f"restarted-{seed}"
        world.add_git_tenant(tenant, world.directory / "repository")
        importers = [world.spawn("import", "--tenant", tenant) for _ in range(2)]
        time.sleep(chance.uniform(0.2, 1.2))
        restart_server(mode)
        for importer in importers:
            importer.wait(timeout=120)
        last = world.weir("import", "--tenant", tenant)
        assert_same_tables(world.tables(tenant), expected, lambda: f"seed {seed}\n{last.stdout}{history(world, tenant)}")
        assert_runs_never_overlap(world)
    print(f"\nrestarts ({mode}) under two importers: nothing stolen, nothing missing")


def test_lost_connections_steal_nothing(world):
    world.add_git_tenant("clean", world.directory / "repository")
    world.weir("import", "--tenant", "clean")
    expected = world.tables("clean")
    lost = 0
    for seed in range(max(3, ROUNDS // 10)):
        chance = random.Random(1000 + seed)
        tenant = f"lossy-{seed}"
        world.add_git_tenant(tenant, world.directory / "repository")
        observer = Observer(world)
        observer.start()
        importer = world.spawn("import", "--tenant", tenant)
        while importer.poll() is None:
            time.sleep(chance.uniform(0.1, 0.4))
            lost += len(world.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s "
                "AND application_name LIKE 'weir%%' ORDER BY random() LIMIT 1", f"{world.name}_login"))
            if lost % 3 == 0:
                break
        importer.wait(timeout=60)
        observer.finish()
        world.weir("import", "--tenant", tenant)
        assert world.tables(tenant) == expected, f"seed {seed}"
        assert_runs_never_overlap(world)
    print(f"\n{lost} connections lost: nothing stolen, nothing missing")
