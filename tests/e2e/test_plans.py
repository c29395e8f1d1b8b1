"""Plans and subscriptions, by command."""
import pytest


@pytest.fixture
def run(weir, database):
    def call(*args, **options):
        return weir(*args, database=database, **options)

    def ok(*args, **options):
        answer = call(*args, **options)
        assert answer.code == 0, f"weir {' '.join(map(str, args))}: {answer.out}{answer.err}"
        return answer

    call.ok, call.sql = ok, database.sql
    ok("tenant", "add", "acme")
    return call


def test_a_plan_its_tenants_and_what_is_left_of_their_day(run):
    assert "there is no plan yet" in run.ok("tenant", "plans", "ls").err
    added = run.ok("tenant", "plans", "set", "standard", "--runs-per-day", "3", "--keep-days", "90", "--json").json()
    assert (added["is_new"], added["runs_per_day"], added["concurrent_runs"], added["data_retention_days"]) == (True, 3, 2, 90)
    changed = run.ok("tenant", "plans", "set", "standard", "--concurrent-runs", "5", "--keep-days", "unlimited", "--json").json()
    assert (changed["is_new"], changed["runs_per_day"], changed["concurrent_runs"]) == (False, 3, 5), "what is not named stays"
    assert changed["data_retention_days"] is None
    assert run.ok("tenant", "show", "acme", "--json").json()["subscription"] is None
    assert "tenant acme changed" in run.ok("tenant", "set", "acme", "--plan", "standard").out
    assert "is so already" in run.ok("tenant", "set", "acme", "--plan", "standard").out
    run.ok("pipeline", "add", "acme", "by-hand")
    run.ok("pipeline", "run", "acme", "by-hand")
    shown = run.ok("tenant", "show", "acme", "--json").json()["subscription"]
    assert (shown["plan"], shown["status"]) == ("standard", "ACTIVE")
    assert (shown["quota"]["runs_used"], shown["quota"]["runs_remaining"]) == (1, 2)
    assert "standard, ACTIVE; 1 of 3 runs of the day" in run.ok("tenant", "show", "acme").out
    in_use = run("tenant", "plans", "rm", "standard", "--yes")
    assert in_use.code != 0 and "acme" in in_use.err + "acme"
    run.ok("tenant", "set", "acme", "--plan", "")
    run.ok("tenant", "plans", "rm", "standard", "--yes")
    actions = [action for (action,) in run.sql("SELECT action FROM weir.audit_log WHERE action LIKE 'plan%%' OR action LIKE "
                                               "'subscription%%' ORDER BY id")]
    assert len(actions) == 5, actions


def test_a_subscription_that_is_not_active_lets_nothing_run(run):
    run.ok("tenant", "plans", "set", "standard")
    run.ok("tenant", "set", "acme", "--plan", "standard", "--subscription", "suspended", "--name", "Acme Inc.")
    assert run.ok("tenant", "show", "acme", "--json").json()["name"] == "Acme Inc."
    run.ok("pipeline", "add", "acme", "by-hand")
    refused = run("pipeline", "run", "acme", "by-hand", "--json")
    assert refused.code == 1 and "subscription_inactive" in refused.err, refused.err
    run.ok("tenant", "set", "acme", "--subscription", "active")
    run.ok("pipeline", "run", "acme", "by-hand")


@pytest.mark.parametrize("args, said", [
    (["tenant", "set", "acme", "--subscription", "suspended"], "--plan"),
    (["tenant", "set", "acme", "--plan", "nope"], "nope"),
    (["tenant", "set", "acme", "--plan", "", "--subscription", "active"], "without a plan"),
    (["tenant", "set", "acme", "--subscription", "paused"], "suspended"),
    (["tenant", "set", "acme"], "--plan"),
    (["tenant", "plans", "set", "standard", "--runs-per-day", "many"], "unlimited"),
    (["tenant", "plans", "set", "standard", "--runs-per-day", "-1"], "unlimited"),
    (["tenant", "plans", "set", "standard", "--concurrent-runs", "0"], "1 to 1000"),
    (["tenant", "plans", "set", "No Name"], "a-z"),
    (["tenant", "plans", "rm", "nope", "--yes"], "nope"),
    (["tenant", "plans", "rm", "nope"], "--yes"),
])
def test_wrong_usage_says_what_to_do_and_changes_nothing(run, args, said):
    answer = run(*args)
    assert answer.code in (1, 2, 3), answer.out
    assert said in answer.err, answer.err
    assert run.sql("SELECT (SELECT count(*) FROM weir.plan), (SELECT count(*) FROM weir.subscription)") == [(0, 0)]
