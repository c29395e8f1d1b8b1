"""Kill -9 of the importer at random instants: at the end the tables equal a single clean import, row for row, and at no
time is a cursor ahead of its rows."""
import random
import time

import pytest

from world import ROUNDS, World, kill_after, make_repository

COMMITS = 4000


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("kill")
    directory.chmod(0o755)
    made = World(directory, {"WEIR_CHECKPOINT_ROWS": "200", "WEIR_LOCK_PROBE_MS": "100"})
    make_repository(directory / "repository", COMMITS, seed=11)
    yield made
    made.close()


def assert_cursor_not_ahead(world, tenant):
    """A finished pass of git/commit says that every commit is there: parents of rows are rows, all of them."""
    behind = world.query("""
      WITH mine AS (SELECT id FROM weir.tenant WHERE key = %s),
      done AS (SELECT partition FROM weir.partition_cursor, mine
               WHERE tenant_id = id AND script = 'git/commit' AND cursor_at IS NOT NULL AND pass_end IS NULL)
      SELECT count(*) FROM done WHERE (SELECT count(*) FROM data.commit, mine WHERE tenant_id = id) < %s""", tenant, COMMITS)
    assert behind == [(0,)], f"{tenant}: a cursor says complete, but commits are missing"
    orphans = world.query("""
      SELECT count(*) FROM data.commit_parent p JOIN weir.tenant t ON t.id = p.tenant_id AND t.key = %s
      WHERE NOT EXISTS (SELECT FROM data.commit c WHERE c.tenant_id = p.tenant_id AND c.data_source = p.data_source
                        AND c.repo_key = p.repo_key AND c.sha = p.parent_sha)""", tenant)
    assert orphans == [(0,)], f"{tenant}: a commit was committed before its parents"


def test_tables_equal_a_clean_import_whatever_is_killed(world):
    world.add_git_tenant("clean", world.directory / "repository")
    began = time.monotonic()
    world.weir("import", "--tenant", "clean")
    whole = time.monotonic() - began
    expected = world.tables("clean")
    assert len(expected["commit"]) == COMMITS

    kills = 0
    for round_number in range(ROUNDS):
        chance = random.Random(round_number)
        tenant = f"round-{round_number}"
        world.add_git_tenant(tenant, world.directory / "repository")
        for _ in range(3):
            killed = kill_after(world.spawn("import", "--tenant", tenant), chance.uniform(0.02, whole))
            kills += killed
            assert_cursor_not_ahead(world, tenant)
            if not killed:
                break
        world.weir("import", "--tenant", tenant)
        found = world.tables(tenant)
        for name in expected:
            assert found[name] == expected[name], f"seed {round_number}: data.{name} differs from a clean import"
        world.weir("tenant", "rm", tenant, "--yes")
    print(f"\n{ROUNDS} rounds, {kills} kills: every table equal to the clean import of {COMMITS} commits")
    assert kills > ROUNDS / 2, "too few kills hit a running importer to prove anything"
