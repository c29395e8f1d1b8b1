"""A database of the operator's own: roles, schema version, errors."""
import json

import psycopg2
import pytest


def test_roles_script_then_migrate_then_work(weir, unmigrated_database):
    database = unmigrated_database
    before = weir("db", "status", "--json", database=database)
    assert before.code == 3
    assert before.json()["problem"]["code"] == "schema_too_old"
    refused = weir("db", "url", database=database)
    assert refused.code == 3 and "weir db migrate" in refused.err
    assert "applied 0001_core" in weir("db", "migrate", database=database).out
    assert "up to date" in weir("db", "migrate", database=database).out
    status = weir("db", "status", "--json", database=database)
    assert status.code == 0, status.err
    schema = status.json()["schema"]
    assert schema["applied"] == schema["known"] >= 1
    assert status.json()["role_prefix"] == database.name


def test_the_url_has_the_operators_rights_and_psql_too(weir, database):
    url = weir("db", "url", database=database).out.strip()
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == (f"{database.roles}_control", f"{database.roles}_login")
    connection.close()
    answer = weir("db", "psql", "--", "-Atc", "SELECT current_user", database=database)
    assert (answer.code, answer.out) == (0, f"{database.roles}_control\n")
    assert weir("db", "psql", "--", "-c", "SELECT nonsense", database=database).code == 1


def test_an_unreachable_database_exits_4(weir):
    for args in (("db", "status"), ("db", "url"), ("db", "migrate"), ("db", "psql")):
        answer = weir(*args, database="postgresql://weir_login@127.0.0.1:1/weir")
        assert answer.code == 4, args
        assert "cannot be reached" in answer.err and "check" in answer.err
    answer = weir("db", "url", "--json", database="postgresql://weir_login@127.0.0.1:1/weir")
    assert json.loads(answer.err)["code"] == "database_unreachable"


def test_a_newer_database_exits_3_and_is_left_alone(weir, database):
    database.sql("INSERT INTO weir.schema_migration (number, what, checksum, schema_release) VALUES (900, 'x', 'x', 99)")
    for args in (("db", "url"), ("db", "migrate"), ("db", "status")):
        answer = weir(*args, database=database)
        assert answer.code == 3, args
        assert "newer weir" in answer.err + answer.out
    assert database.sql("SELECT max(number) FROM weir.schema_migration") == [(900,)]


def test_a_database_one_release_ahead_is_worked_on(weir, database):
    database.sql(
        "INSERT INTO weir.schema_migration (number, what, checksum, schema_release) "
        "SELECT 900, 'x', 'x', max(schema_release) + 1 FROM weir.schema_migration"
    )
    assert weir("db", "url", database=database).code == 0


def test_a_changed_migration_exits_3(weir, database):
    database.sql("UPDATE weir.schema_migration SET checksum = 'other' WHERE number = 1")
    answer = weir("db", "migrate", database=database)
    assert answer.code == 3 and "0001_core" in answer.err


@pytest.mark.parametrize("alter, said", [
    ("ALTER ROLE {0}_login SUPERUSER", "SUPERUSER"),
    ("ALTER ROLE {0}_login BYPASSRLS", "BYPASSRLS"),
    ("ALTER ROLE {0}_login INHERIT", "inherits"),
    ("ALTER ROLE {0}_tenant BYPASSRLS", "BYPASSRLS"),
    ("REVOKE {0}_tenant FROM {0}_login", "may not take"),
])
def test_a_login_role_that_isolation_would_not_bind_is_refused(weir, unmigrated_database, alter, said):
    database = unmigrated_database
    assert weir("db", "migrate", database=database).code == 0
    database.sql(alter.format(database.name))
    answer = weir("db", "url", database=database)
    assert answer.code == 3 and said in answer.err


def test_a_superuser_is_refused_even_for_migrations(weir, unmigrated_database):
    database = unmigrated_database
    answer = weir("db", "migrate", database=database.superuser_url)
    assert answer.code == 3 and "SUPERUSER" in answer.err
    assert database.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'weir'") == [(0,)]


def test_a_password_never_shows(weir, database):
    with_password = database.url.replace("_login@", "_login:hunter2@")
    on_the_command_line = weir("--database-url", with_password, "db", "url")
    assert on_the_command_line.code == 2 and "WEIR_DATABASE_URL" in on_the_command_line.err
    for args in (("db", "url"), ("db", "status"), ("db", "status", "--json"), ("--log-level", "debug", "db", "url")):
        answer = weir(*args, database=with_password)
        assert answer.code == 0, answer.err
        assert "hunter2" not in answer.out + answer.err
    broken = weir("db", "url", database="postgresql://u:hunter2%zz@h/d")
    assert broken.code == 3 and "hunter2" not in broken.err


def test_only_the_private_database_can_be_stopped(weir, database):
    assert weir("db", "stop", database=database).code == 2
