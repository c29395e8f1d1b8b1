"""Four `weir serve` processes on one database, killed, frozen, restarted, and the database with them: every fire of every
pipeline happens once, every run ends, and no tenant ever has more runs at once or in a day than its plan allows.

The database's schedule clock runs faster than time, so that many fires fit into minutes; leases keep real time."""
import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import psycopg2
import pytest

from world import ROUNDS, WEIR, World, make_repository, restart_server

IS_WHOLE = ROUNDS >= 200
FIRES = 10_000 if IS_WHOLE else 250
NODES = 4
TENANTS = 16 if IS_WHOLE else 6
PIPELINES = 6  # of each tenant; each due every minute of the schedule's clock
SPEED = 20  # of that clock
CAP = 2
SPENT_RUNS = 20  # of a day, of the tenant whose quota is small
COMMITS = 30
OVER = ("COMPLETED", "COMPLETED_WITH_GAPS", "FAILED", "CANCELLED", "SKIPPED")


class Node:
    """One process that is started again whatever happens to it."""

    def __init__(self, world, name):
        self.world, self.name, self.process = world, name, None
        self.start()

    def start(self):
        log = open(self.world.directory / f"{self.name}.log", "a")
        self.process = subprocess.Popen([WEIR, "serve", "--listen", "127.0.0.1:0", "--json", "--concurrent-runs", "4"],
                                        env=self.world.environment, stdout=subprocess.PIPE, stderr=log, text=True)

    def url(self):
        return json.loads(self.process.stdout.readline())["url"]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.start()

    def freeze(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def restart(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.start()

    def revive(self):
        """It gave up, as it may when its database stays away; whoever runs it starts it again."""
        if self.process.poll() is not None:
            self.start()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Watcher(threading.Thread):
    """Looks as often as it can whether a tenant has more than it may, each time in one snapshot."""
    LOOK = """
      SELECT t.key, l.running, l.cap, l.quota_used, l.runs_per_day,
             (SELECT count(*) FROM weir.pipeline_execution_queue q WHERE q.tenant_id = t.id AND q.state = 'leased')
        FROM weir.lane l JOIN weir.tenant t ON t.id = l.tenant_id
    """

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.looks, self.excesses, self.is_over = world, 0, [], False

    def run(self):
        connection = None
        while not self.is_over:
            try:
                connection = connection or psycopg2.connect(self.world.super_url)
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute(self.LOOK)
                    for key, running, cap, used, limit, leased in cursor.fetchall():
                        if leased > cap or running > cap or (limit is not None and used > limit):
                            self.excesses.append((key, running, cap, used, limit, leased))
                self.looks += 1
            except psycopg2.Error:
                connection = None
                time.sleep(0.2)
            time.sleep(0.01)


def call(url, key, method, path, body=None):
    request = urllib.request.Request(url + path, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"X-API-Key": key, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or b"null")


@pytest.fixture()
def world(tmp_path):
    tmp_path.chmod(0o755)
    made = World(tmp_path, {"WEIR_HEARTBEAT_MS": "300", "WEIR_LEASE_MS": "1500", "WEIR_LOCK_PROBE_MS": "200",
                            "WEIR_STOP_GRACE_MS": "2000"})
    make_repository(tmp_path / "repository", COMMITS, seed=5)
    yield made
    made.close()


def set_up(world, url, key):
    call(url, key, "PUT", "/api/v1/plans/all-day", {"concurrent_runs": CAP})
    call(url, key, "PUT", "/api/v1/plans/small", {"concurrent_runs": CAP, "runs_per_day": SPENT_RUNS})
    for number in range(TENANTS):
        tenant = f"t{number}"
        world.add_git_tenant(tenant, world.directory / "repository")
        world.query("UPDATE weir.tenant_pipeline_configs SET is_enabled = false, next_fire_at = NULL")
        call(url, key, "PUT", f"/api/v1/tenants/{tenant}/subscription", {"plan": "small" if number == 0 else "all-day"})
    world.query(f"""CREATE OR REPLACE FUNCTION weir.clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
      SELECT '{world.query("SELECT clock_timestamp()")[0][0].isoformat()}'::timestamptz
             + {SPEED} * (clock_timestamp() - '{world.query("SELECT clock_timestamp()")[0][0].isoformat()}'::timestamptz) $$""")
    for number in range(TENANTS):
        for pipeline in range(PIPELINES):
            call(url, key, "POST", f"/api/v1/tenants/t{number}/pipelines",
                 {"name": f"p{pipeline}", "data_sources": ["git"], "schedule": {"every": "1m"}})
    return world.query("SELECT min(next_fire_at) FROM weir.tenant_pipeline_configs WHERE is_enabled")[0][0]


def hurt(world, nodes, chance, counts, can_restart_database):
    kinds = ["kill"] * 5 + ["freeze"] * 3 + ["restart"] * 2 + (["database"] if can_restart_database else [])
    kind = chance.choice(kinds)
    counts[kind] = counts.get(kind, 0) + 1
    node = chance.choice(nodes)
    if kind == "kill":
        node.kill()
    elif kind == "freeze":
        node.freeze(chance.uniform(0.5, 4))
    elif kind == "restart":
        node.restart()
    else:
        restart_server(chance.choice(["fast", "immediate"]))
    for each in nodes:
        each.revive()


def fires(world):
    """Fires that are accounted for: runs, those recorded as skipped, and those that one of them stands for."""
    return world.query("SELECT coalesce(sum(1 + missed), 0) FROM weir.scheduled_pipeline_runs WHERE trigger = 'schedule'")[0][0]


def test_every_fire_happens_once(world):
    first = Node(world, "node-0")
    url = first.url()
    key = json.loads(world.weir("key", "create", "chaos", "--json").stdout)["api_key"]
    set_up(world, url, key)
    nodes = [first] + [Node(world, f"node-{number}") for number in range(1, NODES)]
    watcher = Watcher(world)
    watcher.start()
    chance, counts = random.Random(1), {}
    began = time.monotonic()
    limit = began + (1500 if IS_WHOLE else 120)
    can_restart_database = "WEIR_TEST_PG_DATA" in os.environ
    try:
        while fires(world) < FIRES:
            assert time.monotonic() < limit, f"{fires(world)} of {FIRES} fires in {limit - began:.0f} s"
            time.sleep(chance.uniform(0.2, 2))
            hurt(world, nodes, chance, counts, can_restart_database)
        seconds = time.monotonic() - began
        # No more fires; what waits is worked off, but for what the spent quota holds back.
        plans = world.query("SELECT id, tenant_id, last_fire_at, next_fire_at FROM weir.tenant_pipeline_configs WHERE is_enabled")
        world.query("UPDATE weir.tenant_pipeline_configs SET is_enabled = false, next_fire_at = NULL, version = version + 1")
        deadline = time.monotonic() + 180
        waiting = "SELECT count(*) FROM weir.pipeline_execution_queue q WHERE NOT needs_quota OR state <> 'ready'"
        while world.query(waiting + " OR tenant_id <> (SELECT id FROM weir.tenant WHERE key = 't0')")[0][0] > 0:
            assert time.monotonic() < deadline, "the queue is not worked off: " + str(world.query(
                "SELECT state, class, attempt, interruptions, count(*) FROM weir.pipeline_execution_queue GROUP BY 1, 2, 3, 4"))
            time.sleep(0.2)
    finally:
        watcher.is_over = True
        watcher.join()
        for node in nodes:
            node.stop()
    check_fires(world)
    check_runs(world)
    assert watcher.excesses == [], watcher.excesses[:5]
    assert watcher.looks > 100
    spent = world.query("SELECT l.quota_used, l.runs_per_day FROM weir.lane l JOIN weir.tenant t ON t.id = l.tenant_id WHERE t.key = 't0'")
    assert spent == [(SPENT_RUNS, SPENT_RUNS)], "the quota was not used to its end"
    late = world.query("""SELECT count(*) FROM weir.cursor_history h JOIN weir.run r ON r.tenant_id = h.tenant_id AND r.id = h.run_id
                          JOIN weir.node n ON n.epoch = r.epoch WHERE h.changed_at > n.died_at""")
    assert late == [(0,)], "a node that had lost its lease moved a cursor"
    rows = world.query("SELECT t.key, count(*) FROM data.commit c JOIN weir.tenant t ON t.id = c.tenant_id GROUP BY 1")
    assert dict(rows) == {f"t{number}": COMMITS for number in range(TENANTS)}
    runs = dict(world.query("SELECT status, count(*) FROM weir.scheduled_pipeline_runs GROUP BY 1"))
    print(f"\n{fires(world)} fires of {len(plans)} pipelines in {seconds:.0f} s on {NODES} nodes; {counts}; runs: {runs}; "
          f"{watcher.looks} looks at caps and quotas")


def check_fires(world):
    """From one fire to the next there is exactly a minute, for each that a run stands for: none is lost, none is double."""
    rows = world.query("""
      SELECT pipeline_id, fire_at, missed, lag(fire_at) OVER (PARTITION BY pipeline_id ORDER BY fire_at)
        FROM weir.scheduled_pipeline_runs WHERE trigger = 'schedule' ORDER BY 1, 2""")
    assert rows
    for pipeline, fire, missed, before in rows:
        if before is not None:
            assert (fire - before).total_seconds() == 60 * (1 + missed), f"{pipeline}: {before}, then {fire} for {missed} missed"


def check_runs(world):
    open_runs = world.query("""SELECT r.status, count(*) FROM weir.scheduled_pipeline_runs r WHERE r.status <> ALL (%s)
      AND NOT EXISTS (SELECT FROM weir.pipeline_execution_queue q WHERE q.pipeline_run_id = r.id) GROUP BY 1""", list(OVER))
    assert open_runs == [], f"runs that are neither over nor in the queue: {open_runs}"
    double = world.query("""SELECT pipeline_run_id, script, count(*) FROM weir.run
      WHERE status IN ('COMPLETED', 'COMPLETED_WITH_GAPS') AND pipeline_run_id IS NOT NULL
      GROUP BY pipeline_run_id, data_source, script HAVING count(*) > 1""")
    assert double == [], f"scripts that completed twice in one run: {double[:3]}"
    failed = world.query("SELECT error, count(*) FROM weir.scheduled_pipeline_runs WHERE status = 'FAILED' GROUP BY 1")
    assert failed == [], f"nothing is wrong with these pipelines: {failed}"
