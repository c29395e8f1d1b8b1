"""The private PostgreSQL of a Weir home: made on first use, shared, guarded, safe from others and from accidents."""
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import IS_ROOT, SERVER_ACCOUNT, as_account, kill_group, wait_for

LONG_NAME = "a-home-with-a-name-that-is-much-too-long-for-the-socket-" + "x" * 60
OTHER_ACCOUNT = "nobody"
needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can act as another account, mount or chown")


def server_pids(home):
    """The server's main process in this home, if one lives."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) > 2 and words[0].endswith(b"postgres") and words[1:3] == [b"-D", bytes(home / "pg15")]:
            found.append(int(entry.name))
    return found


def is_ready(home):
    pid_file = home / "pg15/postmaster.pid"
    return bool(server_pids(home)) and pid_file.exists() and "ready" in pid_file.read_text()


def guard_pids(home):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"embedded-guard" in words and bytes(home) in words:
            found.append(int(entry.name))
    return found


def is_gone(pid):
    """Dead, be it unburied."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def server_account(home):
    return pwd.getpwuid(home.stat().st_uid).pw_name


def psql(home, sql, role="weir_super", account=None, url=None):
    socket = (home / "pg15/postmaster.pid").read_text().splitlines()[4] if url is None else None
    return subprocess.run(
        (as_account(account) if account else []) + ["psql", "-XAtq", "-d", url or f"postgresql://{role}@/weir?host={socket}", "-c", sql],
        capture_output=True, text=True, cwd="/", timeout=60,
    )


def mark(home, value):
    """Something that must survive."""
    done = psql(home, f"CREATE TABLE IF NOT EXISTS public.mark (v int); INSERT INTO public.mark VALUES ({value})")
    assert done.returncode == 0, done.stderr


def marks(weir, home, **options):
    assert weir("db", "url", home=home, **options).code == 0
    return psql(home, "SELECT v FROM public.mark ORDER BY v").stdout.split()


class Importer:
    """A Weir process that works on the database for a minute."""

    def __init__(self, weir, home, **options):
        self.process = weir.start("db", "psql", "--", "-c", "SELECT pg_sleep(60), 'importer'", home=home, **options)
        wait_for(lambda: is_ready(home) and "importer" in self.sessions(home), "its session")

    @staticmethod
    def sessions(home):
        return psql(home, "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()").stdout


# --- whose it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", [
    None,
    pytest.param(OTHER_ACCOUNT, marks=needs_root, id="unprivileged"),
])
def test_first_use_makes_a_private_database_of_the_right_account(weir, new_home, work, account):
    if account:
        parent = work / f"of-{account}-{time.monotonic_ns()}"
        parent.mkdir()
        shutil.chown(parent, account)
        home = new_home(parent=parent)
        answer = weir("db", "url", home=home, account=account, env={"WEIR_PG_USER": None})
    else:
        home = new_home()
        answer = weir("db", "url", home=home)
    assert answer.code == 0, answer.err
    owner = account or (SERVER_ACCOUNT if IS_ROOT else pwd.getpwuid(os.geteuid()).pw_name)
    assert server_account(home) == owner
    assert pwd.getpwuid(os.stat(f"/proc/{server_pids(home)[0]}").st_uid).pw_name == owner
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    as_owner = psql(home, "SELECT current_user", url=answer.out.strip(), account=account)
    assert as_owner.stdout.split() == ["weir_control"], as_owner.stderr
    facts = psql(home, "SELECT current_setting('listen_addresses'), (SELECT rolsuper FROM pg_roles WHERE rolname = 'weir_login')", account=account)
    assert facts.stdout.strip() == "|f"


@needs_root
def test_another_account_can_neither_read_nor_connect(weir, home):
    assert weir("db", "url", home=home).code == 0
    for path in (home, home / "pg15", home / "log", home / "run"):
        refused = subprocess.run(as_account(OTHER_ACCOUNT) + ["ls", str(path)], capture_output=True, text=True)
        assert "Permission denied" in refused.stderr, path
    url = f"postgresql://weir_login@/weir?host={home}/run"
    assert "Permission denied" in psql(home, "SELECT 1", account=OTHER_ACCOUNT, url=url).stderr
    # And if somebody opens the directories: the server asks the kernel who is there.
    for path in (home, home / "run", home / "run/.s.PGSQL.5432"):
        path.chmod(0o777)
    for role in ("weir_login", "weir_super", OTHER_ACCOUNT):
        refused = psql(home, "SELECT 1", account=OTHER_ACCOUNT, url=f"postgresql://{role}@/weir?host={home}/run")
        assert "Peer authentication failed" in refused.stderr


