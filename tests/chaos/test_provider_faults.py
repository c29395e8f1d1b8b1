"""An import from a provider under every fault, alone and all together, with kills between: at the end the tables are what
the provider has, nothing was asked for after a node was told to wait, and no run failed for a limit."""
import datetime
import pathlib
import random
import sys
import time

import pytest

from world import ROUNDS, World, kill_after

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from github_truth import Comparison  # noqa: E402
from simulator import Sim  # noqa: E402

SIZE = ("--repos", "3", "--commits", "130", "--pulls", "105", "--issues", "105", "--runs", "4",
        "--days", "60")
FORMS = ("403", "429", "403-date", "429-date", "403-bare", "429-bare", "abuse")
WAIT_S = 1
STEPS = 2 if ROUNDS >= 100 else 1
# Rules of the simulator, and what else makes a provider difficult: its quota and its clock.
RULES = [
    *({"kind": kind} for kind in ("status_500", "status_502", "status_503", "reset", "truncated", "html", "empty_body",
                                  "graphql_error", "graphql_partial", "duplicate_page", "short_page", "drift", "slow")),
    *({"kind": "secondary", "form": form, "seconds": WAIT_S, "count": 1} for form in FORMS),
    {"kind": "graphql_secondary", "seconds": WAIT_S, "count": 1},
    {"kind": "exhaust", "seconds": 2, "count": 1},
]
TINY_QUOTA = {"core": 30, "core_seconds": 3, "graphql": 60, "graphql_seconds": 3}
AMPLE_QUOTA = {"core": 100000, "core_seconds": 3600, "graphql": 100000, "graphql_seconds": 3600}
SETTINGS = [(True, 0), (False, 45), (False, -45)]  # a tiny quota; clocks that are wrong by seconds
ALONE = [([rule], *setting) for rule, setting in zip(RULES, [(False, 0)] * len(RULES))] + [([], *s) for s in SETTINGS]
# The way of an answer from the simulator to the row that stops all nodes; who is killed on it has told nobody.
TOLD_NOBODY_S = 0.25


