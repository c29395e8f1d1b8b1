#!/usr/bin/env python3
"""Writes a random git history into a bare repository, for tests, benchmarks and the demo.

The same seed gives the same commits, and a longer history begins with the shorter one: run it again with more --commits
into the same directory, and the repository has grown as a living one would.

    scripts/make-test-repository.py /tmp/big.git --commits 1000000 --branches 200 --authors 500 --seed 7
"""
import argparse
import os
import random
import subprocess
import sys

WORDS = ("add fix remove the a cache queue worker reader writer of for in race leak test build parser token index "
         "retry window cursor lease page batch when empty large slow broken null unicode path name").split()
DAY = 86400
START = 1_100_000_000


class Branch:
    """A line of development: its last commit and the files there."""

    def __init__(self, ref, head=None, files=None):
        self.ref = ref
        self.head = head
        self.files = dict(files or {})
        self.changed = set()


class Generator:
    def __init__(self, options, out):
        self.options = options
        self.random = random.Random(options.seed)
        self.write = out.write
        self.mark = 0
        self.time = START
        self.branches = [Branch(b"refs/heads/main")]
        self.made = 0
        self.retired = []

    def run(self):
        for number in range(self.options.commits):
            self.step(number)
        for branch in self.retired + self.branches:
            if branch.head is not None:
                self.write(b"reset %b\nfrom :%d\n\n" % (branch.ref, branch.head))
        self.write(b"done\n")

    def step(self, number):
        pick = self.random.random
        main = self.branches[0]
        if main.head is not None and len(self.branches) < self.options.branches and pick() < 0.02:
            self.open_branch(main)
        branch = main if pick() < 0.5 else self.random.choice(self.branches)
        others = [b for b in self.branches[1:] if b is not branch and b.head is not None] if pick() < 0.04 else []
        if branch is main and main.head is not None and others:
            self.merge(main, others)
        else:
            self.commit(branch, [], self.edit(branch))
        if self.options.rich and number % 97 == 96:
            self.tag(main, number)

    def open_branch(self, main):
        self.made += 1
        ref = b"refs/heads/topic/%d" % self.made
        if self.options.rich and self.random.random() < 0.05:
            self.branches.append(Branch(ref))  # an orphan: a root of its own
        else:
            self.branches.append(Branch(ref, main.head, main.files))

    def merge(self, main, others):
        count = 1 if not self.options.rich or self.random.random() < 0.8 else self.random.randint(2, 5)
        merged = self.random.sample(others, min(count, len(others)))
        changes = []
        for other in merged:
            for path in sorted(other.changed):
                if path in other.files and other.files[path] is not main.files.get(path):
                    changes.append(self.put(main, path, *other.files[path]))
            if self.random.random() < 0.7:  # most branches end with their merge; a few refs stay
                self.branches.remove(other)
                if self.random.random() < 0.1:
                    self.retired.append(other)
            else:
                other.changed.clear()
        self.commit(main, [other.head for other in merged], changes)

    def commit(self, branch, parents, changes):
        self.mark += 1
        self.time += self.random.randint(0, 3600)
        # Branches lie around: their authors' dates are older than the merge, and clocks are wrong.
        authored = self.time - (self.random.randint(0, 30 * DAY) if self.random.random() < 0.2 else 0)
        committed = self.time - (self.random.randint(0, DAY) if self.random.random() < 0.05 else 0)
        author, committer, encoding = self.person(), self.person(), b""
        message = self.message()
        if self.options.rich and self.random.random() < 0.03:
            encoding = b"encoding ISO-8859-1\n"
            message += " r\u00e9sum\u00e9".encode("latin-1")
            author = (b"J\xf6rg M\xfcller", author[1])
        zone = self.random.choice((b"+0000", b"+0100", b"-0800", b"+0530"))
        write = self.write
        write(b"commit %b\nmark :%d\nauthor %b <%b> %d %b\ncommitter %b <%b> %d %b\n%bdata %d\n%b\n" % (
            branch.ref, self.mark, *author, authored, zone, *committer, committed, zone, encoding, len(message), message))
        if branch.head is not None:
            write(b"from :%d\n" % branch.head)
        for parent in parents:
            write(b"merge :%d\n" % parent)
        for change in changes:
            write(change)
        write(b"\n")
        branch.head = self.mark

    def person(self):
        number = int(self.random.random() ** 3 * self.options.authors)  # a few do most of it
        if self.options.rich and self.random.random() < 0.02:
            return self.random.choice(((b"Broken \xff\xfe Name", b"broken@example.org"), (b"", b"no-name@example.org"),
                                       (b"No Mail", b""), ("\u0141ukasz".encode(), b"LUKASZ@Example.ORG")))
        return b"Author %d" % number, b"author%d@example.org" % number

    def message(self):
        words = " ".join(self.random.choices(WORDS, k=self.random.randint(2, 9)))
        if self.random.random() < 0.3:
            words += "\n\n" + " ".join(self.random.choices(WORDS, k=self.random.randint(5, 40)))
        return words.encode()

    def edit(self, branch):
        changes = []
        for _ in range(self.random.randint(0, 2 * self.options.files_per_commit)):
            change = self.odd_change(branch) if self.options.rich and self.random.random() < 0.3 else None
            changes.append(change or self.edit_text(branch))
        return changes

    def edit_text(self, branch):
        pick = self.random
        path = b"src/%d/file%d.txt" % (pick.randrange(20), pick.randrange(self.options.files // 20 + 1))
        old = branch.files.get(path)
        if old is None or old[0] != b"100644" or b"\0" in old[1]:
            lines = [self.line() for _ in range(pick.randint(1, 40))]
        else:
            lines = old[1].splitlines(keepends=True)
            for _ in range(pick.randint(1, 3)):
                at = pick.randint(0, len(lines))
                lines[at:at + pick.randint(0, 2)] = [self.line() for _ in range(pick.randint(0, 2))]
        return self.put(branch, path, b"100644", b"".join(lines))

    def line(self):
        return b"%d %d\n" % (self.random.randrange(1000), self.random.randrange(10))

    def put(self, branch, path, mode, content):
        if self.options.rich:  # a directory becomes a file, or the other way round
            branch.files.pop(path + b"/inner", None)
            branch.files.pop(path.removesuffix(b"/inner"), None)
        branch.files[path] = (mode, content)
        branch.changed.add(path)
        return modify(path, branch.files[path])

    def odd_change(self, branch):
        """What real histories hold besides edited text files."""
        pick = self.random
        path = b"odd/%d" % pick.randrange(30)
        kind = pick.randrange(11)
        if kind == 0:
            return self.put(branch, path, b"100644", pick.randbytes(200) + b"\0")
        if kind == 1:
            return self.put(branch, path, b"120000", b"../src/%d" % pick.randrange(20))
        if kind == 2:
            return self.put(branch, path, b"160000", b"%040x" % pick.getrandbits(160))
        if kind == 3:
            return self.put(branch, path, b"100644", b"")
        if kind == 4:
            return self.put(branch, path, b"100644", b"no newline at the end")
        if kind == 5 and pick.random() < 0.05:
            return self.put(branch, path, b"100644", self.line() * 200_000)  # over the limit for text
        if kind == 6:
            return self.put(branch, "stra\u00dfe \"q\"".encode() + b"\xff", b"100644", self.line())
        if kind == 7 and path in branch.files:
            mode, content = branch.files[path]
            if mode != b"160000":
                return self.put(branch, path, b"100755", content)
        if not branch.files:
            return None
        path = pick.choice(sorted(branch.files))
        if kind == 8:
            del branch.files[path]
            return b"D %b\n" % quoted(path)
        if kind == 9:
            moved = b"moved/%d" % pick.randrange(10**6)
            branch.files[moved] = branch.files.pop(path)
            branch.changed.add(moved)
            return b"R %b %b\n" % (quoted(path), quoted(moved))
        if kind == 10 and not path.endswith(b"/inner"):
            del branch.files[path]  # the file becomes a directory
            return b"D %b\n" % quoted(path) + self.put(branch, path + b"/inner", b"100644", self.line())
        return None

    def tag(self, main, number):
        if main.head is None:
            return
        if self.random.random() < 0.5:
            self.write(b"reset refs/tags/light-%d\nfrom :%d\n\n" % (number, main.head))
        else:
            message = self.message()
            self.write(b"tag v%d\nfrom :%d\ntagger %b <%b> %d +0100\ndata %d\n%b\n" % (
                number, main.head, *self.person(), self.time, len(message), message))


def modify(path, file):
    mode, content = file
    if mode == b"160000":
        return b"M 160000 %b %b\n" % (content, quoted(path))
    return b"M %b inline %b\ndata %d\n%b\n" % (mode, quoted(path), len(content), content)


def quoted(path):
    if path.replace(b"/", b"").replace(b".", b"").isalnum():
        return path
    return b'"%b"' % b"".join(b"\\%03o" % c if c < 32 or c > 126 or c in b'"\\' else bytes([c]) for c in path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="the bare repository; made when it is not there")
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--branches", type=int, default=20, help="open at the same time")
    parser.add_argument("--authors", type=int, default=20)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--files-per-commit", type=int, default=1, help="on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rich", action="store_true", help="also binaries, moves, links, submodules, odd names, tags")
    options = parser.parse_args()
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    git = ["git", "-c", "core.compression=1", "-c", "fastimport.unpackLimit=0", "-c", "core.bigFileThreshold=100m"]
    if not os.path.exists(os.path.join(options.directory, "HEAD")):
        subprocess.run([*git, "init", "-q", "--bare", "-b", "main", options.directory], check=True, env=environment)
    importer = subprocess.Popen([*git, "-C", options.directory, "fast-import", "--quiet", "--force", "--done",
                                 "--depth=10"], stdin=subprocess.PIPE, env=environment)
    try:
        with importer.stdin:
            Generator(options, importer.stdin).run()
    except BrokenPipeError:
        pass
    return importer.wait()


if __name__ == "__main__":
    sys.exit(main())
