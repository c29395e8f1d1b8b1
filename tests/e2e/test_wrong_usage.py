"""Wrong usage of what imports and shows: says what to do, exits as specified, changes nothing. That of tenants, sources
and secrets is in test_tenant_source.py, that of the private database in test_embedded.py."""
import json
import subprocess
import time

import pytest

from conftest import IS_ROOT, wait_for

NO_RUN = "01a20065-a932-70bb-b31e-38151ade6567"
UNREACHABLE = "postgresql://weir_login@127.0.0.1:1/weir"
OTHER_KEY = "0123456789abcdef AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@pytest.fixture(scope="module")
def repositories(work):
    folder = work / "wrong-usage"
    folder.mkdir()
    for name in ("one", "two"):
        git = ["git", "-C", str(folder / name), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        subprocess.run(["git", "init", "-q", "-b", "main", str(folder / name)], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", name], check=True)
    return folder


@pytest.fixture
def run(weir, database, repositories):
    """Runs a command on a database with the tenant acme and its source git."""

    def call(*args, env=None, **options):
        return weir(*args, env={"WEIR_LOCAL_PATHS": repositories, **(env or {})}, database=database, **options)

    for args in (("tenant", "add", "acme"), ("source", "add", "acme", "git", "--set", f"GIT_URL={repositories}/one")):
        answer = call(*args)
        assert answer.code == 0, answer.err
    return call


def counts(database):
    """How many rows each table has, and which tables there are."""
    names = [name for (name,) in database.sql(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace IN ('weir'::regnamespace, 'data'::regnamespace) "
        "AND relkind IN ('r', 'p') ORDER BY 1")]
    return {name: database.sql(f"SELECT count(*) FROM {name}")[0][0] for name in names}


@pytest.mark.parametrize("args, said", [
    (["import", "--tenant", "acmee"], "did you mean acme?"),
    (["import", "--tenant", "acme", "--source", "nope"], "weir source ls"),
    (["import", "--script", "git/comit"], "did you mean git/commit?"),
    (["import", "--script", "comit"], "git/commit"),
    (["import", "--wait-limits", "soon"], "such as"),
    (["import", "extra"], "weir import --help"),
    (["imprt"], "did you mean import?"),
    (["docter"], "did you mean doctor?"),
    (["doctor", "--old-transaction", "soon"], "such as 10m"),
    (["plan"], "weir plan --help"),
    (["plan", "acmee"], "did you mean acme?"),
    (["runs", "--limit", "0"], "1 to 10000"),
    (["runs", "--tenant", "acmee"], "did you mean acme?"),
    (["runs", "--status", "DONE"], "COMPLETED"),
    (["run", "show", "nonsense"], "weir runs"),
    (["run", "show", NO_RUN], "weir runs"),
    (["logs", NO_RUN], "weir runs"),
    (["cancel", NO_RUN], "weir runs"),
    (["cancel", "nonsense"], "weir runs"),
    (["cursor", "ls", "acmee"], "did you mean acme?"),
    (["cursor", "ls", "acme", "nope"], "no data source 'nope'"),
    (["cursor", "set", "acme", "git", "git/commit"], "--to"),
    (["cursor", "set", "acme", "git", "git/commit", "--to", "yesterday"], "2026-01-31T00:00:00Z"),
    (["cursor", "set", "acme", "git", "git/commit", "--to", "2999-01-01T00:00:00Z"], "future"),
    (["cursor", "set", "acme", "nope", "git/commit", "--to", "2026-01-01T00:00:00Z"], "no data source 'nope'"),
    (["cursor", "reset", "acme", "git"], "--yes"),
    (["source", "check", "acme", "nope"], "no data source 'nope'"),
    (["source", "check", "acmee", "git"], "did you mean acme?"),
    (["source", "add", "acme", "git", "--name", "second"], "GIT_URL is required"),
    (["source", "set", "acme", "git", "--set", "GIT_URL="], "--unset GIT_URL"),
    (["plugins", "show", "gti"], "did you mean 'git'?"),
    (["tenant", "ls", "--log-level", "loud"], "debug"),
    (["tenant", "ls", "--log-format", "xml"], "json"),
])
def test_a_wrong_command_exits_2_and_changes_nothing(run, database, args, said):
    before = counts(database)
    answer = run(*args)
    assert answer.code == 2, answer.err
    assert said in answer.err and answer.err.startswith("weir: "), answer.err
    assert "->" not in answer.err, "no inner workings of the option parser"
    as_json = run(*args, "--json")
    assert as_json.code == 2 and json.loads(as_json.err)["message"]
    assert counts(database) == before


@pytest.mark.parametrize("variable, value, said", [
    ("WEIR_LEASE_MS", "soon", "WEIR_LEASE_MS must be a number"),
    ("WEIR_LEASE_MS", "6000", "twice WEIR_HEARTBEAT_MS"),
    ("WEIR_CHECKPOINT_ROWS", "0", "WEIR_CHECKPOINT_ROWS"),
    ("WEIR_STOP_GRACE_MS", "-1", "WEIR_STOP_GRACE_MS"),
])
def test_a_wrong_setting_of_the_process_exits_3_and_changes_nothing(run, database, variable, value, said):
    before = counts(database)
    answer = run("import", env={variable: value})
    assert answer.code == 3 and said in answer.err
    assert counts(database) == before


@pytest.mark.parametrize("args", [
    ["import"], ["plan", "acme"], ["runs"], ["run", "show", NO_RUN], ["logs", NO_RUN], ["cancel", NO_RUN],
    ["cursor", "ls", "acme"], ["tenant", "ls"], ["tenant", "add", "acme"], ["source", "ls", "acme"],
    ["source", "check", "acme", "git"], ["secrets", "status"], ["doctor"],
])
def test_an_unreachable_database_exits_4(weir, args):
    answer = weir(*args, database=UNREACHABLE)
    assert answer.code == 4
    assert "cannot be reached" in answer.err + answer.out and "check the database URL" in answer.err + answer.out


def test_a_missing_setting_is_named_and_the_other_sources_run(run, database, repositories):
    database.sql("DELETE FROM weir.tenant_data_source_config WHERE key = 'GIT_URL'")
    added = run("source", "add", "acme", "git", "--name", "whole", "--set", f"GIT_URL={repositories}/two")
    assert added.code == 0, added.err
    plan = run("plan", "acme")
    assert "GIT_URL" in plan.out + plan.err
    checked = run("source", "check", "acme", "git")
    assert checked.code == 3 and "GIT_URL is missing" in checked.out and "--set GIT_URL=" in checked.out
    imported = run("import")
    assert imported.code in (0, 1), imported.err
    assert database.sql("SELECT data_source, message FROM data.commit") == [("whole", "two\n")] or \
        database.sql("SELECT data_source FROM data.commit") == [("whole",)]


def test_a_url_that_cannot_be_imported_says_what_to_do(run, database, repositories):
    outside = run("source", "set", "acme", "git", "--set", "GIT_URL=/etc")
    assert outside.code == 0
    imported = run("import")
    assert imported.code == 1 and "WEIR_LOCAL_PATHS" in imported.out + imported.err
    assert database.sql("SELECT count(*) FROM data.commit") == [(0,)]
    assert database.sql("SELECT count(*) FROM weir.partition_cursor WHERE cursor_at IS NOT NULL") == [(0,)]


def test_a_broken_plugin_disables_only_itself(run, database, work):
    folder = work / "shaky-plugins" / "data-sources" / "shaky"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "provider.yaml").write_text("title: [\n")
    plugins = ("--plugins", work / "shaky-plugins")
    before = counts(database)
    added = run(*plugins, "source", "add", "acme", "shaky")
    assert added.code == 3 and "shaky/provider.yaml:2:1" in added.err and counts(database) == before
    checked = run(*plugins, "plugins", "check")
    assert checked.code == 3 and "shaky/provider.yaml:2:1" in checked.out
    assert "indentation" in checked.out, "and what to look for"
    imported = run(*plugins, "import")
    assert imported.code == 0 and "shaky" in imported.err, "the import goes on, and says so"
    assert database.sql("SELECT count(*) FROM data.commit") == [(1,)]


def test_a_directory_without_plugins_is_reported(run):
    answer = run("--plugins", "/nowhere", "plugins", "check")
    assert answer.code == 3 and "data-sources/" in answer.out


def test_a_wrong_key_file_exits_3_before_anything_is_imported(run, database, new_home):
    directory = new_home()
    directory.mkdir(mode=0o700)
    key_file = directory / "keys"
    env = {"WEIR_MASTER_KEY_FILE": key_file, "GIT_TOKEN": "hush-51c"}
    assert run("secrets", "init", env=env).code == 0
    assert run("source", "set", "acme", "git", "--secret-env", "GIT_TOKEN", env=env).code == 0
    before = counts(database)
    right = key_file.read_text()
    key_file.write_text(right.splitlines()[-1].split()[0] + " " + OTHER_KEY.split()[1] + "\n")
    for wrong in (key_file.read_text(), OTHER_KEY, "hello\n"):
        key_file.write_text(wrong)
        answer = run("import", env=env)
        assert answer.code == 3, answer.err
        assert "key" in answer.err and "hush-51c" not in answer.err
        assert counts(database) == before
    key_file.unlink()
    answer = run("import", env=env)
    assert answer.code == 3 and "does not exist" in answer.err and counts(database) == before
    key_file.write_text(right)
    key_file.chmod(0o600)
    assert run("import", env=env).code == 0


@pytest.fixture
def disk(work):
    """disk(options) is a fresh tmpfs; needs the right to mount."""
    mounted = []

    def make(options):
        path = work / f"disk{time.monotonic_ns()}"
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"needs the right to mount a tmpfs: {done.stderr.strip()}")
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        wait_for(lambda: subprocess.run(["umount", str(path)], capture_output=True).returncode == 0, "umount")


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount a small disk")
def test_an_import_onto_a_full_disk_exits_4_and_goes_on_when_there_is_room(weir, new_home, disk, repositories):
    small = disk("size=200m,mode=755")
    home = new_home(parent=small)
    env = {"WEIR_LOCAL_PATHS": repositories}
    for args in (("tenant", "add", "acme"), ("source", "add", "acme", "git", "--set", f"GIT_URL={repositories}/one")):
        assert weir(*args, home=home).code == 0
    assert weir("db", "stop", home=home).code == 0
    with open(small / "ballast", "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 65536)
        except OSError:
            pass
    answer = weir("import", home=home, env=env)
    assert answer.code == 4 and "full" in answer.err, answer.err
    found = weir("doctor", home=home)
    assert found.code == 3 and "make room" in found.out
    (small / "ballast").unlink()
    assert weir("import", home=home, env=env).code == 0
    rows = weir("db", "psql", "--", "-Atc", "SELECT count(*) FROM data.commit", home=home)
    assert rows.out == "1\n"
    assert weir("db", "stop", home=home).code == 0


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount a disk read-only")
def test_an_import_into_a_read_only_home_exits_3(weir, new_home, disk):
    place = disk("mode=755")
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    home = new_home(parent=place)
    answer = weir("import", home=home)
    assert answer.code == 3 and "Read-only file system" in answer.err and "--home" in answer.err
    found = weir("doctor", home=home)
    assert found.code == 3 and "mounted read-only" in found.out
    assert not home.exists()
