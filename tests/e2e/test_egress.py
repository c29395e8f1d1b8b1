"""Tenants choose URLs: none of them leads into the operator's network, and no token to another origin. Whoever listens
there sees not one connection."""
import ipaddress
import socket
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path.insert(0, str(SUPPORT))
from hostile_server import HostileServer, Trap  # noqa: E402
from tenants import Tenants  # noqa: E402

TOKEN = "t0ken-that-stays-at-home"


@pytest.fixture
def trap():
    trap = Trap("::" if socket.has_dualstack_ipv6() else "0.0.0.0")  # every address of this machine
    yield trap
    trap.stop()


@pytest.fixture
def server():
    server = HostileServer()
    yield server
    server.stop()


@pytest.fixture
def tenants(weir, database, new_home):
    return Tenants(weir, database, new_home(), "--plugins", SUPPORT / "hostile", WEIR_EGRESS_ALLOW=None)


def own_names():
    """This machine's name, where it leads to an address that is not public."""
    try:
        address = socket.gethostbyname(socket.gethostname())
    except OSError:
        return []
    return [socket.gethostname()] if not ipaddress.ip_address(address).is_global else []


def addresses(port):
    """Ways to spell what lies inside; some name this machine by other means than its loopback address."""
    yield from (f"http://{host}:{port}" for host in (
        "127.0.0.1", "127.1", "127.200.3.4", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost",
        "LOCALHOST.", "any.localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", *own_names()))
    yield from ("http://169.254.169.254/latest/meta-data", "http://2852039166", "http://[fd00:ec2::254]", "http://10.0.0.1",
                "http://172.16.0.1", "http://192.168.1.1", "http://100.100.100.200", "http://0xa000001", "http://[fe80::1]",
                "http://[fc00::1]", "http://[::ffff:10.0.0.1]", "http://[::ffff:a9fe:a9fe]")


def test_an_address_inside_is_refused_however_it_is_spelt(tenants, trap, database):
    urls = list(addresses(trap.port))
    for number, url in enumerate(urls):
        added = tenants.add("acme", "hostile", f"s{number:02}", {"HOSTILE_TOKEN": TOKEN}, HOSTILE_URL=url)
        assert added.code == 0, added.err
    answer = tenants("import", "--json")
    assert answer.code == 1
    refused = dict(database.sql("SELECT data_source, error FROM weir.run WHERE status = 'FAILED'"))
    for number, url in enumerate(urls):
        assert "WEIR_EGRESS_ALLOW" in refused[f"s{number:02}"], f"{url}: {refused[f's{number:02}']}"
    for number in (0, 3, 8, 13, 16, 18):
        checked = tenants("source", "check", "acme", f"s{number:02}")
        assert checked.code == 3 and "WEIR_EGRESS_ALLOW" in checked.out, f"{urls[number]}: {checked.out}"
    assert trap.connections == 0


def test_git_does_not_go_there_either(tenants, trap, database):
    urls = [f"{url}/x.git" for url in list(addresses(trap.port))[::3]]
    for number, url in enumerate(urls):
        added = tenants.add("acme", "git", f"s{number:02}", {"GIT_TOKEN": TOKEN}, GIT_URL=url)
        assert added.code == 0, added.err
    answer = tenants("import", "--script", "git/repository", "--json")
    refused = dict(database.sql("SELECT data_source, error FROM weir.run WHERE script = 'git/repository'"))
    assert answer.code == 1 and len(refused) == len(urls)
    for number, url in enumerate(urls):
        assert "WEIR_EGRESS_ALLOW" in refused[f"s{number:02}"], f"{url}: {refused[f's{number:02}']}"
    assert trap.connections == 0


def test_a_redirect_leads_neither_inside_nor_a_token_elsewhere(tenants, trap, server):
    elsewhere = HostileServer()
    inside = Trap("127.0.0.2")
    tenants.env["WEIR_EGRESS_ALLOW"] = "127.0.0.1"
    tenants.add("acme", "hostile", None, {"HOSTILE_TOKEN": TOKEN}, HOSTILE_URL=f"{server.url}/redirect")
    tenants.add("keyed", "hostile", None, {"HOSTILE_KEY": TOKEN}, HOSTILE_URL=f"{server.url}/redirect")
    for target in (f"http://127.0.0.2:{inside.port}/", f"http://2130706434:{inside.port}/", f"http://[::ffff:127.0.0.2]:{inside.port}/",
                   "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
        server.target = target
        answer = tenants("import", "--json")
        assert answer.code == 1, f"{target}: {answer.out}"
        assert "root:" not in answer.out + answer.err
    assert inside.connections == 0
    # Another port of an allowed address is another origin: who listens there learns no secret.
    server.target = f"{elsewhere.url}/fine/issues"
    tenants("import", "--json")
    assert TOKEN in str(server.seen), "the token went where it belongs"
    assert TOKEN not in str(elsewhere.seen), elsewhere.seen
    inside.stop()
    elsewhere.stop()


def test_a_next_page_elsewhere_gets_no_token(tenants, server):
    elsewhere = HostileServer()
    tenants.env["WEIR_EGRESS_ALLOW"] = "127.0.0.1"
    for tenant, secrets in (("acme", {"HOSTILE_TOKEN": TOKEN}), ("keyed", {"HOSTILE_KEY": TOKEN})):
        tenants.add(tenant, "hostile", None, secrets, HOSTILE_URL=f"{server.url}/next")
    server.target = f"{elsewhere.url}/fine/issues"
    answer = tenants("import", "--json")
    assert answer.code == 1 and elsewhere.url.removeprefix("http://") in answer.out, answer.out
    assert elsewhere.seen == []
    elsewhere.stop()
