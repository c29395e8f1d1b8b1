"""Tenants, data sources and secrets from the command line."""
import os
import pty
import random
import re
import select
import signal
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import IS_ROOT, kill_group, wait_for

PROVIDER = """title: Example
description: A tool that needs a token
config:
  EXAMPLE_TOKEN: {description: A token, required: true, secret: true, pattern: "[!-~]+"}
  EXAMPLE_ORG: {description: The organisation, required: true}
  EXAMPLE_URL: {description: Where it is, identity: true, default: "https://example.com"}
  EXAMPLE_NOTE: {description: Anything, default: none}
"""
SECRET = "hush-3b1f07c94d-hush"


@pytest.fixture(scope="session")
def plugins(work):
    path = work / "plugins" / "data-sources" / "example"
    path.mkdir(parents=True)
    (path / "provider.yaml").write_text(PROVIDER)
    return work / "plugins"


@pytest.fixture
def key_file(new_home):
    """The path of a master key; there is none yet."""
    directory = new_home()
    directory.mkdir(mode=0o700)
    return directory / "keys"


@pytest.fixture
def run(weir, database, key_file, plugins):
    """Runs a command on the database with the key file; run.ok(...) also expects success."""

    def call(*args, env=None, **options):
        env = {"WEIR_MASTER_KEY_FILE": key_file, **(env or {})}
        return weir("--plugins", plugins, *args, env=env, database=database, **options)

    def ok(*args, **options):
        answer = call(*args, **options)
        assert answer.code == 0, answer.err
        return answer

    call.ok = ok
    return call


def add_source(run, tenant="acme", token=SECRET, **options):
    return run("source", "add", tenant, "example", "--set", "EXAMPLE_ORG=acme", "--secret-env", "EXAMPLE_TOKEN",
               env={"EXAMPLE_TOKEN": token}, **options)


def snapshot(database):
    """Everything that a command may change, as text."""
    tables = "tenant data_source tenant_data_source_config tenant_data_key master_key audit_log reader".split()
    return {t: database.sql(f"SELECT t::text FROM weir.{t} t ORDER BY 1") for t in tables}


# Tenants -------------------------------------------------------------------------------------------------------------


def test_a_tenant_from_adding_to_removal(run, database):
    assert run.ok("tenant", "ls", "--json").json() == []
    added = run.ok("tenant", "add", "acme", "--name", "Acme Inc.", "--json").json()
    assert added["changed"] and added["state"] == "ACTIVE"
    again = run.ok("tenant", "add", "acme", "--name", "Acme Inc.", "--json").json()
    assert not again["changed"] and again["id"] == added["id"]
    assert run("tenant", "add", "acme", "--name", "Other").code == 2
    shown = run.ok("tenant", "show", added["id"], "--json").json()
    assert shown["key"] == "acme" and shown["data_sources"] == []
    assert run.ok("tenant", "set", "acme", "--concurrent-scripts", 9, "--json").json()["concurrent_scripts"] == 9
    assert run.ok("tenant", "pause", "acme", "--json").json()["state"] == "PAUSED"
    assert not run.ok("tenant", "pause", "acme", "--json").json()["changed"]
    assert run.ok("tenant", "resume", "acme", "--json").json()["state"] == "ACTIVE"
    assert run.ok("tenant", "rm", "acme", "--yes", "--json").json()["removed"]
    assert run.ok("tenant", "ls", "--json").json() == []
    actions = [row[0] for row in database.sql("SELECT action FROM weir.audit_log ORDER BY id")]
    assert actions == ["tenant.add", "tenant.set", "tenant.pause", "tenant.resume", "tenant.rm", "tenant.removed"]


def test_the_actor_is_the_account_or_the_named_user(run, database):
    run.ok("tenant", "add", "acme")
    run.ok("tenant", "pause", "acme", "--user", "u-17")
    actors = [row[0] for row in database.sql("SELECT actor FROM weir.audit_log ORDER BY id")]
    assert actors == [f"cli:{subprocess.check_output(['id', '-un'], text=True).strip()}", "u-17"]


def test_the_audit_log_has_room_after_weeks_without_an_import(run, database):
    for (name,) in database.sql("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid "
                                "WHERE i.inhparent = 'weir.audit_log'::regclass"):
        database.sql(f"DROP TABLE {name}")
    run.ok("tenant", "add", "acme")
    assert database.sql("SELECT count(*) FROM weir.audit_log") == [(1,)]


