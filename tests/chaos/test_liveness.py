"""At real settings: a killed process's scripts are free in under 3 s, a frozen one's in under 25 s."""
import os
import signal
import time

import pytest

from world import World, make_repository


@pytest.fixture()
def world(tmp_path):
    tmp_path.chmod(0o755)
    made = World(tmp_path, {"WEIR_CHECKPOINT_ROWS": "100"})
    make_repository(tmp_path / "repository", 30000, seed=3)
    made.add_git_tenant("acme", tmp_path / "repository")
    yield made
    made.close()


def wait_for_running(world):
    for _ in range(400):
        if world.query("SELECT 1 FROM weir.data_source_run WHERE status = 'RUNNING' AND script = 'git/commit'"):
            return
        time.sleep(0.02)
    raise AssertionError("git/commit never ran")


def seconds_until_claimed_anew(world, before):
    began = time.monotonic()
    process = world.spawn("import", "--tenant", "acme", "--script", "git/commit")
    try:
        while time.monotonic() - began < 40:
            fence = world.query("SELECT fence FROM weir.data_source_run WHERE script = 'git/commit'")[0][0]
            if fence > before:
                return time.monotonic() - began
            if process.poll() is not None:
                process = world.spawn("import", "--tenant", "acme", "--script", "git/commit")
            time.sleep(0.02)
        raise AssertionError("never claimed again")
    finally:
        process.kill()
        process.wait()


def fence(world):
    return world.query("SELECT fence FROM weir.data_source_run WHERE script = 'git/commit'")[0][0]


def test_a_killed_process_frees_its_scripts_in_three_seconds(world):
    process = world.spawn("import", "--tenant", "acme")
    wait_for_running(world)
    before = fence(world)
    process.kill()
    process.wait()
    seconds = seconds_until_claimed_anew(world, before)
    print(f"\nfree after a kill: {seconds:.2f} s")
    assert seconds < 3


def test_a_frozen_process_frees_its_scripts_in_twenty_five_seconds(world):
    process = world.spawn("import", "--tenant", "acme")
    wait_for_running(world)
    before = fence(world)
    os.kill(process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        seconds_until_claimed_anew(world, before)
        seconds = time.monotonic() - began
        print(f"\nfree after a freeze: {seconds:.2f} s")
        assert seconds < 25
    finally:
        os.kill(process.pid, signal.SIGCONT)
        process.kill()
        process.wait()
