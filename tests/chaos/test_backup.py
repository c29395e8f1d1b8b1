"""Backup and restore as docs/operations.md says bring everything back, and the import goes on where it was."""
import subprocess

import pytest

from world import CLUSTER, World, make_repository


@pytest.fixture()
def world(tmp_path):
    tmp_path.chmod(0o755)
    made = World(tmp_path)
    make_repository(tmp_path / "repository", 500, seed=2)
    for tenant in ("acme", "globex"):
        made.add_git_tenant(tenant, tmp_path / "repository")
    made.weir("import")
    yield made
    made.close()


def test_restored_database_equals_the_original_and_goes_on(world, tmp_path):
    state = ("SELECT tenant_id::text, data_source, script, partition, version, cursor_at, state::text "
             "FROM weir.partition_cursor ORDER BY 1, 2, 3, 4")
    before = (world.tables("acme"), world.tables("globex"), world.query(state))
    dump = tmp_path / "weir.dump"
    # The command of docs/operations.md, by the login role.
    subprocess.run(["pg_dump", "--format=custom", f"--role={world.name}_control", "--enable-row-security",
                    f"--file={dump}", world.environment["WEIR_DATABASE_URL"]], check=True)
    connection_sql = f"DROP DATABASE {world.name} WITH (FORCE)"
    import psycopg2
    connection = psycopg2.connect(CLUSTER)
    connection.autocommit = True
    connection.cursor().execute(connection_sql)
    connection.cursor().execute(f"CREATE DATABASE {world.name}")
    connection.close()
    roles = world.weir("db", "roles", "--print", "--database", world.name).stdout
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", world.super_url], input=roles, text=True, check=True,
                   capture_output=True)
    subprocess.run(["pg_restore", "--exit-on-error", f"--dbname={world.super_url}", str(dump)], check=True)

    assert (world.tables("acme"), world.tables("globex"), world.query(state)) == before
    world.weir("import")
    assert world.query("SELECT count(*) FROM weir.run WHERE records_imported > 0 AND started_at > "
                       "(SELECT max(applied_at) + interval '1 hour' FROM weir.schema_migration)") == [(0,)]
    assert (world.tables("acme"), world.tables("globex")) == before[:2]
