"""weir doctor: what it finds, what it says to do, and that it changes nothing."""

import psycopg2
import pytest


@pytest.fixture
def key_file(new_home):
    directory = new_home()
    directory.mkdir(mode=0o700)
    return directory / "keys"


@pytest.fixture
def doctor(weir, key_file):
    """doctor(database=…, …) is (exit code, {check: [finding, …]})."""

    def call(*args, env=None, **options):
        answer = weir("doctor", "--json", *args, env=env, **options)
        document = answer.json()
        found = {}
        for finding in document["checks"]:
            found.setdefault(finding["check"], []).append(finding)
        verdicts = [finding["verdict"] for finding in document["checks"]]
        assert document["verdict"] == max(verdicts, key=["ok", "warning", "problem"].index)
        assert all(f["remedy"] for f in document["checks"] if f["verdict"] == "warning"), document
        return answer.code, found

    return call


def verdicts(found, check):
    return [finding["verdict"] for finding in found[check]]


def said(found, check):
    return " ".join(f"{finding['reason']} {finding['remedy']}" for finding in found[check])


def everything(database):
    """The rows of every table, partitions included, and every table there is."""
    names = [name for (name,) in database.sql(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) "
        "AND relkind IN ('r', 'p') ORDER BY 1")]
    return {name: database.sql(f"SELECT t::text FROM {name} t ORDER BY 1") for name in names}


def test_a_database_in_order(weir, doctor, database):
    before = everything(database)
    code, found = doctor(database=database)
    assert code == 0, found
    for check in ("server", "clock", "transactions", "sessions", "roles", "schema", "isolation", "partitions", "vacuum",
                  "master key", "secrets", "sources", "nodes", "runs", "plugins"):
        assert "problem" not in verdicts(found, check), found[check]
    for check in ("isolation", "sessions", "roles", "schema", "partitions", "clock"):
        assert verdicts(found, check) == ["ok"], found[check]
    assert everything(database) == before
    text = weir("doctor", database=database)
    assert text.code == 0 and "isolation" in text.out and "ok" in text.out


def test_a_private_database_in_order_and_one_that_is_not_there_yet(doctor, home, new_home):
    code, found = doctor(home=home)
    assert code == 0, found
    assert verdicts(found, "isolation") == ["ok"] and "problem" not in verdicts(found, "home")
    nowhere = new_home()
    code, found = doctor(home=nowhere)
    assert code == 0, found
    assert "none yet" in said(found, "database")
    assert not nowhere.exists()


def test_a_broken_policy(doctor, database):
    database.sql("ALTER POLICY tenant_rows ON weir.run USING (true)")
    database.sql("ALTER TABLE weir.gap DISABLE ROW LEVEL SECURITY")
    before = everything(database)
    code, found = doctor(database=database)
    assert code == 3
    assert verdicts(found, "isolation") == ["problem", "problem"]
    assert "weir.run has a policy tenant_rows that is not Weir's" in said(found, "isolation")
    assert "weir.gap has no row-level security" in said(found, "isolation")
    assert "weir.protect_home_table('weir.run')" in said(found, "isolation")
    assert everything(database) == before


def test_a_wrong_key_file(weir, doctor, database, key_file):
    env = {"WEIR_MASTER_KEY_FILE": key_file}
    code, found = doctor(database=database, env=env)
    assert code == 3 and "does not exist" in said(found, "master key") and "weir secrets init" in said(found, "master key")
    assert not key_file.exists()
    assert weir("secrets", "init", database=database, env=env).code == 0
    assert weir("tenant", "add", "acme", database=database, env=env).code == 0
    added = weir("source", "add", "acme", "git", "--set", "GIT_URL=https://example.com/a/b", "--secret-env", "GIT_TOKEN",
                 database=database, env={**env, "GIT_TOKEN": "hush-7c1d"})
    assert added.code == 0, added.err
    code, found = doctor(database=database, env=env)
    assert code == 0 and verdicts(found, "master key") == ["ok"], found
    assert "hush-7c1d" not in str(found)

    right = key_file.read_text()
    key_id = right.splitlines()[-1].split()[0]
    key_file.write_text(f"{key_id} AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")
    code, found = doctor(database=database, env=env)
    assert code == 3 and "is not the one this database was sealed with" in said(found, "master key")
    key_file.write_text(right)
    key_file.chmod(0o644)
    code, found = doctor(database=database, env=env)
    assert code == 3 and "chmod 600" in said(found, "master key")
    code, found = doctor(database=database)
    assert code == 3 and "WEIR_MASTER_KEY_FILE" in said(found, "master key")


