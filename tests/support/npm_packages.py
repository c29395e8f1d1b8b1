"""What providers published as npm packages: recorded responses, webhooks, schemas. Test data only; never in the product.

Each is pinned to a version and its hash. Where npm or its registry cannot be reached the test is skipped and says so.
"""
import base64
import functools
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

PINNED = {
    "@octokit/fixtures@23.1.2":
        "niG+SVffZ/xzojT3CE6M7DlqX7H9aQ75A6Xxjt4N47CkqssKXpSy2k6+Tj5ntcI5uWW2D9POzKxwJDmBfR+sJw==",
    "@octokit/webhooks-examples@7.6.1":
        "De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
    "graphql@16.9.0": "GGTKBX4SD7Wdb8mqeDLni2oaRGYQWjWHGKPQ24ZMnUtKfcsVoiv4uX8+LJr1K6U5VW2Lu1BwJnj7uiori0YtRw==",
    "@octokit/graphql-schema@15.26.1":
        "RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iVYOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA==",
}

_folders = []  # removed when the test run ends


@functools.cache
def npm_package(name):
    """The folder of the unpacked package, fetched once in a test run."""
    _folders.append(tempfile.TemporaryDirectory(prefix="weir-npm-"))
    folder = Path(_folders[-1].name)
    try:
        done = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, capture_output=True, text=True, timeout=120)
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot fetch {name}: {error}")
    if done.returncode != 0:
        pytest.skip(f"npm cannot fetch {name} (offline?): {done.stderr.strip()[:200]}")
    archive = folder / done.stdout.strip()
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert found == PINNED[name], f"{name} is not the package that was pinned: {found}"
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else opened.extractall(folder)
    return folder / "package"