@needs_root
def test_a_home_of_another_account_is_refused_with_the_remedy(weir, home):
    assert weir("db", "url", home=home).code == 0
    home.chmod(0o755)
    answer = weir("db", "url", home=home, account=OTHER_ACCOUNT, env={"WEIR_PG_USER": None})
    assert answer.code == 3 and f"belongs to {SERVER_ACCOUNT}" in answer.err
    answer = weir("db", "url", home=home, env={"WEIR_PG_USER": "daemon"})
    assert answer.code == 3 and "WEIR_PG_USER" in answer.err


@needs_root
def test_roots_own_directory_is_taken_only_when_it_is_empty(weir, new_home):
    full, empty = new_home(), new_home()
    full.mkdir()
    (full / "something").touch()
    answer = weir("db", "url", home=full)
    assert answer.code == 3 and f"chown {SERVER_ACCOUNT}" in answer.err
    assert [p.name for p in full.iterdir()] == ["something"] and full.stat().st_uid == 0
    empty.mkdir()
    assert weir("db", "url", home=empty).code == 0


@needs_root
def test_an_account_that_cannot_enter_the_home_is_named(weir, new_home, work):
    closed = work / "closed"
    closed.mkdir(mode=0o700)
    answer = weir("db", "url", home=new_home(parent=closed))
    assert answer.code == 3 and f"the account {SERVER_ACCOUNT}" in answer.err
    assert not list(closed.glob("*/pg15*"))


@needs_root
def test_root_creates_the_account_weir_and_says_so(weir, new_home, work):
    """In a mount namespace with a copy of /etc, so that this machine gets no account."""
    etc = work / "etc"
    shutil.copytree("/etc", etc, symlinks=True, ignore_dangling_symlinks=True)
    for name in ("passwd", "group", "shadow", "gshadow"):
        text = (etc / name).read_text()
        (etc / name).write_text("".join(line for line in text.splitlines(True) if not line.startswith("weir:")))
    home = new_home()
    script = f"mount --bind {etc} /etc && id weir >/dev/null 2>&1 || {weir.binary} db url && {weir.binary} db stop && id -un weir"
    environment = weir.environment(home=home, env={"WEIR_PG_USER": None})
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "created the system account 'weir'" in done.stderr
    assert done.stdout.split()[-1] == "weir"


@needs_root
def test_an_account_that_does_not_exist_is_wrong_configuration(weir, new_home):
    home = new_home()
    answer = weir("db", "url", home=home, env={"WEIR_PG_USER": "nosuchaccount"})
    assert answer.code == 3 and "nosuchaccount" in answer.err
    answer = weir("db", "url", home=home, env={"WEIR_PG_USER": "root"})
    assert answer.code == 3 and "root" in answer.err
    assert not home.exists()


def test_the_servers_environment_has_none_of_ours(weir, home):
    assert weir("db", "url", home=home, env={"GITHUB_TOKEN": "hunter2", "WEIR_SOMETHING": "hunter2"}).code == 0
    for pid in server_pids(home) + guard_pids(home):
        assert b"hunter2" not in Path(f"/proc/{pid}/environ").read_bytes()


# --- sharing, guarding, stopping ---------------------------------------------------------------------------------------


def test_commands_at_once_start_one_server(weir, new_home):
    home = new_home()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: weir("db", "url", home=home), range(6)))
    assert [a.code for a in answers] == [0] * 6, [a.err for a in answers]
    assert len({a.out for a in answers}) == 1
    assert len(server_pids(home)) == 1
    wait_for(lambda: len(guard_pids(home)) == 1, "one guard")
    assert not drafts(home)


