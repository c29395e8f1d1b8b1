"""`weir queue why`: what it says while nobody takes runs, while one runs, and while every worker is full."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import wait_for
from test_declarative import EXAMPLES
from test_serve import serve  # noqa: F401, a fixture


class Gate:
    """A service that answers no request before it is opened; then, that there is nothing."""

    def __init__(self):
        self.opened = threading.Event()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                gate.opened.wait(50)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b"[]")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()
    gate.server.shutdown()


@pytest.fixture
def shop(weir, database, new_home, gate):
    """Runs weir on tenants `acme` and `other`, each with a source of the gate."""
    keys = new_home()
    keys.mkdir(mode=0o700)
    env = {"WEIR_EGRESS_ALLOW": "127.0.0.1", "WEIR_MASTER_KEY_FILE": keys / "keys", "HUB_TOKEN": "t0ken"}

    def run(*arguments):
        answer = weir(*arguments, "--plugins", EXAMPLES, database=database, env=env)
        assert answer.code == 0, answer.out + answer.err
        return answer

    run.env = env
    run.why = lambda run_id: run("queue", "why", run_id, "--json").json()
    run("secrets", "init")
    for tenant in ("acme", "other"):
        run("tenant", "add", tenant)
        run("source", "add", tenant, "hub", "--by-hand", "--set", f"HUB_URL={gate.url}", "--secret-env", "HUB_TOKEN")
    return run


def start_run(shop, tenant):
    return shop("pipeline", "run", tenant, "hub", "--parameters", '{"scripts": ["hub/repository"]}', "--json").json()["run"]


def codes(why):
    return [reason["code"] for reason in why["reasons"]]


def text(why, code):
    return next(reason["text"] for reason in why["reasons"] if reason["code"] == code)


def test_from_nobody_there_to_full_to_over(shop, serve, database, gate):  # noqa: F811
    waiting = start_run(shop, "acme")
    serve("--roles", "api,scheduler", "--plugins", EXAMPLES, database=database, env=shop.env)
    assert codes(shop.why(waiting)) == ["queued", "no_node"]  # that process is alive, but takes no runs
    assert database.sql("SELECT run_slots FROM weir.node WHERE died_at IS NULL") == [(0,)]

    worker = serve("--roles", "worker", "--concurrent-runs", "1", "--plugins", EXAMPLES, database=database, env=shop.env)
    held = wait_for(lambda: database.sql("SELECT run_id::text FROM weir.data_source_run WHERE status = 'RUNNING'"),
                    "the script")
    ((script_run,),) = held
    running = shop.why(waiting)
    assert codes(running) == ["running", "dependency"]
    assert f"(process {worker.process.pid}, epoch " in text(running, "running")
    of_script = shop.why(script_run)
    assert codes(of_script) == ["running", "pipeline_run"]
    assert (of_script["kind"], of_script["script"], of_script["pipeline_run_id"]) == ("run", "hub/repository", waiting)
    assert f"(process {worker.process.pid}, epoch " in text(of_script, "running")
    assert f"{script_run} RUNNING, hub/repository of data source hub" in shop("queue", "why", script_run).out

    second = start_run(shop, "other")
    full = shop.why(second)
    assert codes(full) == ["queued", "nodes_full"] and "expected_start" in full
    assert text(full, "nodes_full") == "the only node is full: 1 of 1 runs"

    gate.opened.set()
    wait_for(lambda: codes(shop.why(second)) == ["over"], "the second run")
    assert text(shop.why(script_run), "over") == "it is over: COMPLETED"
    assert worker.stop() == 0
    assert codes(shop.why(start_run(shop, "acme"))) == ["queued", "no_node"]


def test_an_import_says_where_it_runs_and_takes_nothing_from_the_queue(weir, shop, database, gate):
    process = weir.start("import", "--tenant", "acme", "--script", "hub/repository", "--json", "--plugins", EXAMPLES,
                         database=database, env=shop.env)
    ((script_run, pipeline_run),) = wait_for(
        lambda: database.sql("SELECT run_id::text, pipeline_run_id::text FROM weir.data_source_run WHERE status = 'RUNNING'"),
        "the script")
    assert f"(process {process.pid}, epoch " in text(shop.why(pipeline_run), "running")
    assert codes(shop.why(script_run)) == ["running"]
    assert codes(shop.why(start_run(shop, "other"))) == ["queued", "no_node"]
    gate.opened.set()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert json.loads(out)["pipeline_runs"]
    assert codes(shop.why(pipeline_run)) == ["over"]
