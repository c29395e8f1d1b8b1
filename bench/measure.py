"""What the benchmarks share: one import measured, and what the database can do with the same rows in the same run."""
import io
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/chaos"))
import psycopg2  # noqa: E402
from world import World, make_repository  # noqa: E402, F401

ROUNDS = int(os.environ.get("ROUNDS", "3"))


def timed(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


class Import:
    """One `weir import`: seconds, its own CPU seconds, and the most anonymous memory it had."""

    def __init__(self, world, *arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        process = subprocess.Popen([os.environ["WEIR_BINARY"], "import", "--json", *arguments], env=world.environment,
                                   stdout=subprocess.PIPE, text=True)
        self.memory_kb = 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    for line in status:
                        if line.startswith("RssAnon"):
                            self.memory_kb = max(self.memory_kb, int(line.split()[1]))
            except OSError:
                pass
            time.sleep(0.02)
        self.seconds = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.answer = json.loads(process.stdout.read())
        assert process.returncode == 0, self.answer


def columns_of(world, table):
    return [row[0] for row in world.query(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'data' AND table_name = %s "
        "ORDER BY ordinal_position", table)]


def key_of(world, table):
    return [row[0] for row in world.query(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) "
        f"WHERE i.indrelid = 'data.{table}'::regclass AND i.indisprimary")]


def load_limits(world, tenant, tables):
    """Seconds of plain COPY and of COPY + INSERT ... ON CONFLICT for the rows that the import made."""
    connection = psycopg2.connect(world.super_url)
    cursor = connection.cursor()
    plain = staged = 0.0
    for table in tables:
        rows = io.StringIO()
        cursor.copy_expert(f"COPY (SELECT c.* FROM data.{table} c JOIN weir.tenant t ON t.id = c.tenant_id "
                           f"WHERE t.key = '{tenant}') TO STDOUT", rows)
        lines = rows.getvalue().splitlines(keepends=True)
        names = ", ".join(f'"{name}"' for name in columns_of(world, table))
        cursor.execute(f"CREATE TABLE limit_{table} (LIKE data.{table} INCLUDING ALL)")
        cursor.execute(f"CREATE TEMP TABLE staged_{table} (LIKE data.{table})")
        connection.commit()

        def copy_all():
            cursor.copy_expert(f"COPY limit_{table} FROM STDIN", io.StringIO(rows.getvalue()))
            connection.commit()

        def stage_all():
            key = ", ".join(key_of(world, table))
            updates = ", ".join(f'"{name}" = excluded."{name}"' for name in columns_of(world, table))
            for first in range(0, len(lines), 10000):
                cursor.copy_expert(f"COPY staged_{table} FROM STDIN", io.StringIO("".join(lines[first:first + 10000])))
                cursor.execute(f"INSERT INTO limit_{table} ({names}) SELECT {names} FROM staged_{table} "
                               f"ON CONFLICT ({key}) DO UPDATE SET {updates}")
                cursor.execute(f"TRUNCATE staged_{table}")
                connection.commit()

        plain += timed(copy_all)
        cursor.execute(f"TRUNCATE limit_{table}")
        connection.commit()
        staged += timed(stage_all)
        cursor.execute(f"DROP TABLE limit_{table}")
        cursor.execute(f"DROP TABLE staged_{table}")
        connection.commit()
    connection.close()
    return plain, staged


def count_rows(world, tenant, tables):
    counts = " + ".join(f"(SELECT count(*) FROM data.{table} WHERE tenant_id = t.id)" for table in tables)
    return world.query(f"SELECT {counts} FROM weir.tenant t WHERE key = %s", tenant)[0][0]


def print_speeds(figures, rows, lines):
    """figures: name -> seconds of each round; lines: (name, what to call it)."""
    for name, text in lines:
        middle = statistics.median(figures[name])
        print(f"  {text:40} {middle:7.2f} s  {rows / middle:9,.0f} rows/s   "
              f"min {min(figures[name]):.2f}  max {max(figures[name]):.2f}")
