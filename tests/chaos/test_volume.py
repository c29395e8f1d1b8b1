"""Memory is bounded by configuration, not by data; re-importing unchanged rows writes next to no WAL."""
import os
import subprocess
import sys
import time

import pytest

from world import ROOT, ROUNDS, World, make_repository

# Whole under `make chaos`, short in continuous integration: what bounds memory is the same.
COMMITS = 1_000_000 if ROUNDS >= 200 else 60_000
ANONYMOUS_MB = 150


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("volume")
    directory.chmod(0o755)
    made = World(directory)
    make_repository(directory / "repository", COMMITS, seed=1)
    made.add_git_tenant("acme", directory / "repository")
    yield made
    made.close()


def anonymous_kb(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
    except (OSError, StopIteration):
        return 0


def anonymous_peak_kb(process):
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_kb(process.pid))
        time.sleep(0.02)
    return peak


@pytest.fixture()
def origin(world):
    """The repositories of the world over HTTP."""
    server = subprocess.Popen([sys.executable, str(ROOT / "tests/support/git_http_server.py"), str(world.directory)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{int(server.stdout.readline())}/plain"
    server.stdin.close()
    server.wait()


def wal(world):
    return world.query("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8")[0][0]


def test_memory_and_wal(world):
    before = wal(world)
    began = time.monotonic()
    process = world.spawn("import", "--tenant", "acme")
    peak = anonymous_peak_kb(process)
    seconds = time.monotonic() - began
    assert process.returncode == 0
    first = wal(world) - before
    assert world.query("SELECT count(*) FROM data.commit")[0][0] == COMMITS
    print(f"\n{COMMITS} commits in {seconds:.1f} s, {peak / 1024:.0f} MB anonymous at the most, {first / 1e6:.0f} MB of WAL")
    assert peak / 1024 < ANONYMOUS_MB

    # Everything is read again from the beginning: nothing differs.
    for script in ("repository", "branch", "commit", "contributor", "release"):
        world.weir("cursor", "reset", "acme", "git", f"git/{script}", "--yes")
    world.query("CHECKPOINT")
    before = wal(world)
    world.weir("import", "--tenant", "acme")
    again = wal(world) - before
    print(f"re-import of the same rows: {again / 1e6:.2f} MB of WAL, {100 * again / first:.2f} % of the first")
    assert again < 0.02 * first
    assert world.query("SELECT sum(records_imported) FROM weir.run WHERE script = 'git/commit'")[0][0] == \
        world.query("SELECT (SELECT count(*) FROM data.commit) + (SELECT count(*) FROM data.commit_parent)")[0][0]


def test_memory_of_a_clone(world, origin):
    """The same history from a server: what is received is indexed in files."""
    world.weir("tenant", "add", "remote")
    world.weir("tenant", "set", "remote", "--egress-allow", "127.0.0.1")
    world.weir("source", "add", "remote", "git", "--set", f"GIT_URL={origin}/repository")
    began = time.monotonic()
    process = world.spawn("import", "--tenant", "remote")
    peak = anonymous_peak_kb(process)
    assert process.returncode == 0
    counts = world.query("SELECT t.key, count(*) FROM data.commit c JOIN weir.tenant t ON t.id = c.tenant_id GROUP BY 1")
    assert dict(counts)["remote"] == COMMITS
    print(f"\n{COMMITS} commits cloned over HTTP and imported in {time.monotonic() - began:.1f} s, "
          f"{peak / 1024:.0f} MB anonymous at the most")
    assert peak / 1024 < ANONYMOUS_MB
