"""A first import of a GitHub organisation from the simulator, the same again with every cursor reset (all rows
unchanged), and once more with nothing new; beside it, in the same run, plain COPY of the same rows and COPY to staging
with INSERT ... ON CONFLICT in batches of 10,000 rows. Medians of ROUNDS rounds.

  REPOSITORIES=51 COMMITS=2000 PULLS=200 ROUNDS=3 scripts/bench.sh github_import
"""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

from measure import ROUNDS, Import, World, count_rows, load_limits, print_speeds

REPOSITORIES = int(os.environ.get("REPOSITORIES", "51"))
COMMITS = int(os.environ.get("COMMITS", "2000"))
PULLS = int(os.environ.get("PULLS", "200"))


class Simulator:
    def __init__(self):
        self.process = subprocess.Popen(
            [os.environ["WEIR_PROVIDER_SIM"], "--seed", "1", "--repos", str(REPOSITORIES), "--commits", str(COMMITS),
             "--pulls", str(PULLS), "--specials", "0", "--core", "1000000", "--graphql", "1000000"],
            stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["base_url"]

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.terminate()
        self.process.wait()


def tables_with_rows(world, tenant):
    names = [row[0] for row in world.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'data' ORDER BY 1")]
    return [name for name in names if count_rows(world, tenant, [name]) > 0]


def add_tenant(world, tenant, url):
    world.weir("tenant", "add", tenant)
    world.weir("source", "add", tenant, "github", "--set", "GITHUB_ORG=acme", "--set", f"GITHUB_API_URL={url}",
               "--secret-env", "GITHUB_TOKEN", env={"GITHUB_TOKEN": "sim-token"})


def reset_cursors(world, tenant):
    scripts = world.query("SELECT DISTINCT script FROM weir.partition_cursor p JOIN weir.tenant t ON t.id = p.tenant_id "
                          "WHERE t.key = %s", tenant)
    for (script,) in scripts:
        world.weir("cursor", "reset", tenant, "github", script, "--yes")


def main():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-"))
    directory.chmod(0o755)
    world = World(directory, {"WEIR_EGRESS_ALLOW": "127.0.0.1"})
    simulator = Simulator()
    figures = {name: [] for name in ("first", "cpu", "memory", "sim", "unchanged", "nothing", "copy", "staged")}
    rows = requests = idle_requests = 0
    for number in range(ROUNDS):
        tenant = f"t{number}"
        add_tenant(world, tenant, simulator.url)
        before = simulator.cpu()
        first = Import(world, "--tenant", tenant)
        figures["sim"].append(simulator.cpu() - before)
        tables = tables_with_rows(world, tenant)
        rows = count_rows(world, tenant, tables)
        requests = sum(script["requests"] for run in first.answer["pipeline_runs"] for script in run["scripts"])
        nothing = Import(world, "--tenant", tenant)
        idle_requests = sum(script["requests"] for run in nothing.answer["pipeline_runs"] for script in run["scripts"])
        reset_cursors(world, tenant)
        unchanged = Import(world, "--tenant", tenant)
        figures["first"].append(first.seconds)
        figures["cpu"].append(first.cpu)
        figures["memory"].append(first.memory_kb / 1024)
        figures["nothing"].append(nothing.seconds)
        figures["unchanged"].append(unchanged.seconds)
        plain, staged = load_limits(world, tenant, tables)
        figures["copy"].append(plain)
        figures["staged"].append(staged)
    simulator.close()
    world.close()
    subprocess.run(["rm", "-rf", str(directory)], check=True)

    middle = {name: statistics.median(values) for name, values in figures.items()}
    print(f"{REPOSITORIES} repositories x {COMMITS} commits + {PULLS} pull requests: {rows} rows, {requests} requests, "
          f"median of {ROUNDS} rounds")
    print_speeds(figures, rows, (("first", "weir import, all new"), ("unchanged", "weir import, all unchanged"),
                                 ("copy", "COPY of the same rows"), ("staged", "COPY to staging + INSERT ON CONFLICT")))
    print(f"  weir reaches {middle['staged'] / middle['first']:.2f} of the staged loader's rows/s; "
          f"{middle['cpu']:.2f} s of its own CPU, {middle['memory']:.0f} MB anonymous; the simulator took "
          f"{middle['sim']:.2f} s of CPU; nothing new: {middle['nothing']:.2f} s, {idle_requests} requests")


main()
