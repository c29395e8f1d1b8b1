"""Records that PostgreSQL, or common sense, would refuse: mended where they can be, rejected alone where they cannot,
counted and named; their neighbours arrive."""
import json
import os
import subprocess

import pytest

IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
MEGABYTES_10 = 10 * 1000 * 1000
YEAR_0 = -62167219200
KEY_BYTES_MAX = 512
NAME_BYTES_MAX = 1023  # of a whole reference that libgit2 reads


class Repository:
    """Bare, written object by object, so that git checks nothing."""

    def __init__(self, path):
        self.path = path
        subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(path)], check=True)
        self.tree = self.write("tree", b"")

    def git(self, *args, stdin=b""):
        return subprocess.run(["git", "-C", str(self.path), *args], input=stdin, check=True, capture_output=True,
                              env={**os.environ, **IDENTITY}).stdout.strip().decode()

    def write(self, kind, content):
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", stdin=content)

    def commit(self, message, author=b"Ann <ann@example.org>", date=b"1700000000 +0100", parents=(), extra=b""):
        lines = [b"tree " + self.tree.encode(), *(b"parent " + p.encode() for p in parents),
                 b"author " + author + b" " + date, b"committer " + author + b" " + date]
        return self.write("commit", b"\n".join(lines) + b"\n" + extra + b"\n" + message)

    def annotated_tag(self, name, target, kind, message=b"notes"):
        return self.write("tag", b"object %s\ntype %s\ntag %s\ntagger Ann <ann@example.org> 1700000000 +0000\n\n%s" % (
            target.encode(), kind.encode(), name, message))

    def references(self, references):
        """All in packed-refs: a name may be longer than a file's."""
        lines = [f"{sha} {name}" for name, sha in sorted(references.items())]
        (self.path / "packed-refs").write_text("# pack-refs with: sorted \n" + "\n".join(lines) + "\n")