@pytest.mark.parametrize(
    "args, code, said",
    [
        (["tenant", "add", "a b"], 2, "letters, digits"),
        (["tenant", "add", "new", "--concurrent-scripts", "0"], 2, "from 1 to 1000"),
        (["tenant", "show", "acmee"], 2, "did you mean acme?"),
        (["tenant", "set", "acme"], 2, "nothing to set"),
        (["tenant", "rm", "acme"], 2, "--yes"),
        (["source", "add", "acme", "exampel"], 2, "did you mean example?"),
        (["source", "add", "nobody", "example"], 2, "no tenant 'nobody'"),
        (["source", "add", "acme", "example"], 2, "EXAMPLE_TOKEN is required"),
        (["source", "add", "acme", "example", "--set", "EXAMPLE_ROG=x"], 2, "did you mean EXAMPLE_ORG?"),
        (["source", "add", "acme", "example", "--set", f"EXAMPLE_TOKEN={SECRET}"], 2, "--secret-env"),
        (["source", "add", "acme", "example", "--set", f"EXAMPLE_URL=https://me:{SECRET}@x.example"], 2, "as the secret"),
        (["source", "add", "acme", "example", "--set", SECRET], 2, "KEY=VALUE"),
        (["source", "add", "acme", "example", "--secret-env", "NOT_THERE"], 2, "NOT_THERE is not set"),
        (["source", "add", "acme", "example", "--secret-file", "EXAMPLE_TOKEN=/nowhere"], 2, "/nowhere"),
        (["source", "add", "acme", "example", "--secret-prompt", "EXAMPLE_TOKEN"], 2, "terminal"),
        (["source", "add", "acme", "example", "--name", "Upper"], 2, "a-z, 0-9"),
        (["source", "show", "acme", "none"], 2, "no data source 'none'"),
        (["source", "rm", "acme", "none", "--yes"], 2, "no data source 'none'"),
        (["tenant", "reader", "add", "acme", "nobody_there"], 3, "CREATE ROLE"),
        (["tenant", "reader", "add", "acme", "Robert'); --"], 2, "a-z, 0-9"),
        (["secrets", "rotate", "--data-keys", "--older-than", "soon"], 2, "no duration"),
        (["secrets", "rotate"], 3, "does not exist"),
    ],
)
def test_wrong_usage_says_what_to_do_and_changes_nothing(run, database, key_file, args, code, said):
    run.ok("tenant", "add", "acme")
    before = snapshot(database)
    answer = run(*args)
    assert answer.code == code, answer.err
    assert said in answer.err
    assert SECRET not in answer.err + answer.out
    assert snapshot(database) == before
    assert not key_file.exists()
    in_json = run(*args, "--json")
    assert in_json.code == code and '"message"' in in_json.err and SECRET not in in_json.err + in_json.out


def test_a_removal_asks_at_a_terminal(run, weir, database):
    run.ok("tenant", "add", "acme")
    for answer, is_there in ((b"n\n", True), (b"y\n", False)):
        pid, fd = pty.fork()
        if pid == 0:
            environment = weir.environment(database=database)
            os.execve(weir.binary, weir.command(["tenant", "rm", "acme"]), environment)
        read_until(fd, b"[y/N] ")
        os.write(fd, answer)
        drain(fd)
        assert (os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0) is not is_there
        assert (run.ok("tenant", "ls", "--json").json() != []) is is_there


# Data sources --------------------------------------------------------------------------------------------------------


def test_a_source_from_adding_to_removal(run, database):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    assert add_source(run).code == 0
    again = add_source(run, stdin="")
    assert again.code == 0 and "already" in again.out
    assert add_source(run, token="another").code == 2
    [listed] = run.ok("source", "ls", "acme", "--json").json()
    assert listed["state"] == "enabled" and listed["missing"] == []
    values = {s["key"]: s["value"] for s in listed["settings"]}
    assert values == {"EXAMPLE_TOKEN": "***", "EXAMPLE_ORG": "acme", "EXAMPLE_URL": "https://example.com"}
    shown = run.ok("source", "show", "acme", "example").out
    assert re.search(r"EXAMPLE_TOKEN +\*\*\* +20", shown) and re.search(r"EXAMPLE_NOTE +none +default", shown)
    changed = run.ok("source", "set", "acme", "example", "--set", "EXAMPLE_NOTE=hello", "--json").json()
    assert changed["changed"]
    assert run.ok("source", "set", "acme", "example", "--unset", "EXAMPLE_NOTE").code == 0
    assert run.ok("source", "disable", "acme", "example", "--json").json()["state"] == "disabled"
    assert run.ok("source", "enable", "acme", "example", "--json").json()["state"] == "enabled"
    assert run.ok("source", "rm", "acme", "example", "--yes", "--json").json()["removed"]
    assert run.ok("source", "ls", "acme", "--json").json() == []
    assert database.sql("SELECT count(*) FROM weir.tenant_data_source_config") == [(0,)]