def plan_of(number, chance):
    """(rules, is the quota tiny, by how many seconds its clock is wrong) of a round: all faults, or one alone."""
    if number % 2 == 1:
        return ALONE[number // 2 % len(ALONE)]
    return RULES, chance.random() < 0.5, chance.choice([0, 45, -45])


class Round:
    def __init__(self, world, number):
        self.world, self.number, self.chance = world, number, random.Random(number)
        self.rules, self.is_quota_tiny, self.skew = plan_of(number, self.chance)
        self.tenant, self.kills, self.failures, self.parks = f"round-{number}", [], [], 0
        past = datetime.timedelta(seconds=self.chance.choice([7200, 3600, 30, -30]))
        now = datetime.datetime.now(datetime.timezone.utc) - past
        # Also repositories that are blocked, empty, archived, renamed, without issues.
        specials = "1" if number % 4 == 2 else "0"
        self.sim = Sim("--seed", str(number), "--specials", specials, *SIZE, now=f"{now:%Y-%m-%dT%H:%M:%SZ}")
        world.weir("tenant", "add", self.tenant)
        world.weir("source", "add", self.tenant, "github", "--set", "GITHUB_ORG=acme", "--set",
                   f"GITHUB_API_URL={self.sim.url}", "--set", "GITHUB_JOBS=true", "--secret-env", "GITHUB_TOKEN")

    def what(self):
        names = [rule["kind"] + rule.get("form", "") for rule in self.rules] + ["quota"] * self.is_quota_tiny
        return f"seed {self.number} ({', '.join(names) if len(names) < 4 else 'all faults'}, clock {self.skew:+d} s)"

    def set_faults(self, step):
        is_alone = len(self.rules) == 1
        rate = 0.08 if is_alone else 0.01
        rules = [{"rate": rate, "ms": 300, **rule} for rule in self.rules]
        if is_alone and "count" in rules[0]:
            rules[0]["count"] = 3
        self.sim.faults(*rules, seed=10 * self.number + step)
        self.set_quota(TINY_QUOTA if self.is_quota_tiny else AMPLE_QUOTA)
        self.sim.post("/_sim/clock", {"skew_seconds": self.skew})

    def set_quota(self, quota):
        answer = self.sim.post("/_sim/tokens", {"token": "sim-token", **quota})
        assert answer.status == 200, answer.body

    def import_killed(self):
        process = self.world.spawn("import", "--tenant", self.tenant)
        if kill_after(process, self.chance.uniform(0.05, 1.0)):
            self.kills.append(time.time())

    def import_whole(self):
        """Until nothing is parked; what parks is woken once the provider would answer again."""
        for _ in range(8):
            done = self.world.weir("import", "--tenant", self.tenant, "--json", check=False)
            assert done.returncode in (0, 1), f"{self.what()}: exit {done.returncode}\n{done.stderr}"
            if done.returncode == 1:
                self.failures.append(done.stdout)
            self.last = done.stdout
            if '"PARKED"' not in done.stdout:
                return
            self.parks += 1
            time.sleep(2 * WAIT_S)
            self.world.query("UPDATE weir.rate_budget SET wait_until = NULL, hold_until = NULL, strikes = 0")
            self.world.query("UPDATE weir.data_source_run SET wake_at = now() WHERE wake_at IS NOT NULL")
        pytest.fail(f"{self.what()}: still parked\n{done.stdout}")

    def play(self):
        for step in range(STEPS):
            self.set_faults(step)
            for _ in range(2):
                self.import_killed()
            self.import_whole()
            self.sim.post("/_sim/advance", {"seconds": 900, "activity": "heavy"})
        self.set_faults(9)
        self.import_killed()
        self.sim.faults()
        self.set_quota(AMPLE_QUOTA)
        self.sim.post("/_sim/clock", {"skew_seconds": 0})
        self.import_whole()
        # What changed while it was listed is seen by the next import.
        self.import_whole()

    def assert_equal(self):
        found = Comparison(self.world.query, self.sim, self.tenant).all_differences()
        shown = "\n".join(sorted(found)[:20])
        assert not found, f"{self.what()}: {len(found)} differences:\n{shown}\nthe last import said {self.last}"

    def assert_waits_were_kept(self):
        log = self.sim.lines("/_sim/log")
        told = [entry for entry in log if entry["refusal"]]
        late = []
        for entry in log:
            if entry["late_ms"] <= 1000:
                continue
            told_at = entry["started_us"] / 1e6 - entry["late_ms"] / 1000
            if not any(0 <= kill - told_at <= TOLD_NOBODY_S for kill in self.kills):
                late.append(entry)
        assert not late, f"{self.what()}: {len(late)} late requests after {len(told)} refusals: {late[:3]}"
        return len(told)

    def assert_no_limit_failed_a_run(self):
        failed = self.world.query("SELECT script, error FROM weir.run r JOIN weir.tenant t ON t.id = r.tenant_id "
                                  "WHERE t.key = %s AND status = 'FAILED'", self.tenant)
        words = ("limit", "abuse", "wait a few minutes", "budget")
        for_limits = [row for row in failed if any(word in row[1].lower() for word in words)]
        assert not for_limits, f"{self.what()}: {for_limits}"
        return failed

    def close(self):
        self.world.weir("tenant", "rm", self.tenant, "--yes")
        self.sim.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    directory = tmp_path_factory.mktemp("faults")
    directory.chmod(0o755)
    made = World(directory, {"WEIR_EGRESS_ALLOW": "127.0.0.1", "GITHUB_TOKEN": "sim-token", "WEIR_CHECKPOINT_ROWS": "100",
                             "WEIR_LOCK_PROBE_MS": "100"})
    yield made
    made.close()


def test_the_tables_are_what_the_provider_has_whatever_goes_wrong(world):
    rounds = 4 if ROUNDS < 40 else ROUNDS // 4
    kills = refusals = requests = parks = 0
    failed = []
    for number in range(rounds):
        began = time.monotonic()
        round_ = Round(world, number)
        round_.play()
        round_.assert_equal()
        told = round_.assert_waits_were_kept()
        failed += [(round_.what(), *row) for row in round_.assert_no_limit_failed_a_run()]
        sent = round_.sim.get("/_sim/stats").json()["requests"]
        print(f"{round_.what()}: {sent} requests, {told} refusals, {round_.parks} parks, {len(round_.kills)} kills, "
              f"{time.monotonic() - began:.1f} s", flush=True)
        kills, refusals, requests, parks = kills + len(round_.kills), refusals + told, requests + sent, parks + round_.parks
        round_.close()
    print(f"{rounds} rounds, {kills} kills, {requests} requests, {refusals} refusals, {parks} parks: tables equal the truth; "
          f"{len(failed)} failed runs: {failed}")
    assert kills >= rounds / 2 and refusals > 0, "too few kills hit a running importer to prove anything"
