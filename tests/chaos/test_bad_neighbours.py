"""One tenant's broken plugin, bad secret, dead host or cycle changes nothing for any other tenant."""
import shutil

import pytest

from world import ROOT, World, make_repository


@pytest.fixture()
def world(tmp_path):
    tmp_path.chmod(0o755)
    made = World(tmp_path)
    make_repository(tmp_path / "repository", 400, seed=9)
    made.add_git_tenant("healthy", tmp_path / "repository")
    yield made
    made.close()


def assert_healthy(world):
    states = world.query("SELECT script, status FROM weir.data_source_run r JOIN weir.tenant t ON t.id = r.tenant_id "
                         "WHERE t.key = 'healthy' ORDER BY 1")
    assert len(states) == 5 and all(status == "COMPLETED" for _, status in states), states
    assert len(world.tables("healthy")["commit"]) == 400


def test_a_repository_that_is_not_there(world):
    world.add_git_tenant("broken", world.directory / "nowhere")
    world.weir("import", check=False)
    assert_healthy(world)


def test_a_dead_host(world):
    world.weir("tenant", "add", "broken")
    world.weir("source", "add", "broken", "git", "--set", "GIT_URL=http://127.0.0.1:9/x.git")
    world.weir("import", check=False, env={"WEIR_EGRESS_ALLOW": "127.0.0.1"})
    assert_healthy(world)


def test_a_secret_that_cannot_be_opened(world):
    world.weir("tenant", "add", "broken")
    world.weir("source", "add", "broken", "git", "--set", "GIT_URL=http://127.0.0.1:9/x.git", "--secret-env",
               "GIT_TOKEN", env={"GIT_TOKEN": "s3cret"})
    world.query("UPDATE weir.tenant_data_source_config SET ciphertext = '\\x00' WHERE is_secret")
    done = world.weir("import", check=False)
    assert done.returncode == 1
    assert "s3cret" not in done.stdout + done.stderr
    assert world.query("SELECT needs_credentials IS NOT NULL FROM weir.data_source d JOIN weir.tenant t "
                       "ON t.id = d.tenant_id WHERE t.key = 'broken'") == [(True,)]
    assert_healthy(world)


def write_plugin(directory, name, scripts):
    folder = directory / "more" / "data-sources" / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "plugins/data-sources/git/provider.yaml", folder / "provider.yaml")
    text = (folder / "provider.yaml").read_text().replace("name: git", f"name: {name}")
    (folder / "provider.yaml").write_text(text)
    for script, body in scripts.items():
        (folder / f"{script}.yaml").write_text(body)


def test_a_broken_plugin(world):
    write_plugin(world.directory, "shop", {"broken": "resources: [release\nthis is no yaml: ["})
    world.weir("tenant", "add", "broken")
    world.weir("--plugins", str(world.directory / "more"), "source", "add", "broken", "shop", "--set",
               f"GIT_URL={world.directory / 'repository'}")
    world.weir("--plugins", str(world.directory / "more"), "import", check=False)
    assert_healthy(world)


def test_a_cycle(world):
    release = (ROOT / "plugins/data-sources/git/release.yaml").read_text()
    branch = (ROOT / "plugins/data-sources/git/branch.yaml").read_text()
    import re
    cycle = {
        "release": re.sub(r"^dependencies:.*$", "dependencies: [branch]", release, flags=re.M),
        "branch": re.sub(r"^dependencies:.*$", "dependencies: [release]", branch, flags=re.M),
    }
    assert all("dependencies: [" in body for body in cycle.values())
    write_plugin(world.directory, "ring", cycle)
    world.weir("tenant", "add", "broken")
    world.weir("--plugins", str(world.directory / "more"), "source", "add", "broken", "ring", "--set",
               f"GIT_URL={world.directory / 'repository'}")
    done = world.weir("--plugins", str(world.directory / "more"), "import", check=False)
    assert "branch" in done.stdout + done.stderr and "release" in done.stdout + done.stderr
    assert_healthy(world)