def test_the_server_stops_after_the_last_process_was_killed(weir, home):
    assert weir("db", "url", home=home).code == 0
    one, two = Importer(weir, home), Importer(weir, home)
    pid = server_pids(home)[0]
    kill_group(one.process)
    time.sleep(2.5)  # the linger of these tests is 1 s
    assert server_pids(home) == [pid]
    kill_group(two.process)
    wait_for(lambda: is_gone(pid), "the end of the server")
    wait_for(lambda: not guard_pids(home), "the end of the guard")
    assert not (home / "pg15/postmaster.pid").exists()
    log = "".join(p.read_text() for p in (home / "log").iterdir())
    assert "database system is shut down" in log


def test_the_server_outlives_weir_while_another_client_is_connected(weir, home):
    url = weir("db", "url", home=home).out.strip()
    client = subprocess.Popen(["psql", "-XAtqd", url, "-c", "SELECT pg_sleep(3)"], stdout=subprocess.DEVNULL)
    assert client.wait(timeout=60) == 0
    wait_for(lambda: not server_pids(home), "the end of the server")


def test_no_child_holds_the_lock(weir, home):
    importer = Importer(weir, home)
    try:
        weir_pid = importer.process.pid
        holders = [p.parts[2] for p in Path("/proc").glob("[0-9]*/fd/*") if p.is_symlink() and readlink(p) == str(home / "lock")]
        (guard,) = guard_pids(home)
        assert sorted(map(int, set(holders))) == sorted([weir_pid, guard])
    finally:
        kill_group(importer.process)


def test_every_use_starts_the_linger_anew(weir, home):
    for _ in range(2):
        assert weir("db", "url", home=home, env={"WEIR_EMBEDDED_LINGER": "4s"}).code == 0
        pid = server_pids(home)
        time.sleep(2.5)
        assert server_pids(home) == pid


def test_a_killed_guard_is_replaced(weir, home):
    assert weir("db", "url", home=home).code == 0
    pid = server_pids(home)[0]
    for guard in guard_pids(home):
        os.kill(guard, signal.SIGKILL)
    assert weir("db", "url", home=home).code == 0
    assert server_pids(home) == [pid]
    wait_for(lambda: is_gone(pid), "the end of the server")


def test_a_terminated_guard_takes_the_server_down_cleanly(weir, home):
    assert weir("db", "url", home=home).code == 0
    mark(home, 1)
    (guard,) = guard_pids(home)
    os.kill(guard, signal.SIGTERM)
    wait_for(lambda: not server_pids(home), "the end of the server")
    assert marks(weir, home) == ["1"]


def test_stop(weir, new_home):
    home = new_home()
    assert weir("db", "stop", home=home).out == "it was not running\n"
    assert not home.exists()
    assert weir("db", "url", home=home).code == 0
    importer = Importer(weir, home)
    refused = weir("db", "stop", home=home)
    assert refused.code == 2 and "--force" in refused.err
    assert len(server_pids(home)) == 1
    assert weir("db", "stop", "--force", home=home).out == "stopped\n"
    assert not server_pids(home)
    kill_group(importer.process)
    assert weir("db", "url", home=home).code == 0


def test_a_removed_home_leaves_no_server_behind(weir, home):
    assert weir("db", "url", home=home).code == 0
    pid = server_pids(home)[0]
    shutil.rmtree(home)
    wait_for(lambda: is_gone(pid), "the end of the server")


# --- accidents -----------------------------------------------------------------------------------------------------------


def test_a_crashed_server_is_recovered_by_the_next_command(weir, home):
    assert weir("db", "url", home=home).code == 0
    mark(home, 1)
    importer = Importer(weir, home)
    # A session that computes does not notice that its server is gone.
    busy = subprocess.Popen(["psql", "-Xqd", f"postgresql://weir_super@/weir?host={home}/run", "-c",
                             "SELECT count(*) FROM generate_series(1, 10000000000)"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: "generate_series" in Importer.sessions(home), "the busy session")
    pid = server_pids(home)[0]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: is_gone(pid), "the crash")
    assert marks(weir, home) == ["1"]
    assert busy.wait(timeout=20) != 0
    kill_group(importer.process)


