"""What the chaos tests share: a migrated database of its own, a repository to import, importers as real processes, and
the comparison of tables."""
import os
import pathlib
import random
import re
import signal
import subprocess
import time
import uuid

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = os.environ.get("WEIR_BINARY", str(ROOT / "build/weir"))
CLUSTER = os.environ["WEIR_TEST_DATABASE_URL"]
ROUNDS = int(os.environ.get("WEIR_CHAOS_ROUNDS", "20"))


class World:
    """A database with roles and schema, and a home and local repositories for its importers."""

    def __init__(self, directory, settings=None):
        self.directory = pathlib.Path(directory)
        self.name = f"weir_c{uuid.uuid4().hex[:10]}"
        query = CLUSTER[CLUSTER.index("?"):]
        self.super_url = f"postgresql://weir_super@/{self.name}{query}"
        connection = psycopg2.connect(CLUSTER)
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {self.name}")
        connection.close()
        roles = subprocess.run([WEIR, "db", "roles", "--print", "--database", self.name], check=True,
                               capture_output=True, text=True).stdout
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.super_url], input=roles, text=True, check=True,
                       capture_output=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "WEIR_HOME": str(self.directory / "home"),
            "WEIR_DATABASE_URL": f"postgresql://{self.name}_login@/{self.name}{query}",
            "WEIR_LOCAL_PATHS": str(self.directory),
            "WEIR_MASTER_KEY_FILE": str(self.directory / "master.key"),
            **(settings or {}),
        }
        self.weir("db", "migrate")
        self.weir("secrets", "init")

    def close(self):
        connection = psycopg2.connect(CLUSTER)
        connection.autocommit = True
        connection.cursor().execute(f"DROP DATABASE {self.name} WITH (FORCE)")
        connection.close()

    def weir(self, *arguments, check=True, env=None):
        done = subprocess.run([WEIR, *arguments], env={**self.environment, **(env or {})}, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"weir {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def spawn(self, *arguments, env=None):
        log = open(self.directory / "importers.log", "a")
        return subprocess.Popen([WEIR, *arguments], env={**self.environment, **(env or {})}, stdout=log, stderr=log)

    def query(self, sql, *values):
        connection = psycopg2.connect(self.super_url)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def add_git_tenant(self, key, repository):
        self.weir("tenant", "add", key)
        self.weir("source", "add", key, "git", "--set", f"GIT_URL={repository}")

    def tables(self, tenant):
        """Every row of the tenant's resource tables but for when and by which run it came."""
        names = [row[0] for row in self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'data' AND table_type = 'BASE TABLE' ORDER BY 1")]
        answer = {}
        for name in names:
            columns = [row[0] for row in self.query(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'data' AND table_name = %s "
                "AND column_name NOT IN ('tenant_id', 'imported_at', 'run_id') ORDER BY 1", name)]
            listed = ", ".join(f'r."{column}"' for column in columns)
            answer[name] = self.query(
                f'SELECT {listed} FROM data."{name}" r JOIN weir.tenant t ON t.id = r.tenant_id WHERE t.key = %s '
                f"ORDER BY {listed}", tenant)
        return answer


def restart_server(mode):
    """The whole cluster, as an administrator would restart it; None when this is not the test's own cluster."""
    data = os.environ["WEIR_TEST_PG_DATA"]
    pg_ctl = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))[-1]
    account = os.stat(data)
    subprocess.run([pg_ctl, "-D", data, "-m", mode, "-l", f"{data}/../log", "-w", "restart"], check=True, cwd="/",
                   capture_output=True, user=account.st_uid, group=account.st_gid, extra_groups=[])


def make_repository(path, commits, seed, branches=5):
    subprocess.run(["python3", str(ROOT / "scripts/make-test-repository.py"), "--commits", str(commits), "--seed",
                    str(seed), "--branches", str(branches), str(path)], check=True, capture_output=True)


def kill_after(process, seconds):
    """True when it was still running and is now dead by SIGKILL."""
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
