"""Keys of the HTTP API from the command line."""
import re

import pytest


@pytest.fixture
def ok(weir, database):
    def call(*args):
        answer = weir(*args, database=database)
        assert answer.code == 0, answer.err
        return answer

    return call


def test_a_key_is_shown_once_listed_and_revoked(ok, weir, database):
    ok("tenant", "add", "acme")
    made = ok("key", "create", "theirs", "--tenant", "acme", "--expires-in", "90d")
    key = made.out.strip()
    assert re.fullmatch(r"weir_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", key)
    assert "not shown again" in made.err
    admin = ok("key", "create", "ours", "--json").json()
    assert admin["scope"] == "admin" and admin["tenant"] is None and admin["api_key"].startswith(admin["prefix"])

    listed = ok("key", "ls", "--json")
    assert key not in listed.out
    theirs = next(one for one in listed.json() if one["name"] == "theirs")
    assert (theirs["scope"], theirs["tenant"], theirs["is_valid"]) == ("tenant:write", "acme", True)
    assert [one["name"] for one in ok("key", "ls", "--tenant", "acme", "--json").json()] == ["theirs"]
    assert "valid" in ok("key", "ls").out

    assert ok("key", "revoke", key[:17], "--json").json()["changed"] is True
    assert "already" in ok("key", "revoke", theirs["id"]).out
    assert ok("key", "ls", "--tenant", "acme", "--json").json()[0]["is_valid"] is False


@pytest.mark.parametrize("args, text", [
    (("create", "a", "--scope", "root"), "tenant:read"),
    (("create", "a", "--scope", "tenant:read"), "without a tenant"),
    (("create", "a", "--tenant", "nobody"), "no tenant"),
    (("create", "a", "--expires-in", "soon"), "no duration"),
    (("create", ""), "what it is for"),
    (("revoke", "weir_000000000000"), "no API key"),
])
def test_wrong_usage_changes_nothing(weir, database, args, text):
    answer = weir("key", *args, database=database)
    assert answer.code == 2
    assert text in answer.err
    assert weir("key", "ls", "--json", database=database).json() == []
