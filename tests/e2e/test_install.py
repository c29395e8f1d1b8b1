"""Installed under a prefix and moved away from its build tree, weir finds its plugins, resources and migrations."""
import os
import pathlib
import subprocess

import pytest

from conftest import Weir

BUILD = pathlib.Path(os.environ["WEIR_BINARY"]).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", str(prefix / "old")], check=True, capture_output=True)
    (prefix / "old").rename(prefix / "new")
    return Weir(prefix / "new/bin/weir")


def test_its_plugins_and_resources_are_found(installed):
    scripts = installed("plugins", "ls", "--json")
    assert scripts.code == 0, scripts.err
    assert "git" in scripts.out
    assert installed("plugins", "check").code == 0


def test_it_imports(installed, database, tmp_path):
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    subprocess.run(["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q",
                    "--allow-empty", "-m", "first"], check=True)
    tmp_path.chmod(0o755)
    environment = {"WEIR_HOME": str(tmp_path / "home"), "WEIR_MASTER_KEY_FILE": str(tmp_path / "key"),
                   "WEIR_LOCAL_PATHS": str(tmp_path)}
    for arguments in (("secrets", "init"), ("tenant", "add", "acme"),
                      ("source", "add", "acme", "git", "--set", f"GIT_URL={repository}"), ("import",)):
        answer = installed(*arguments, database=database, env=environment)
        assert answer.code == 0, answer.err
    assert database.sql("SELECT count(*) FROM data.commit") == [(1,)]
