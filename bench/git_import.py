"""How fast is a first import of a Git history, and what does an unchanged one cost, against what the machine can do at
all? In one run, on the same server: `weir import` of a generated repository; `git log --numstat` of it (reading only);
plain COPY of the very same rows into tables of the same shape; COPY into a staging table and INSERT ... ON CONFLICT in
batches of 10,000 rows, as a careful hand-written loader would do it. Medians of ROUNDS rounds.

  COMMITS=50000 ROUNDS=3 scripts/bench.sh git_import
"""
import os
import pathlib
import statistics
import subprocess
import tempfile

from measure import ROUNDS, Import, World, count_rows, load_limits, make_repository, print_speeds, timed

COMMITS = int(os.environ.get("COMMITS", "50000"))
TABLES = ("commit", "commit_parent")


def main():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    directory.chmod(0o755)
    repository = directory / "repository"
    make_repository(repository, COMMITS, seed=1)
    world = World(directory)
    figures = {name: [] for name in ("first", "cpu", "memory", "again", "read", "copy", "staged")}
    rows = 0
    for number in range(ROUNDS):
        tenant = f"t{number}"
        world.add_git_tenant(tenant, repository)
        first = Import(world, "--tenant", tenant)
        rows = count_rows(world, tenant, TABLES)
        again = Import(world, "--tenant", tenant)
        figures["first"].append(first.seconds)
        figures["cpu"].append(first.cpu)
        figures["memory"].append(first.memory_kb / 1024)
        figures["again"].append(again.seconds)
        figures["read"].append(timed(lambda: subprocess.run(
            ["git", "-C", str(repository), "log", "--all", "--numstat"], stdout=subprocess.DEVNULL, check=True)))
        plain, staged = load_limits(world, tenant, TABLES)
        figures["copy"].append(plain)
        figures["staged"].append(staged)
    world.close()
    subprocess.run(["rm", "-rf", str(directory)], check=True)

    middle = {name: statistics.median(values) for name, values in figures.items()}
    print(f"{COMMITS} commits, {rows} rows, median of {ROUNDS} rounds")
    print_speeds(figures, rows, (("first", "weir import, first"), ("read", "git log --numstat (reading only)"),
                                 ("copy", "COPY of the same rows"), ("staged", "COPY to staging + INSERT ON CONFLICT")))
    limit = middle["read"] + middle["staged"]
    print(f"  reading, then staging: {limit:.2f} s; weir takes {middle['first'] / limit:.2f} of it")
    print(f"  weir: {middle['cpu']:.2f} s of its own CPU, {middle['memory']:.0f} MB anonymous; "
          f"again with nothing new: {middle['again']:.2f} s")


main()