def test_a_subscription_that_is_not_active_takes_no_source_and_no_secret(run, database):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    assert add_source(run).code == 0
    run.ok("tenant", "plans", "set", "standard")
    run.ok("tenant", "set", "acme", "--plan", "standard", "--subscription", "suspended")
    before = snapshot(database)
    secret = {"env": {"EXAMPLE_TOKEN": "another"}}
    for args in (["source", "add", "acme", "example", "--name", "second", "--set", "EXAMPLE_ORG=acme", "--secret-env", "EXAMPLE_TOKEN"],
                 ["source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN"]):
        refused = run(*args, **secret)
        assert refused.code == 1 and "the subscription of tenant acme is SUSPENDED" in refused.err, refused.err
    assert snapshot(database) == before
    run.ok("source", "set", "acme", "example", "--set", "EXAMPLE_NOTE=plain")
    run.ok("tenant", "set", "acme", "--subscription", "active")
    run.ok("source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN", **secret)


def test_identity_settings_are_fixed_after_the_first_import(run, database):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    add_source(run)
    database.sql("UPDATE weir.data_source SET first_import_at = now()")
    refused = run("source", "set", "acme", "example", "--set", "EXAMPLE_URL=https://other.example.com")
    assert refused.code == 2 and "add a new data source" in refused.err
    assert add_source(run, "acme").code == 0


def secret_of(database, key_file, source="example"):
    """How often the stored secret changed: its ciphertext."""
    return database.sql("SELECT ciphertext FROM weir.tenant_data_source_config WHERE is_secret")[0][0].tobytes()


def test_a_secret_comes_from_a_variable_a_file_or_the_terminal(run, weir, database, key_file, plugins, work):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    add_source(run)
    secret_file = work / "secret"
    for content in (SECRET + "\n", SECRET + "\r\n", SECRET):
        secret_file.write_text(content)
        same = run.ok("source", "set", "acme", "example", "--secret-file", f"EXAMPLE_TOKEN={secret_file}", "--json")
        assert not same.json()["changed"], "the line break at the end is not part of it"
    same = run.ok("source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN=OTHER", "--json",
                  env={"OTHER": SECRET})
    assert not same.json()["changed"]
    same = run.ok("source", "set", "acme", "example", "--secret-file", "EXAMPLE_TOKEN=/dev/stdin", "--json", stdin=SECRET)
    assert not same.json()["changed"]

    pid, fd = pty.fork()
    if pid == 0:
        environment = weir.environment({"WEIR_MASTER_KEY_FILE": key_file}, database=database)
        args = ["--plugins", plugins, "source", "set", "acme", "example", "--secret-prompt", "EXAMPLE_TOKEN", "--json"]
        os.execve(weir.binary, weir.command(args), environment)
    shown = read_until(fd, b"EXAMPLE_TOKEN: ")
    os.write(fd, SECRET.encode() + b"\n")
    shown += drain(fd)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert SECRET.encode() not in shown, "typed secrets are not echoed"
    assert b'"changed": false' in shown


def read_until(fd, mark, timeout_s=60):
    seen = b""
    end = time.monotonic() + timeout_s
    while mark not in seen:
        ready, _, _ = select.select([fd], [], [], end - time.monotonic())
        assert ready, seen
        seen += os.read(fd, 4096)
    return seen


def drain(fd):
    seen = b""
    try:
        while chunk := os.read(fd, 4096):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    os.close(fd)
    return seen


# Secrets -------------------------------------------------------------------------------------------------------------


