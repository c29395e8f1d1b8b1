"""Memory is bounded by configuration, not by data; re-importing unchanged rows writes next to no WAL."""
import os
import time

import pytest

from world import ROUNDS, World, make_repository

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


def wal(world):
    return world.query("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8")[0][0]


def test_memory_and_wal(world):
    before = wal(world)
    began = time.monotonic()
    process = world.spawn("import", "--tenant", "acme")
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_kb(process.pid))
        time.sleep(0.02)
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
