"""`make e2e` as a test: a customer's whole life through the HTTP API."""
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "customer_flow.py"


def test_every_step_holds(weir):
    environment = weir.environment()
    done = subprocess.run([sys.executable, str(SCRIPT), "--weir", str(weir.binary), "--json"], env=environment,
                          capture_output=True, text=True, timeout=400)
    report = json.loads(done.stdout)
    assert report["ok"], [step for step in report["steps"] if not step["ok"]]
    assert done.returncode == 0 and len(report["steps"]) == 13
