#!/usr/bin/env python3
"""A customer from the first day to the last, through the HTTP API of one `weir serve` on a private PostgreSQL of its own.

    customer_flow.py [--weir build/weir] [--json]

Makes a tenant, a plan and a subscription, a key, credentials, pipelines; runs by hand and by schedule; spends the quota;
suspends, and deletes. Each step is checked against what the API, the tables and the audit log say. Exit code 0: all held.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Refused(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Refused(text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, {name.lower(): value for name, value in headers}
        self.json = json.loads(body) if body else None


class Api:
    def __init__(self, base, key, user=None):
        self.base, self.key, self.user = base, key, user

    def call(self, method, path, body=None, expect=200):
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        if self.user:
            headers["X-User-ID"] = self.user
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer = Answer(response.status, response.getheaders(), response.read())
        except urllib.error.HTTPError as refusal:
            answer = Answer(refusal.code, refusal.headers.items(), refusal.read())
        wanted = expect if isinstance(expect, tuple) else (expect,)
        require(answer.status in wanted, f"{method} {path}: {answer.status} instead of {expect}: {answer.json}")
        return answer


class Steps:
    """Says what happens, one line a step."""

    def __init__(self, as_json):
        self.as_json, self.done = as_json, []
        self.coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, colour, text):
        return f"\033[{colour}m{text}\033[0m" if self.coloured else text

    def run(self, title, work):
        began = time.monotonic()
        try:
            note, error = work() or "", None
        except (Refused, OSError, subprocess.SubprocessError, KeyError) as failure:
            note, error = "", f"{type(failure).__name__}: {failure}" if not isinstance(failure, Refused) else str(failure)
        step = {"step": title, "ok": error is None, "seconds": round(time.monotonic() - began, 2), "note": note}
        if error:
            step["error"] = error
        self.done.append(step)
        if not self.as_json:
            mark = self.paint("32", "ok    ") if step["ok"] else self.paint("31", "FAILED")
            print(f"{mark} {title}{self.paint('2', '  ' + note) if note else ''}", flush=True)
            if error:
                print(f"       {error}", flush=True)
        return step["ok"]

    def finish(self):
        failed = [step for step in self.done if not step["ok"]]
        if self.as_json:
            print(json.dumps({"ok": not failed, "steps": self.done}, indent=2))
        else:
            summary = f"{len(self.done) - len(failed)} of {len(self.done)} steps held"
            print("\n" + self.paint("31" if failed else "32", summary))
        return 1 if failed else 0


class Flow:
    TENANT = "acme"

    def __init__(self, weir, directory):
        self.weir, self.directory = weir, directory
        self.environment = {**os.environ, "WEIR_HOME": str(directory / "home"), "WEIR_LOCAL_PATHS": str(directory)}
        self.service = None

    # What the steps work with

    def command(self, *arguments):
        done = subprocess.run([self.weir, *arguments], env=self.environment, capture_output=True, text=True, timeout=120)
        require(done.returncode == 0, f"weir {' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def count(self, sql):
        return int(self.command("db", "psql", "--", "-qAtX", "-c", sql).strip())

    def path(self, rest=""):
        return f"/api/v1/tenants/{self.TENANT}{rest}"

    def audit(self):
        items, after = [], ""
        while True:
            page = self.admin.call("GET", f"/api/v1/audit?limit=1000{after}").json
            items += page["items"]
            if not page["next"]:
                return items
            after = f"&after={page['next']}"

    def wait_for_run(self, run, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            shown = self.customer.call("GET", self.path(f"/runs/{run}")).json
            if shown["status"] not in ("IDLE", "RUNNING", "PARKED", "INTERRUPTED"):
                return shown
            time.sleep(0.2)
        raise Refused(f"the run {run} was not over within {seconds} s")

    # The steps

    def start(self):
        subprocess.run([sys.executable, str(ROOT / "scripts/make-test-repository.py"), "--commits", "300", "--seed", "3",
                        str(self.directory / "shop")], check=True, capture_output=True)
        log = open(self.directory / "serve.log", "w")
        self.service = subprocess.Popen([self.weir, "serve", "--listen", "127.0.0.1:0", "--json"], env=self.environment,
                                        stdout=subprocess.PIPE, stderr=log, text=True)
        hello = self.service.stdout.readline()
        require(hello, "weir serve did not start: " + (self.directory / "serve.log").read_text()[-2000:])
        self.base = json.loads(hello)["url"]
        self.admin = Api(self.base, json.loads(self.command("key", "create", "operator", "--json"))["api_key"],
                         user="olga")
        require(self.admin.call("GET", "/readyz").status == 200, "not ready")
        Api(self.base, "weir_nonsense").call("GET", "/api/v1/tenants", expect=401)
        return self.base

    def make_tenant(self):
        self.admin.call("PUT", "/api/v1/plans/small", {"runs_per_day": 3, "concurrent_runs": 1}, expect=201)
        self.admin.call("POST", "/api/v1/tenants", {"key": self.TENANT, "name": "Acme Inc."}, expect=201)
        self.admin.call("PUT", self.path("/subscription"), {"plan": "small", "status": "ACTIVE"})
        return "3 runs a day"

    def make_key(self):
        made = self.admin.call("POST", self.path("/keys"), {"name": "acme's own", "scope": "tenant:write"}, expect=201).json
        self.customer = Api(self.base, made["api_key"], user="carol")
        self.admin.call("POST", "/api/v1/tenants", {"key": "globex"}, expect=201)
        self.customer.call("GET", "/api/v1/tenants/globex", expect=404)
        self.customer.call("GET", "/api/v1/keys", expect=(403, 404))
        listed = json.dumps(self.admin.call("GET", self.path("/keys")).json)
        require(made["api_key"] not in listed and made["prefix"] in listed, "the list shows a key, or no prefix")
        return made["prefix"] + "_…"

    def save_credentials(self):
        self.secret = "s3cret-of-acme"
        self.customer.call("POST", self.path("/credentials"),
                           {"provider": "git", "settings": {"GIT_URL": str(self.directory / "shop")},
                            "secrets": {"GIT_TOKEN": self.secret}}, expect=201)
        shown = json.dumps(self.customer.call("GET", self.path("/data-sources")).json)
        require(self.secret not in shown and "***" in shown, "a secret can be read")
        require(self.count("SELECT count(*) FROM pg_tables WHERE schemaname = 'data' AND tablename = 'commit'") == 1,
                "the tenant's tables are not there")
        pipelines = self.customer.call("GET", self.path("/pipelines")).json["items"]
        require([each["name"] for each in pipelines] == ["git"], f"the source brought these pipelines: {pipelines}")
        # It shall not run in the middle of what follows.
        self.customer.call("PATCH", self.path("/pipelines/git"), {"is_enabled": False})
        return "encrypted, and not to be read again; the source has a pipeline of its own"

    def make_pipeline(self):
        self.customer.call("POST", self.path("/pipelines"), {"name": "by-hand", "data_sources": ["git"]}, expect=201)
        refused = self.customer.call("POST", self.path("/pipelines"),
                                     {"name": "never", "schedule": {"cron": "0 0 31 2 *"}}, expect=422).json
        return refused["detail"]

    def run_by_hand(self):
        answer = self.customer.call("POST", self.path("/pipelines/by-hand/run"), {}, expect=202)
        require(answer.json["quota"]["remaining"] == 2, f"what is left: {answer.json['quota']}")
        require(answer.headers["x-quota-remaining"] == "2", "no header says what is left")
        shown = self.wait_for_run(answer.json["run_id"])
        require(shown["status"] == "COMPLETED" and shown["user_id"] == "carol",
                f"{shown['status']} by {shown['user_id']}")
        commits = self.count("SELECT count(*) FROM data.commit")
        require(commits == 300, f"{commits} commits instead of 300")
        return f"{commits} commits, for carol; 2 runs left"

    def spend_quota(self):
        left = []
        for _ in range(2):
            answer = self.customer.call("POST", self.path("/pipelines/by-hand/run"), {}, expect=202).json
            left.append(answer["quota"]["remaining"])
            self.wait_for_run(answer["run_id"])
        refused = self.customer.call("POST", self.path("/pipelines/by-hand/run"), {}, expect=429)
        require(left == [1, 0], f"what was left: {left}")
        require(refused.json["code"] == "quota_spent" and refused.json["quota"]["remaining"] == 0, f"{refused.json}")
        require(int(refused.headers["retry-after"]) > 0, "no Retry-After")
        return f"429 {refused.json['code']}, 0 left"

    def run_by_schedule(self):
        self.admin.call("PUT", "/api/v1/plans/small", {"runs_per_day": 1000, "concurrent_runs": 1})
        self.customer.call("POST", self.path("/pipelines"),
                           {"name": "often", "data_sources": ["git"], "schedule": {"every": "1m"}}, expect=201)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            runs = self.customer.call("GET", self.path("/pipeline-runs?trigger=schedule&status=COMPLETED")).json["items"]
            if runs:
                require(runs[0]["pipeline"] == "often" and runs[0]["user_id"] is None, f"scheduled work: {runs[0]}")
                return "without a user"
            time.sleep(0.5)
        raise Refused("nothing ran by schedule within 90 s")

    def suspend(self):
        self.admin.call("PUT", self.path("/subscription"), {"plan": "small", "status": "SUSPENDED"})
        for path, body in (("/pipelines/by-hand/run", {}),
                           ("/credentials", {"provider": "git", "settings": {}, "secrets": {"GIT_TOKEN": "other"}})):
            refused = self.customer.call("POST", self.path(path), body, expect=403).json
            require(refused["code"] == "subscription_inactive", f"{refused}")
        return "403 subscription_inactive"

    def read_audit(self):
        items = self.audit()
        text = json.dumps(items)
        require(self.secret not in text, "the audit log has the secret")
        actors = {item["actor"] for item in items}
        require({"olga", "carol"} <= actors, f"the actors are {actors}")
        actions = {item["action"] for item in items}
        runs = [item for item in items if item["action"] == "run.start"]
        require(len(runs) == 3 and {item["actor"] for item in runs} == {"carol"}, f"the runs by hand: {runs}")
        return f"{len(items)} lines: {', '.join(sorted(actions))}"

    def revoke_key(self):
        key = self.admin.call("GET", self.path("/keys")).json["items"][0]["id"]
        self.admin.call("DELETE", self.path(f"/keys/{key}"))
        self.customer.call("GET", self.path(), expect=401)
        return "at once"

    def delete_tenant(self):
        self.admin.call("DELETE", self.path(), expect=(200, 202))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.admin.call("GET", self.path(), expect=(200, 404)).status == 404:
                break
            time.sleep(0.2)
        tables = self.command("db", "psql", "--", "-qAtX", "-F", " ", "-c",
                              "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'tenant_id' "
                              "AND table_schema IN ('weir', 'data') AND table_name NOT LIKE 'audit_log%' ORDER BY 1, 2")
        tenant = next(item["tenant_id"] for item in self.audit() if item["action"] == "tenant.add" and item["target"] == self.TENANT)
        left = [line for line in tables.splitlines()
                if self.count(f'SELECT count(*) FROM "{line.split()[0]}"."{line.split()[1]}" WHERE tenant_id = \'{tenant}\'')]
        require(not left, f"rows are left in {left}")
        return f"no row in {len(tables.splitlines())} tables, but the audit record"

    def stop(self):
        self.service.send_signal(signal.SIGTERM)
        code = self.service.wait(timeout=60)
        require(code == 0, f"exit {code}")
        require(self.secret not in (self.directory / "serve.log").read_text(), "the log has the secret")
        return "exit 0"

    def close(self):
        if self.service and self.service.poll() is None:
            self.service.kill()
            self.service.wait()
        subprocess.run([self.weir, "db", "stop"], env=self.environment, capture_output=True, timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weir", default=os.environ.get("WEIR_BINARY", str(ROOT / "build/weir")))
    parser.add_argument("--json", action="store_true", help="the steps as one document")
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="weir-flow-"))
    directory.chmod(0o755)
    flow, steps = Flow(options.weir, directory), Steps(options.json)
    try:
        for title, work in (
                ("weir serve starts with nothing configured, and an operator gets a key", flow.start),
                ("a tenant with a plan and a subscription", flow.make_tenant),
                ("a key for the customer, which reaches nobody else", flow.make_key),
                ("credentials", flow.save_credentials),
                ("a pipeline; one that could never run is refused", flow.make_pipeline),
                ("a run by hand, for a person", flow.run_by_hand),
                ("the quota is spent", flow.spend_quota),
                ("a run by schedule", flow.run_by_schedule),
                ("a suspended subscription is refused", flow.suspend),
                ("the audit log shows all of it", flow.read_audit),
                ("a revoked key is refused", flow.revoke_key),
                ("the tenant is deleted", flow.delete_tenant),
                ("weir serve stops", flow.stop)):
            if not steps.run(title, work):
                break
    finally:
        flow.close()
        code = steps.finish()
        if code and not options.json and (directory / "serve.log").exists():
            print("the log of weir serve:\n" + (directory / "serve.log").read_text()[-3000:])
        shutil.rmtree(directory, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