def long_name(size):
    """size bytes in parts that a file system could hold."""
    parts = ("p" * 100 + "/") * (size // 101 + 1)
    return parts[:size - 1] + "x"


@pytest.fixture(scope="module")
def world(weir, cluster, database_template, work):
    """One import of a hostile, a harmless and an empty repository; what the tests look at."""
    folder = work / "hostile"
    folder.mkdir()
    made = make_repositories(folder)
    database = cluster.clone(database_template)
    env = {"WEIR_LOCAL_PATHS": folder}
    url = f"GIT_URL={folder}/hostile.git {folder}/empty.git {folder}/good.git"
    for args in (("tenant", "add", "acme"), ("source", "add", "acme", "git", "--set", url)):
        answer = weir(*args, database=database, env=env)
        assert answer.code == 0, answer.err
    imported = weir("import", "--json", database=database, env=env)
    return World(weir, database, env, folder, made, imported)


class World:
    def __init__(self, weir, database, env, folder, made, imported):
        self.weir, self.database, self.env, self.folder, self.made, self.imported = (
            weir, database, env, folder, made, imported)

    def ask(self, *args):
        answer = self.weir(*args, "--json", database=self.database, env=self.env)
        assert answer.code == 0, answer.err
        return answer.json()

    def run_of(self, script):
        run, = [run for run in self.ask("runs", "--limit", 100) if run["script"] == script]
        return self.ask("run", "show", run["id"])

    def log_of(self, script):
        answer = self.weir("logs", self.run_of(script)["id"], "--json", database=self.database, env=self.env)
        assert answer.code == 0, answer.err
        return [json.loads(line) for line in answer.out.splitlines()]

    def rows(self, statement, *params):
        return self.database.sql(statement, *params)

    def hostile(self, what):
        """The row of a commit of the hostile repository."""
        rows = self.rows("SELECT message, author_name, author_email, author_key, authored_at, committed_at, author_tz_min "
                         "FROM data.commit WHERE sha = %s", self.made["commits"][what])
        assert len(rows) == 1, what
        return dict(zip("message name email key authored_at committed_at zone".split(), rows[0]))


def make_repositories(folder):
    Repository(folder / "empty.git")
    good = Repository(folder / "good.git")
    good.references({"refs/heads/main": good.commit(b"a neighbour")})

    bad = Repository(folder / "hostile.git")
    commits = {
        "invalid utf-8": bad.commit(b"caf\xe9 \xff\xfe", author=b"Jos\xe9 <jos\xe9@example.org>"),
        "latin-1, declared": bad.commit(b"caf\xe9", author=b"Jos\xe9 <jose@example.org>", extra=b"encoding ISO-8859-1\n"),
        "nul": bad.commit(b"one\0two", author=b"Nu\0ll <nul\0l@example.org>"),
        "year 0": bad.commit(b"old", date=b"%d +0000" % YEAR_0),
        "before 1970": bad.commit(b"older", date=b"-1000 +0000"),
        "far future": bad.commit(b"future", date=b"999999999999999 +0000"),
        "no number": bad.commit(b"when?", date=b"99999999999999999999999999 +0000"),
        "strange zone": bad.commit(b"where?", date=b"1700000000 +9959"),
        "no date": bad.commit(b"never", date=b""),
        "large": bad.commit(b"x" * MEGABYTES_10),
        "no name": bad.commit(b"who?", author=b"<>"),
        "long email": bad.commit(b"whose?", author=b"Long <" + b"e" * 3000 + b"@example.org>"),
        "plain": bad.commit(b"plain"),
    }
    blob = bad.write("blob", b"not a commit")
    tags = {
        "v1": commits["plain"],
        "v1-again": commits["plain"],
        "main": commits["plain"],  # as the branch is called
        "annotated": bad.annotated_tag(b"annotated", commits["plain"], "commit", b"Title\n\nnotes \xff"),
        "other-name": bad.annotated_tag(b"annotated", commits["plain"], "commit"),
        "to-blob": blob,
        "to-tree": bad.tree,
        "annotated-blob": bad.annotated_tag(b"annotated-blob", blob, "blob"),
        long_name(KEY_BYTES_MAX): commits["plain"],
        long_name(KEY_BYTES_MAX + 1): commits["plain"],
    }
    tags["nested"] = bad.annotated_tag(b"nested", tags["annotated"], "tag")
    branches = {"main": commits["plain"], long_name(KEY_BYTES_MAX): commits["plain"],
                long_name(KEY_BYTES_MAX + 1): commits["plain"], long_name(3000): commits["plain"],
                "b\u00e4um/\U0001F600": commits["plain"]}
    branches.update({f"c{n}": sha for n, sha in enumerate(commits.values())})
    bad.references({**{f"refs/heads/{k}": v for k, v in branches.items()},
                    **{f"refs/tags/{k}": v for k, v in tags.items()}})
    return {"commits": commits, "tags": tags, "branches": branches, "blob": blob}


def test_nothing_fails_and_every_neighbour_arrives(world):
    assert world.imported.code == 0, world.imported.err + world.imported.out
    assert world.rows("SELECT count(*) FROM data.commit") == [(len(world.made["commits"]) + 1,)]
    assert world.rows("SELECT count(*) FROM data.commit WHERE message = 'a neighbour'") == [(1,)]
    assert sorted(world.rows("SELECT repo_key LIKE %s, empty FROM data.repository ORDER BY 1", "%empty%")) == [
        (False, False), (False, False), (True, True)]


def test_text_is_mended(world):
    row = world.hostile("invalid utf-8")
    assert row["message"] == "caf\ufffd \ufffd\ufffd" and row["name"] == "Jos\ufffd"
    assert row["email"] == "jos\ufffd@example.org"
    assert world.hostile("latin-1, declared")["message"] == "caf\u00e9"
    assert world.hostile("nul")["message"] == "one\ufffdtwo"
    assert world.hostile("nul")["name"] == "Nu\ufffdll"
    assert world.hostile("large")["message"] == "x" * MEGABYTES_10


def test_dates_out_of_range_become_null(world):
    for what in ("year 0", "far future", "no number"):
        row = world.hostile(what)
        assert row["authored_at"] is None and row["committed_at"] is None, what
    assert world.hostile("no date")["authored_at"] is None
    assert world.hostile("before 1970")["authored_at"].isoformat().startswith("1969-12-31T23:43:20")
    assert world.hostile("strange zone")["zone"] is None
    assert world.hostile("no name")["key"] is None


def test_what_was_mended_is_counted_and_named(world):
    run = world.run_of("git/commit")
    commits = world.made["commits"]
    # Text: message, names, emails and keys of author and committer. Dates: two each.
    assert run["records_mended"] >= 3 + 6 + 6, run
    assert run["records_failed"] == 0
    # One branch has a name that cannot be read: that, and nothing else, is a gap.
    assert run["status"] == "COMPLETED_WITH_GAPS"
    assert [gap["reason"] for gap in run["gaps"]] == ["branches or tags whose names are too long to be read"]
    lines = [line for line in world.log_of("git/commit") if "mended" in line["message"]]
    assert lines, "mended records are in the log"
    named = str(lines)
    assert any(commits[what] in named for what in ("invalid utf-8", "nul", "year 0")), named


@pytest.mark.parametrize("script", ["git/branch", "git/release"])
def test_a_key_that_is_too_long_rejects_its_record_alone(world, script):
    run = world.run_of(script)
    table, key = ("branch", "name") if script == "git/branch" else ("release", "release_key")
    expected = world.made["branches" if table == "branch" else "tags"]
    kept = {name for name in expected if len(name.encode()) <= KEY_BYTES_MAX}
    count = len([name for name in expected if KEY_BYTES_MAX < len(name.encode()) < NAME_BYTES_MAX - 11])
    assert count == 1
    rows = {row[0] for row in world.rows(f"SELECT {key} FROM data.{table} WHERE repo_key LIKE %s", "%hostile%")}
    assert rows == kept
    assert run["records_failed"] == count and run["records_imported"] == len(kept) + 1 * (table == "branch")
    rejected = [line for line in world.log_of(script) if "limit of 512" in f"{line['message']} {line['details']}"]
    assert len(rejected) == count, world.log_of(script)
    assert all("ppppp" in line["record_id"] for line in rejected)
    assert sum(entry["rejected"] for entry in run["ledger"]) == count
    assert [gap["kind"] for gap in run["gaps"]].count("rejected") <= 1


def test_a_name_that_cannot_be_read_is_reported_alone(world):
    run = world.run_of("git/branch")
    assert sum(entry["skipped"] for entry in run["ledger"]) == 1, run["ledger"]
    line, = [line for line in world.log_of("git/branch") if "cannot be read" in line["message"]]
    assert "3011 bytes" in line["message"] and line["record_id"].startswith("refs/heads/ppp")


def test_a_person_whose_key_cannot_be_stored_is_rejected_and_the_commit_is_not(world):
    run = world.run_of("git/contributor")
    reasons = sorted(f"{line['message']} {line['details']}" for line in world.log_of("git/contributor") if line["record_id"])
    assert run["records_failed"] == 3, reasons
    assert len([reason for reason in reasons if "limit of 512" in reason]) == 1, reasons
    assert len([reason for reason in reasons if "not valid UTF-8 or holds NUL" in reason]) == 2, reasons
    assert world.hostile("long email")["email"] == "e" * 3000 + "@example.org"
    assert world.rows("SELECT count(*) FROM data.contributor WHERE display_name = 'Ann'") == [(1,)]


def test_tags_of_every_kind(world):
    rows = {row[0]: row[1:] for row in world.rows(
        "SELECT release_key, commit_sha, name, body FROM data.release WHERE repo_key LIKE %s", "%hostile%")}
    plain = world.made["commits"]["plain"]
    for tag in ("v1", "v1-again", "main", "annotated", "other-name", "nested"):
        assert rows[tag][0] == plain, tag
    for tag in ("to-blob", "to-tree", "annotated-blob"):
        assert rows[tag][0] is None, tag
    assert rows["annotated"][1:] == ("Title", "notes \ufffd")


def test_again_changes_nothing_and_keeps_saying_what_is_missing(world):
    before = world.rows("SELECT count(*), max(imported_at) FROM data.branch")
    again = world.weir("import", "--json", database=world.database, env=world.env)
    assert again.code == 0, again.err
    assert world.rows("SELECT count(*), max(imported_at) FROM data.branch") == before
    missing = world.rows("SELECT data_source, script, records FROM weir.gap WHERE closed_at IS NULL AND kind = 'rejected'")
    assert {("git", "git/branch", 1), ("git", "git/release", 1)} <= set(missing), missing
