"""`weir serve` as whoever operates it sees it: starting, roles, readiness, metrics, logs, stopping."""
import json
import os
import signal
import urllib.error
import urllib.request

import pytest

from conftest import kill_group, wait_for


class Server:
    """A running `weir serve` on a free port."""

    def __init__(self, weir, *arguments, home=None, database=None, env=None, log=None):
        self.log = log
        stderr = open(log, "w") if log else None
        self.process = weir.start("serve", "--listen", "127.0.0.1:0", "--json", *arguments, home=home, database=database,
                                  env=env, **({"stderr": stderr} if stderr else {}))
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if not log else open(log).read()
        self.hello = json.loads(line)
        self.url = self.hello["url"]

    def get(self, path, key=None):
        request = urllib.request.Request(self.url + path, headers={"X-API-Key": key} if key else {})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture()
def serve(weir):
    started = []

    def start(*arguments, **options):
        started.append(Server(weir, *arguments, **options))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            kill_group(server.process)


def test_it_serves_with_nothing_configured(weir, serve, home, tmp_path):
    log = tmp_path / "log"
    server = serve(home=home, log=log)
    assert server.url.startswith("http://127.0.0.1:")
    assert server.get("/healthz")[0] == 200
    assert server.get("/readyz")[0] == 200
    assert server.get("/api/v1/tenants")[0] == 401
    key = weir("key", "create", "operator", "--json", home=home).json()["api_key"]
    assert json.loads(server.get("/api/v1/tenants", key)[1]) == {"items": [], "next": None}
    assert server.stop() == 0
    assert key not in log.read_text()


def test_it_says_how_to_get_a_key_until_there_is_one(weir, database, tmp_path):
    def said(name):
        log = tmp_path / name
        with open(log, "w") as stderr:
            process = weir.start("serve", "--listen", "127.0.0.1:0", database=database, stderr=stderr)
        wait_for(lambda: "serving at http://127.0.0.1:" in log.read_text(), "the first line")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        return log.read_text()

    assert "weir key create NAME" in said("first")
    weir("key", "create", "operator", database=database)
    assert "weir key create" not in said("second")


def test_each_role_has_health_and_metrics_and_only_the_api_the_rest(weir, serve, database):
    key = weir("key", "create", "operator", "--json", database=database).json()["api_key"]
    worker = serve("--roles", "worker", database=database)
    assert worker.get("/healthz")[0] == 200 and worker.get("/readyz")[0] == 200
    status, text = worker.get("/metrics")
    assert status == 200 and "weir_nodes_alive 1" in text and "weir_queue_entries" not in text.split("weir_nodes")[1][:20]
    assert worker.get("/api/v1/tenants", key)[0] == 404
    api = serve("--roles", "api", database=database)
    assert api.get("/api/v1/tenants", key)[0] == 200
    assert "weir_nodes_alive 2" in api.get("/metrics")[1]
    assert 'weir_http_requests_total{operation="list_tenants",status="200"} 1' in api.get("/metrics")[1]


def test_a_pipeline_runs_by_hand_and_shows_in_metrics_and_log(weir, serve, database, work, tmp_path):
    repository = work / "served-repository"
    script = os.path.join(os.path.dirname(__file__), "../../scripts/make-test-repository.py")
    assert os.system(f"python3 {script} --commits 20 --seed 1 {repository} > /dev/null") == 0
    environment = {"WEIR_LOCAL_PATHS": work, "WEIR_HOME": tmp_path / "home", "WEIR_MASTER_KEY_FILE": tmp_path / "master.key"}
    assert weir("secrets", "init", database=database, env=environment).code == 0
    key = weir("key", "create", "operator", "--json", database=database).json()["api_key"]
    assert weir("tenant", "add", "acme", database=database).code == 0
    assert weir("source", "add", "acme", "git", "--set", f"GIT_URL={repository}", database=database, env=environment).code == 0
    log = tmp_path / "log"
    server = serve("--log-format", "json", database=database, env=environment, log=log)

    def call(method, path, body):
        request = urllib.request.Request(server.url + path, method=method, data=json.dumps(body).encode(),
                                         headers={"X-API-Key": key, "Content-Type": "application/json", "X-User-ID": "ann"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read())

    call("POST", "/api/v1/tenants/acme/pipelines", {"name": "by-hand"})
    run = call("POST", "/api/v1/tenants/acme/pipelines/by-hand/run", {})["run_id"]
    wait_for(lambda: json.loads(server.get(f"/api/v1/tenants/acme/runs/{run}", key)[1])["status"] == "COMPLETED", "the run")
    text = server.get("/metrics")[1]
    assert 'weir_script_runs_total{outcome="COMPLETED",provider="git",script="git/commit"} 1' in text
    assert 'weir_pipeline_runs_total{class="manual",outcome="finished"} 1' in text
    assert 'weir_lane_wait_seconds_count{class="manual"} 1' in text
    assert "weir_source_age_seconds_count 1" in text
    assert server.stop() == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["url"] for line in lines if line["message"] == "serving"] == [server.url]
    ended = [line for line in lines if line.get("script") == "git/commit"]
    assert ended and ended[0]["tenant"] == "acme" and ended[0]["pipeline_run"] == run and ended[0]["status"] == "COMPLETED"
    assert isinstance(ended[0]["imported"], int) and isinstance(ended[0]["duration_ms"], int)


def test_two_of_them_share_a_database_and_stop_one_by_one(weir, serve, database):
    first, second = serve(database=database), serve(database=database)
    wait_for(lambda: "weir_nodes_alive 2" in first.get("/metrics")[1], "two nodes")
    assert first.stop() == 0
    assert second.get("/readyz")[0] == 200
    wait_for(lambda: "weir_nodes_alive 1" in second.get("/metrics")[1], "one node")


@pytest.mark.parametrize("arguments, said", [
    (["--listen", "localhost:80"], "127.0.0.1:8420"),
    (["--roles", "api,cook"], "'cook'"),
    (["--concurrent-runs", "0"], "concurrent-runs"),
])
def test_wrong_usage(weir, database, arguments, said):
    answer = weir("serve", *arguments, database=database)
    assert answer.code == 2 and said in answer.err


def test_a_port_that_is_taken(weir, serve, database):
    server = serve(database=database)
    answer = weir("serve", "--listen", server.url.removeprefix("http://"), database=database)
    assert answer.code == 3 and "in use" in answer.err


def test_wrong_environment(weir, database):
    answer = weir("serve", database=database, env={"WEIR_HISTORY_DAYS": "never"})
    assert answer.code == 3 and "WEIR_HISTORY_DAYS" in answer.err
