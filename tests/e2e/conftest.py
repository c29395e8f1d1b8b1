"""What every black-box test uses: the binary, homes of their own, databases on the cluster of WEIR_TEST_DATABASE_URL.

    def test_something(weir, home):                # a private database, migrated
        assert weir("tenant", "add", "acme", home=home).code == 0

    def test_something_else(weir, database):       # a migrated database of the test cluster
        assert weir("tenant", "ls", "--json", database=database).json() == []

Run by ctest (`make test T=e2e`), or by hand:
    scripts/with-postgres.sh env WEIR_BINARY=build/weir /usr/bin/python3 -m pytest tests/e2e -k NAME
"""
import itertools
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

IS_ROOT = os.geteuid() == 0
# As whom the private server runs when the tests are root: an account that is there, so that none is created.
SERVER_ACCOUNT = os.environ.get("WEIR_TEST_PG_USER", "postgres")
# A command that runs longer than this hangs.
TIMEOUT_S = 120
_numbers = itertools.count(1)


@dataclass
class Answer:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def wait_for(condition, what, timeout_s=20.0):
    """Returns the first true value of condition()."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"{what}: not within {timeout_s} s")


def as_account(name):
    """The prefix that runs a command as another account (root only)."""
    account = pwd.getpwnam(name)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]


class Weir:
    """Runs the binary. None of the caller's WEIR_* variables reach it."""

    def __init__(self, binary):
        self.binary = binary

    def environment(self, env=None, home=None, database=None):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WEIR_", "PG", "NO_COLOR"))}
        clean.update(WEIR_EMBEDDED_FSYNC="off", WEIR_EMBEDDED_LINGER="1s", LC_ALL="C.UTF-8")
        if IS_ROOT:
            clean["WEIR_PG_USER"] = SERVER_ACCOUNT
        if home is not None:
            clean["WEIR_HOME"] = str(home)
        if database is not None:
            clean["WEIR_DATABASE_URL"] = getattr(database, "url", database)
        for key, value in (env or {}).items():
            clean.pop(key, None)
            if value is not None:
                clean[key] = str(value)
        return clean

    def command(self, args, account=None):
        return (as_account(account) if account else []) + [str(self.binary), *map(str, args)]

    def __call__(self, *args, env=None, home=None, database=None, account=None, stdin="", cwd="/", timeout=TIMEOUT_S):
        done = subprocess.run(
            self.command(args, account),
            env=self.environment(env, home, database),
            input=stdin,
            capture_output=True,
            text=True,
            cwd=cwd,
            timeout=timeout,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *args, env=None, home=None, database=None, account=None, **options):
        """A running process, leader of a group of its own. Kill it with kill_group()."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        return subprocess.Popen(
            self.command(args, account),
            env=self.environment(env, home, database),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            **options,
        )


def kill_group(process, number=signal.SIGKILL):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
    process.wait(timeout=TIMEOUT_S)


@pytest.fixture(scope="session")
def work():
    """A directory that every account may enter."""
    path = Path(tempfile.mkdtemp(prefix="weir-e2e-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def weir():
    binary = os.environ.get("WEIR_BINARY")
    if not binary:
        pytest.exit("WEIR_BINARY is not set: run these tests through ctest (make test T=e2e)", 2)
    return Weir(Path(binary).resolve())


@pytest.fixture(scope="session")
def home_template(weir, work):
    """A home with a migrated database, stopped; made once, since initdb takes seconds."""
    path = work / "template"
    for args in (("db", "url"), ("db", "stop")):
        answer = weir(*args, home=path)
        assert answer.code == 0, answer.err
    return path


@pytest.fixture
def new_home(weir, work):
    """new_home() is the path of a home that does not exist yet; its server is stopped at the end."""
    made = []

    def make(name=None, parent=None):
        path = (parent or work) / (name or f"home{next(_numbers)}")
        made.append(path)
        return path

    yield make
    for path in made:
        if path.exists():
            weir("db", "stop", "--force", home=path, env={"WEIR_PG_USER": None})
            shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def home(new_home, home_template):
    """A home of its own whose database is there, migrated and empty; no server runs yet."""
    path = new_home()
    subprocess.run(["cp", "-a", str(home_template), str(path)], check=True)
    return path


@dataclass
class Database:
    name: str
    roles: str  # the prefix of their names
    url: str  # of the login role
    superuser_url: str

    def connect(self, url=None):
        connection = psycopg2.connect(url or self.superuser_url)
        connection.autocommit = True
        return connection

    def sql(self, statement, *params):
        """Runs it as superuser; the rows, if it has any."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, params or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()


def cluster_url(**changes):
    url = os.environ.get("WEIR_TEST_DATABASE_URL")
    if not url:
        pytest.fail("WEIR_TEST_DATABASE_URL is not set: use scripts/with-postgres.sh")
    parts = {**psycopg2.extensions.parse_dsn(url), **changes}
    user, name = parts.pop("user"), parts.pop("dbname")
    return f"postgresql://{user}@/{name}?{urllib.parse.urlencode(parts)}"


class Cluster:
    """The test cluster; drops what was made on it."""

    def __init__(self, weir):
        self.weir = weir
        self.main = self.at("postgres", "postgres")
        self.names = []

    @staticmethod
    def at(name, roles):
        return Database(name, roles, cluster_url(user=f"{roles}_login", dbname=name), cluster_url(dbname=name))

    def new_name(self):
        self.names.append(f"weir_e{os.getpid()}_{next(_numbers)}")
        return self.names[-1]

    def create(self):
        name = self.new_name()
        self.main.sql(f"CREATE DATABASE {name}")
        database = self.at(name, name)
        database.sql(self.weir("db", "roles", "--print", "--database", name).out)
        return database

    def clone(self, original):
        name, roles = self.new_name(), original.roles
        self.main.sql(f"CREATE DATABASE {name} TEMPLATE {original.name}")
        self.main.sql(f"GRANT CONNECT ON DATABASE {name} TO {roles}_login, {roles}_reader")
        self.main.sql(f"GRANT TEMPORARY ON DATABASE {name} TO {roles}_control, {roles}_tenant")
        return self.at(name, roles)

    def close(self):
        for name in reversed(self.names):
            self.main.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for name in self.names:
            for role in ("owner", "control", "tenant", "reader", "login"):
                self.main.sql(f"DROP ROLE IF EXISTS {name}_{role}")


@pytest.fixture(scope="session")
def cluster(weir):
    cluster = Cluster(weir)
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def database_template(weir, cluster):
    database = cluster.create()
    answer = weir("db", "migrate", database=database)
    assert answer.code == 0, answer.err
    return database


@pytest.fixture
def unmigrated_database(weir):
    """A database with roles of its own, which the test may alter, and no schema."""
    cluster = Cluster(weir)
    yield cluster.create()
    cluster.close()


@pytest.fixture
def database(cluster, database_template):
    """A migrated, empty database of its own; the roles are shared with the other tests."""
    return cluster.clone(database_template)
