"""weir source check: whether a source could be imported, and what is missing, without importing."""
import subprocess
import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).resolve().parents[1] / "support" / "git_http_server.py"
SECRET = "s3cret"


@pytest.fixture(scope="module")
def folder(work):
    folder = work / "source-check"
    folder.mkdir()
    for name in ("one", "two"):
        git = ["git", "-C", str(folder / f"{name}.git")]
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(folder / f"{name}.git")], check=True)
        tree = subprocess.run([*git, "hash-object", "-t", "tree", "-w", "--stdin"], input=b"", capture_output=True,
                              check=True).stdout.decode().strip()
        commit = subprocess.run([*git, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit-tree", "-m", "m",
                                 tree], capture_output=True, check=True, text=True).stdout.strip()
        subprocess.run([*git, "update-ref", "refs/heads/main", commit], check=True)
    return folder


@pytest.fixture(scope="module")
def origin(folder):
    """A git server on loopback; the first part of a path says how it behaves."""
    server = subprocess.Popen([sys.executable, str(SERVER), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.stdin.close()
    server.wait(timeout=20)


@pytest.fixture
def check(weir, database, folder, new_home):
    """check(URL, …) is (exit code, {what was checked: finding}, the text for people)."""
    keys = new_home()
    keys.mkdir(mode=0o700)
    env = {"WEIR_LOCAL_PATHS": folder, "WEIR_EGRESS_ALLOW": "127.0.0.1", "WEIR_MASTER_KEY_FILE": keys / "keys",
           "GIT_TOKEN": SECRET}
    for args in (("secrets", "init"), ("tenant", "add", "acme"),
                 ("source", "add", "acme", "git", "--set", "GIT_URL=https://example.org/a")):
        answer = weir(*args, database=database, env=env)
        assert answer.code == 0, answer.err

    def call(url=None, *settings, env_more=None):
        used = {**env, **(env_more or {})}
        if url is not None:
            changed = weir("source", "set", "acme", "git", "--set", f"GIT_URL={url}", *settings, database=database, env=env)
            assert changed.code == 0, changed.err
        before = database.sql("SELECT count(*) FROM weir.data_source_run")
        answer = weir("source", "check", "acme", "git", "--json", database=database, env=used)
        text = weir("source", "check", "acme", "git", database=database, env=used)
        assert text.code == answer.code
        assert SECRET not in answer.out + answer.err + text.out + text.err
        assert database.sql("SELECT count(*) FROM weir.data_source_run") == before, "nothing ran"
        assert database.sql("SELECT to_regclass('data.commit')") == [(None,)], "nothing was made"
        return answer.code, {finding["check"]: finding for finding in answer.json()["checks"]}, text.out

    return call


def test_what_can_be_read(check, folder, origin):
    code, found, text = check(f"{folder}/one.git {origin}/plain/two.git")
    assert code == 0, found
    assert [finding["verdict"] for finding in found.values()] == ["ok"] * 4
    assert "1 branches, 0 tags" in found[f"{folder}/one.git"]["reason"]
    assert "1 branches, 0 tags" in text


def test_a_token_that_is_missing_then_right(check, origin):
    code, found, _ = check(f"{origin}/auth/one.git")
    finding, = [finding for key, finding in found.items() if "auth" in key]
    assert code == 3 and finding["verdict"] == "problem" and "set GIT_TOKEN" in finding["reason"]
    code, found, _ = check(f"{origin}/auth/one.git", "--set", "GIT_USERNAME=ann", "--secret-env", "GIT_TOKEN")
    assert code == 0, found


def test_each_address_is_judged_for_itself(check, folder, origin):
    code, found, _ = check(f"{folder}/one.git {origin}/404/x.git /etc {origin}/renamed/two.git {origin}/429/x.git")
    assert code == 3
    verdicts = {key.rsplit("/", 2)[-2] if "127" in key else key: finding["verdict"] for key, finding in found.items()}
    assert verdicts[f"{folder}/one.git"] == "ok" and verdicts["404"] == "problem" and verdicts["/etc"] == "problem"
    assert verdicts["renamed"] == "warning" and verdicts["429"] == "warning"
    assert "WEIR_LOCAL_PATHS" in found["/etc"]["reason"]
    renamed, = [finding for key, finding in found.items() if "renamed" in key]
    assert "/plain/two.git" in renamed["remedy"]


def test_what_the_operator_does_not_allow(check, origin):
    code, found, _ = check(f"{origin}/plain/one.git", env_more={"WEIR_EGRESS_ALLOW": None})
    assert code == 3 and "WEIR_EGRESS_ALLOW" in str(found)


def test_what_the_operator_allows_to_this_tenant_alone(check, origin, weir, database):
    assert weir("tenant", "set", "acme", "--egress-allow", "127.0.0.1", database=database).code == 0
    code, found, _ = check(f"{origin}/plain/one.git", env_more={"WEIR_EGRESS_ALLOW": None})
    assert code == 0, found
    assert weir("tenant", "set", "acme", "--egress-allow", "10.0.0.0/8", database=database).code == 0
    code, found, _ = check(env_more={"WEIR_EGRESS_ALLOW": None})
    assert code == 3 and "--egress-allow" in str(found)


def test_an_address_that_is_none(check):
    code, found, _ = check("ssh://example.org/x")
    assert code == 3 and "https://" in found["settings"]["reason"], found


def test_a_missing_setting_and_a_disabled_source(check, weir, database):
    assert weir("source", "disable", "acme", "git", database=database).code == 0
    database.sql("DELETE FROM weir.tenant_data_source_config WHERE key = 'GIT_URL'")
    code, found, _ = check()
    assert code == 3
    assert found["state"]["verdict"] == "warning" and "weir source enable acme git" in found["state"]["remedy"]
    assert found["settings"]["reason"] == "GIT_URL is missing"
    assert found["settings"]["remedy"].startswith("weir source set acme git --set GIT_URL=")


def test_a_secret_that_cannot_be_opened(check, origin):
    code, _, _ = check(f"{origin}/plain/one.git", "--secret-env", "GIT_TOKEN")
    assert code == 0
    code, found, _ = check(env_more={"WEIR_MASTER_KEY_FILE": None})
    assert code == 3 and found["secrets"]["verdict"] == "problem", found