def test_no_secret_is_seen_anywhere(run, weir, database, key_file, plugins, work):
    """Not in the database, its dump, its log of statements, any output, the process list or the environment."""
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    database.sql(f"ALTER ROLE {database.roles}_login SET log_min_error_statement = 'error'")
    outputs = []
    watched = []
    variable = {"EXAMPLE_TOKEN": SECRET, "WEIR_MASTER_KEY_FILE": key_file}
    args = ["--plugins", plugins, "--log-level", "debug", "source", "add", "acme", "example", "--set", "EXAMPLE_ORG=a",
            "--secret-env", "EXAMPLE_TOKEN"]
    process = weir.start(*args, env=variable, database=database)
    while process.poll() is None:
        try:
            watched.append(Path(f"/proc/{process.pid}/cmdline").read_bytes())
        except OSError:
            pass
        time.sleep(0.005)
    outputs += process.communicate()
    assert process.returncode == 0, outputs
    for more in (["source", "show", "acme", "example"], ["source", "ls", "acme"], ["secrets", "status"],
                 ["secrets", "rotate"], ["secrets", "rotate", "--data-keys"], ["tenant", "show", "acme"],
                 ["source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN", "--set", "NONSENSE=1"]):
        for json in ([], ["--json"]):
            answer = run("--log-level", "debug", *more, *json, env={"EXAMPLE_TOKEN": SECRET})
            outputs += [answer.out, answer.err]
    everything = "".join(outputs)
    assert SECRET not in everything
    assert not any(SECRET.encode() in line for line in watched)
    dump = subprocess.run(["pg_dump", database.superuser_url], capture_output=True, check=True).stdout
    assert b"tenant_data_source_config" in dump
    master_keys = [line.split()[1] for line in key_file.read_text().splitlines() if line and line[0] != "#"]
    for needle in [SECRET, SECRET.encode().hex(), *master_keys]:
        assert needle.encode() not in dump and needle not in everything
    log = Path(os.environ["WEIR_TEST_PG_DATA"]).parent / "log"
    assert SECRET.encode() not in log.read_bytes()


def test_the_process_is_not_dumped_and_forgets_its_variable(weir, home, plugins, work):
    """A command that waits shows neither in its environment nor in a core what it read."""
    fifo = work / "fifo"
    os.mkfifo(fifo)
    assert weir("tenant", "add", "acme", home=home).code == 0
    process = weir.start("--plugins", plugins, "source", "add", "acme", "example", "--secret-env", "EXAMPLE_TOKEN",
                         "--secret-file", f"EXAMPLE_NOTE={fifo}", env={"EXAMPLE_TOKEN": SECRET}, home=home)
    try:
        environ = Path(f"/proc/{process.pid}/environ")
        wait_for(lambda: b"EXAMPLE_TOKEN=" in environ.read_bytes() and SECRET.encode() not in environ.read_bytes(),
                 "the variable is wiped")
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0", limits)
        if IS_ROOT:
            return
        with pytest.raises(PermissionError):
            Path(f"/proc/{process.pid}/mem").open("rb")
    finally:
        kill_group(process)


def test_an_external_database_is_told_how_to_make_its_key(run, database, key_file):
    run.ok("tenant", "add", "acme")
    refused = add_source(run)
    assert refused.code == 3 and "weir secrets init" in refused.err
    unset = run("source", "add", "acme", "example", "--set", "EXAMPLE_ORG=acme", "--secret-env", "EXAMPLE_TOKEN",
                env={"EXAMPLE_TOKEN": SECRET, "WEIR_MASTER_KEY_FILE": None})
    assert unset.code == 3 and "WEIR_MASTER_KEY_FILE" in unset.err
    run.ok("secrets", "init")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    before = key_file.read_text()
    run.ok("secrets", "init")
    assert key_file.read_text() == before, "a key that is there stays"
    assert add_source(run).code == 0


def test_a_wrong_key_file_is_exit_3_and_changes_nothing(run, database, key_file):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    add_source(run)
    right = key_file.read_text()
    before = snapshot(database)
    key_id = right.splitlines()[-1].split()[0]
    wrong = {
        "another file": "0123456789abcdef AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "the same id": f"{key_id} AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "no key file": "hello\n",
        "nothing": "",
    }
    for what, text in wrong.items():
        key_file.write_text(text)
        for args in (["source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN"], ["secrets", "rotate"]):
            answer = run(*args, env={"EXAMPLE_TOKEN": "new"})
            assert answer.code == 3, (what, args, answer.err)
            assert snapshot(database) == before
    key_file.write_text(right)
    key_file.chmod(0o644)
    readable = run("secrets", "status")
    assert readable.code == 3 and "chmod 600" in readable.err
    key_file.chmod(0o600)
    same = run.ok("source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN", "--json",
                  env={"EXAMPLE_TOKEN": SECRET})
    assert not same.json()["changed"], "the secret can still be read"


