"""The commands in docs/api.md work as they stand there, on a fresh `weir serve`."""
import json
import re
import subprocess
from pathlib import Path

from test_serve import serve  # noqa: F401, a fixture

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
# curl fails when the answer is an error; a stream is looked at for a moment.
PRELUDE = """
set -euo pipefail
curl() {{
  case " $* " in
    *" -sN "*) timeout 2 curl --fail-with-body "$@" || [ $? = 124 ] ;;
    *) command curl --fail-with-body --max-time 20 "$@" ;;
  esac
}}
weir() {{ '{binary}' "$@"; }}
{functions}
{block}
"""


def blocks():
    text = DOCUMENT.read_text()
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def functions():
    return "\n".join(line for block in blocks() for line in block.splitlines() if re.match(r"(get|post|put)\(\) ", line))


def test_every_command_works(weir, serve, database, tmp_path):  # noqa: F811
    keys = {"WEIR_HOME": tmp_path / "home", "WEIR_MASTER_KEY_FILE": tmp_path / "master.key"}
    assert weir("secrets", "init", database=database, env=keys).code == 0
    assert weir("tenant", "add", "acme", "--name", "Acme Inc.", database=database).code == 0
    # Nothing is collected here: the providers of the examples are real ones.
    server = serve("--roles", "api", database=database, env=keys)
    environment = {**weir.environment(database=database), "WEIR": server.url}
    environment["KEY"] = weir("key", "create", "docs", "--json", database=database).json()["api_key"]

    def run(block):
        block = re.sub(r"^export WEIR=.*$", "", block, flags=re.MULTILINE)
        script = PRELUDE.format(binary=weir.binary, functions=functions(), block=block)
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    deletions = []
    for block in blocks():
        if "X DELETE" in block and "/keys/" not in block:
            deletions.append(block)
            continue
        if "/keys/weir_" in block:
            prefix = json.loads(server.get("/api/v1/tenants/acme/keys", environment["KEY"])[1])["items"]
            if not prefix:
                made = weir("key", "create", "acme", "--tenant", "acme", "--scope", "tenant:read", "--json", database=database)
                prefix = [made.json()]
            block = re.sub(r"weir_[0-9a-f]{12}", prefix[0]["prefix"], block)
        # Nothing was collected, so there is no cursor.
        run(re.sub(r"^post .*/cursors/reset .*$", "", block, flags=re.MULTILINE))
        listed = json.loads(server.get("/api/v1/pipeline-runs", environment["KEY"])[1])["items"]
        if listed:
            environment["RUN"] = listed[0]["id"]
    assert len(deletions) == 1 and "RUN" in environment
    run(deletions[0])