def test_an_old_transaction_and_who_has_it(doctor, database):
    connection = psycopg2.connect(database.url, application_name="nightly-report")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    code, found = doctor(database=database)
    assert code == 0 and f"session {pid}" not in said(found, "transactions"), "it is young"
    code, found = doctor("--old-transaction", "0s", database=database)
    assert code == 0
    assert f"session {pid} of {database.roles}_login (nightly-report, idle in transaction)" in said(found, "transactions")
    assert f"pg_terminate_backend({pid})" in said(found, "transactions")
    connection.close()


def test_sources_secrets_nodes_and_runs(doctor, database):
    (tenant,), = database.sql("INSERT INTO weir.tenant (key) VALUES ('acme') RETURNING id")
    database.sql("INSERT INTO weir.data_source (tenant_id, name, provider, needs_credentials) "
                 "VALUES (%s, 'git', 'git', 'the server refused the token')", tenant)
    (epoch,), = database.sql("INSERT INTO weir.node (node_id, hostname, pid, version, heartbeat_at, lease_until) VALUES "
                             "(weir.uuid_v7(), 'host-a', 77, 'x', now() - interval '1 min', now() - interval '40 s') "
                             "RETURNING epoch")
    database.sql("INSERT INTO weir.data_source_run (tenant_id, data_source, script, status, epoch) "
                 "VALUES (%s, 'git', 'git/commit', 'RUNNING', %s), (%s, 'git', 'git/branch', 'RUNNING', 999999)",
                 tenant, epoch, tenant)
    code, found = doctor(database=database)
    assert code == 0, "warnings are no problems"
    assert "acme/git needs credentials: the server refused the token" in said(found, "sources")
    assert "weir source set acme git" in said(found, "sources")
    assert "host-a (process 77" in said(found, "nodes") and verdicts(found, "nodes") == ["warning"]
    assert "1 scripts, such as git git/branch" in said(found, "runs")


def test_roles_schema_and_reachability_exit_as_specified(doctor, weir, unmigrated_database):
    database = unmigrated_database
    code, found = doctor(database=database)
    assert code == 3 and "weir db migrate" in said(found, "schema")
    assert weir("db", "migrate", database=database).code == 0
    assert doctor(database=database)[0] == 0
    database.sql(f"ALTER ROLE {database.name}_login BYPASSRLS")
    code, found = doctor(database=database)
    assert code == 3 and "BYPASSRLS" in said(found, "roles")
    code, found = doctor(database="postgresql://weir_login@127.0.0.1:1/weir")
    assert code == 4 and "cannot be reached" in said(found, "database")


def test_a_standby_or_read_only_database_is_a_problem(doctor, database):
    database.sql(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    code, found = doctor(database=database)
    assert code == 3 and "read-only" in said(found, "server")


def test_broken_plugins_and_settings(doctor, database, work):
    folder = work / "broken-plugins" / "data-sources" / "shaky"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provider.yaml").write_text("title: [\n")
    code, found = doctor("--plugins", work / "broken-plugins", database=database)
    assert code == 3 and "shaky/provider.yaml" in said(found, "plugins")
    code, found = doctor(database=database, env={"WEIR_LEASE_MS": "soon"})
    assert code == 3 and "WEIR_LEASE_MS" in said(found, "settings")


def test_a_home_that_others_may_enter(doctor, home):
    home.chmod(0o755)
    code, found = doctor(home=home)
    assert code == 0 and f"chmod 700 {home}" in said(found, "home")
    home.chmod(0o757)
    code, found = doctor(home=home)
    assert code == 3 and f"chmod 700 {home}" in said(found, "home")
    home.chmod(0o700)
    assert f"chmod 700 {home}" not in said(doctor(home=home)[1], "home")