def test_a_pid_file_that_names_somebody_elses_process_is_seen_through(weir, home):
    assert weir("db", "url", home=home).code == 0
    mark(home, 1)
    pid_file = home / "pg15/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    assert weir("db", "stop", home=home).code == 0
    innocent = subprocess.Popen((as_account(server_account(home)) if IS_ROOT else []) + ["sleep", "60"])
    try:
        lines[0] = str(innocent.pid)
        pid_file.write_text("\n".join(lines) + "\n")
        if IS_ROOT:
            shutil.chown(pid_file, server_account(home))
        assert marks(weir, home) == ["1"]
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def drafts(home):
    return list(home.glob("pg*.new-*"))


def test_a_killed_initdb_leaves_nothing_half(weir, new_home):
    home = new_home()
    process = weir.start("db", "url", home=home)
    wait_for(lambda: any((draft / "base").exists() for draft in drafts(home)), "initdb at work")
    for pid in guard_pids(home):
        os.kill(pid, signal.SIGKILL)
    kill_group(process)
    assert not (home / "pg15").exists()
    assert weir("db", "url", home=home).code == 0
    assert not drafts(home)


def test_a_command_killed_while_it_starts_the_server_disturbs_nobody(weir, new_home):
    home = new_home()
    process = weir.start("db", "url", home=home)
    wait_for(lambda: drafts(home) or (home / "pg15").exists(), "initdb at work")
    kill_group(process)
    assert weir("db", "url", home=home).code == 0
    assert len(server_pids(home)) == 1


# --- places --------------------------------------------------------------------------------------------------------------


def socket_directory(home):
    return Path((home / "pg15/postmaster.pid").read_text().splitlines()[4])


def test_a_long_home_gets_a_short_private_socket_directory(weir, new_home):
    home = new_home(LONG_NAME)
    assert len(str(home)) > 100
    answer = weir("db", "url", home=home)
    assert answer.code == 0, answer.err
    directory = socket_directory(home)
    assert directory.parent == Path("/tmp")
    assert stat.S_IMODE(directory.lstat().st_mode) == 0o700 and directory.stat().st_uid == home.stat().st_uid
    assert weir("db", "stop", home=home).code == 0
    assert not directory.exists()


@needs_root
@pytest.mark.parametrize("trap", ["directory", "open", "link"])
def test_a_socket_directory_that_somebody_else_made_first_is_not_used(weir, new_home, work, trap):
    home = new_home(LONG_NAME + trap)
    uid = pwd.getpwnam(SERVER_ACCOUNT).pw_uid
    expected = Path(f"/tmp/weir-{uid}-{hashlib.blake2b(bytes(home), digest_size=16).hexdigest()[:12]}")
    try:
        if trap == "link":
            target = work / "target"
            target.mkdir(mode=0o700)
            shutil.chown(target, SERVER_ACCOUNT)
            expected.symlink_to(target)
        else:
            expected.mkdir(mode=0o777)
            expected.chmod(0o700 if trap == "directory" else 0o777)
            shutil.chown(expected, OTHER_ACCOUNT if trap == "directory" else SERVER_ACCOUNT)
        answer = weir("db", "url", home=home)
        assert answer.code == 0, answer.err
        used = socket_directory(home)
        assert used != expected and str(used).startswith(str(expected))
        assert stat.S_IMODE(used.stat().st_mode) == 0o700 and used.stat().st_uid == uid
        assert weir("db", "stop", home=home).code == 0
    finally:
        expected.unlink() if expected.is_symlink() else expected.rmdir()


def test_names_with_strange_characters(weir, new_home):
    home = new_home("it's a \"home\", 100% ünusual\\")
    answer = weir("db", "url", home=home)
    assert answer.code == 0, answer.err
    assert weir("db", "status", home=home).code == 0


def test_data_of_another_version_is_refused_with_the_remedy(weir, new_home):
    home = new_home()
    other = home / "pg14"
    other.mkdir(parents=True)
    (other / "PG_VERSION").write_text("14\n")
    if IS_ROOT:
        for path in (home, other, other / "PG_VERSION"):
            shutil.chown(path, SERVER_ACCOUNT)
    answer = weir("db", "url", home=home)
    assert answer.code == 3
    for word in ("PostgreSQL 14", "postgresql-14", "pg_upgrade"):
        assert word in answer.err
    assert not (home / "pg15").exists() and (other / "PG_VERSION").read_text() == "14\n"