def test_a_lost_key_is_replaced_only_when_said_so(run, database, key_file):
    run.ok("tenant", "add", "acme")
    run.ok("secrets", "init")
    add_source(run)
    key_file.unlink()
    refused = run("secrets", "init")
    assert refused.code == 3 and "--replace-lost" in refused.err and not key_file.exists()
    replaced = run.ok("secrets", "init", "--replace-lost", "--json").json()
    assert replaced["sources_that_need_credentials"] == 1
    [source] = run.ok("source", "ls", "acme", "--json").json()
    assert source["state"] == "needs credentials"
    run.ok("source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN", env={"EXAMPLE_TOKEN": SECRET})
    assert run.ok("source", "ls", "acme", "--json").json()[0]["state"] == "enabled"


def test_the_private_database_makes_its_own_key(weir, home, plugins):
    def call(*args):
        answer = weir("--plugins", plugins, *args, home=home, env={"EXAMPLE_TOKEN": SECRET})
        assert answer.code == 0, answer.err
        return answer

    call("tenant", "add", "acme")
    assert not (home / "master.key").exists()
    call("source", "add", "acme", "example", "--set", "EXAMPLE_ORG=acme", "--secret-env", "EXAMPLE_TOKEN")
    assert stat.S_IMODE((home / "master.key").stat().st_mode) == 0o600
    call("secrets", "rotate")
    same = call("source", "set", "acme", "example", "--secret-env", "EXAMPLE_TOKEN", "--json").json()
    assert not same["changed"]
    call("tenant", "reader", "add", "acme", "analyst_acme")
    assert call("tenant", "reader", "ls", "--json").json()[0]["role"] == "analyst_acme"


def all_readable(run, tenants):
    for tenant in tenants:
        same = run.ok("source", "set", tenant, "example", "--secret-env", "EXAMPLE_TOKEN", "--json",
                      env={"EXAMPLE_TOKEN": f"{SECRET}-{tenant}"})
        assert not same.json()["changed"], f"the secret of {tenant} changed or cannot be read"


def test_rotations_killed_at_any_moment_lose_nothing(run, weir, database, key_file):
    rounds = int(os.environ.get("WEIR_ROTATION_ROUNDS", 6))
    seed = int(os.environ.get("WEIR_SEED", 1))
    chance = random.Random(seed)
    run.ok("secrets", "init")
    tenants = [f"t{i}" for i in range(4)]
    for tenant in tenants:
        run.ok("tenant", "add", tenant)
        assert add_source(run, tenant, token=f"{SECRET}-{tenant}").code == 0
    took = time.monotonic()
    run.ok("secrets", "rotate")
    took = time.monotonic() - took
    killed = 0
    for i in range(rounds):
        args = ["secrets", "rotate"] + (["--data-keys"] if i % 3 == 2 else [])
        process = weir.start(*args, env={"WEIR_MASTER_KEY_FILE": key_file}, database=database)
        time.sleep(chance.uniform(0, took))
        kill_group(process)
        killed += process.returncode == -signal.SIGKILL
        all_readable(run, tenants[:2])
    assert killed > 0, "no round was killed in the middle"
    run.ok("secrets", "rotate")
    all_readable(run, tenants)
    assert database.sql("SELECT count(*) FROM weir.master_key WHERE retired_at IS NULL") == [(1,)]


def test_many_commands_at_once(run, database):
    run.ok("secrets", "init")
    names = [f"t{i}" for i in range(6)]

    def one(name):
        run.ok("tenant", "add", name)
        assert add_source(run, name, token=f"{SECRET}-{name}").code == 0

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, names))
        list(pool.map(lambda _: run.ok("tenant", "add", "same"), range(6)))
    assert len(run.ok("tenant", "ls", "--json").json()) == 7
    all_readable(run, names)


def test_help_shows_examples(weir):
    for command in ("tenant add", "tenant rm", "tenant reader add", "source add", "source set", "source rm",
                    "secrets init", "secrets rotate", "secrets status"):
        answer = weir(*command.split(), "--help")
        assert answer.code == 0 and "Examples:" in answer.out and f"weir {command}" in answer.out, command