def test_a_machine_without_server_programs(weir, new_home):
    home = new_home()
    answer = weir("db", "url", home=home, env={"WEIR_PG_BIN": "/nonexistent"})
    assert answer.code == 3 and "apt-get install postgresql" in answer.err
    assert not home.exists()


def test_a_wrong_linger_is_wrong_configuration(weir, new_home):
    home = new_home()
    answer = weir("db", "url", home=home, env={"WEIR_EMBEDDED_LINGER": "soon"})
    assert answer.code == 3 and "WEIR_EMBEDDED_LINGER" in answer.err
    assert not home.exists()


def test_homes_that_cannot_be(weir, work):
    file = work / "a-file"
    file.touch()
    open_to_all = work / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    for path, said in ((file, "Not a directory"), (file / "below", "Not a directory"), (open_to_all, "everybody may write")):
        answer = weir("db", "url", home=path)
        assert answer.code == 3 and said in answer.err, answer.err
    assert not list(open_to_all.iterdir())


def test_no_home_at_all(weir):
    if IS_ROOT:
        account = OTHER_ACCOUNT
    else:
        account = None
    answer = weir("db", "url", account=account, env={"HOME": None, "XDG_DATA_HOME": None, "WEIR_PG_USER": None})
    assert answer.code == 3 and "WEIR_HOME" in answer.err


def test_a_directory_that_may_not_be_written(weir, new_home, work):
    account = OTHER_ACCOUNT if IS_ROOT else None
    parent = work / "closed-to-writing"
    parent.mkdir()
    if account:
        shutil.chown(parent, account)
    parent.chmod(0o555)
    answer = weir("db", "url", home=new_home(parent=parent), account=account, env={"WEIR_PG_USER": None})
    assert answer.code == 3 and "Permission denied" in answer.err and "--home" in answer.err
    assert not list(parent.iterdir())


def test_status_of_nothing_makes_nothing(weir, new_home):
    home = new_home()
    answer = weir("db", "status", "--json", home=home)
    assert answer.code == 0 and answer.json()["state"] == "absent"
    assert not home.exists()
    assert weir("db", "url", home=home).code == 0
    status = weir("db", "status", "--json", home=home).json()
    assert status["state"] == "running" and status["is_embedded"] and status["problem"] is None


@pytest.fixture
def mount(work):
    """mount(options) is a fresh tmpfs; needs the right to mount."""
    mounted = []

    def make(options):
        path = work / f"mount{time.monotonic_ns()}"
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"a full or read-only disk needs the right to mount a tmpfs: {done.stderr.strip()}")
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        wait_for(lambda: subprocess.run(["umount", str(path)], capture_output=True).returncode == 0, "umount")


def test_a_read_only_directory(weir, new_home, mount):
    disk = mount("mode=755")
    home = new_home(parent=disk)
    assert weir("db", "url", home=home).code == 0
    assert weir("db", "stop", home=home).code == 0
    wait_for(lambda: not guard_pids(home), "the end of the guard")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for path in (home, disk / "other"):
        answer = weir("db", "url", home=path)
        assert answer.code == 3 and "Read-only file system" in answer.err and "--home" in answer.err
    assert not (disk / "other").exists()
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert weir("db", "url", home=home).code == 0
    assert weir("db", "stop", home=home).code == 0


def test_a_full_disk_on_first_use_leaves_nothing(weir, new_home, mount):
    disk = mount("size=20m,mode=755")
    home = new_home(parent=disk)
    answer = weir("db", "url", home=home)
    assert answer.code == 4 and "full" in answer.err, answer.err
    assert not list(home.glob("pg15*"))


def fill(disk):
    with open(disk / "ballast", "wb", buffering=0) as out:
        try:
            while True:
                out.write(b"x" * 65536)
        except OSError:
            pass


def test_a_full_disk_later_loses_nothing(weir, new_home, mount):
    disk = mount("size=200m,mode=755")
    home = new_home(parent=disk)
    assert weir("db", "url", home=home).code == 0
    mark(home, 1)
    assert weir("db", "stop", home=home).code == 0
    fill(disk)
    answer = weir("db", "url", home=home)
    assert answer.code == 4 and "full" in answer.err, answer.err
    (disk / "ballast").unlink()
    assert marks(weir, home) == ["1"]
    assert weir("db", "stop", home=home).code == 0
