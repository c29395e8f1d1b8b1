"""Every way of the declarative language to prove who asks, against a service that checks it."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from auth_service import CLIENT, KEY, PASSWORD, SECRET, TEAMS, USER, AuthService  # noqa: E402

PROVIDER = """
title: Service
description: A service that wants to know who asks
config:
  SERVICE_URL: {{description: Where it is, required: true, identity: true}}
  SERVICE_SECRET: {{description: What it wants, required: true, secret: true}}
http:
  url: "{{{{ env.SERVICE_URL }}}}"
  auth: {auth}
"""
SCRIPT = """
resources: [team]
cursor: {kind: full, order: immutable}
request: {url: /teams, query: {page: "{{ page.number }}", size: "{{ page.size }}"}}
pages: {by: number, size: 20}
records: "{{ response }}"
key: id
map: {team_key: "{{ record.id }}", name: "{{ record.name }}"}
"""
WAYS = {
    "basic": (f'{{basic: {{user: {USER}, password: "{{{{ env.SERVICE_SECRET }}}}"}}}}', PASSWORD),
    "header": ('{header: {name: X-Api-Key, value: "{{ env.SERVICE_SECRET }}"}}', KEY),
    "query": ('{query: {name: api_key, value: "{{ env.SERVICE_SECRET }}"}}', KEY),
    "oauth2": (f'{{oauth2: {{tokenUrl: "{{{{ env.SERVICE_URL | replace(\'/oauth2\', \'\') }}}}/token", clientId: {CLIENT}, '
               f'clientSecret: "{{{{ env.SERVICE_SECRET }}}}", scope: read}}}}', SECRET),
}


@pytest.fixture
def service():
    service = AuthService()
    yield service
    service.stop()


@pytest.fixture
def source(weir, database, new_home, service, tmp_path):
    """source(way, secret) makes the source and is a function that runs commands."""
    home = new_home()
    home.mkdir(mode=0o700)

    def make(way, secret):
        folder = tmp_path / "data-sources" / "service"
        folder.mkdir(parents=True)
        (folder / "provider.yaml").write_text(PROVIDER.format(auth=WAYS[way][0]))
        (folder / "team.yaml").write_text(SCRIPT)
        env = {"WEIR_MASTER_KEY_FILE": home / "keys", "WEIR_EGRESS_ALLOW": "127.0.0.1", "SERVICE_SECRET": secret}

        def run(*arguments):
            answer = weir(*arguments, "--plugins", str(tmp_path), "--log-level", "debug", database=database, env=env)
            assert secret not in answer.out + answer.err, "a secret was printed"
            return answer

        for arguments in (("secrets", "init"), ("tenant", "add", "acme"),
                          ("source", "add", "acme", "service", "--set", f"SERVICE_URL={service.url}/{way}",
                           "--secret-env", "SERVICE_SECRET")):
            answer = run(*arguments)
            assert answer.code == 0, answer.out + answer.err
        return run

    return make


def teams(database):
    return database.sql("SELECT count(*) FROM data.team WHERE deleted_at IS NULL")[0][0]


def assert_nowhere(database, secret):
    for (table,) in database.sql("SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables "
                                 "WHERE schemaname IN ('data', 'weir')"):
        assert database.sql(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", secret)[0][0] == 0, table


@pytest.mark.parametrize("way", WAYS)
def test_the_right_secret_opens_the_door(source, service, database, way):
    run = source(way, WAYS[way][1])
    assert run("source", "check", "acme", "service").code == 0
    answer = run("import", "--json")
    assert answer.code == 0, answer.out + answer.err
    assert teams(database) == TEAMS
    assert {status for _, status in service.seen} == {200}
    assert_nowhere(database, WAYS[way][1])


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_secret_stops_the_source_and_is_never_printed(source, service, database, way):
    secret = "wr0ng-secret-of-acme"
    run = source(way, secret)
    checked = run("source", "check", "acme", "service")
    assert checked.code == 3, checked.out
    assert ("gave no token: it answered 401" if way == "oauth2" else "401") in checked.out, checked.out
    answer = run("import", "--json")
    assert answer.code == 1, answer.out
    assert database.sql("SELECT needs_credentials IS NOT NULL FROM weir.data_source") == [(True,)]
    assert_nowhere(database, secret)
    # It rests until somebody does something.
    asked = len(service.seen)
    run("import")
    assert len(service.seen) == asked


def test_a_token_is_made_once_and_used_for_all_pages(source, service):
    run = source("oauth2", SECRET)
    assert run("import").code == 0
    assert len(service.minted) == 1


def test_a_token_that_is_refused_is_made_anew(source, service, database):
    service.pages_per_token = 2
    run = source("oauth2", SECRET)
    answer = run("import", "--json")
    assert answer.code == 0, answer.out + answer.err
    assert teams(database) == TEAMS
    assert len(service.minted) == 2 and ("/oauth2/teams", 401) in service.seen


def test_a_token_that_expires_is_made_anew_before_it_does(source, service, database):
    service.life_s, service.page_takes_s = 2, 0.5  # made anew halfway through so short a life
    run = source("oauth2", SECRET)
    assert run("import").code == 0
    assert teams(database) == TEAMS
    assert len(service.minted) > 1 and ("/oauth2/teams", 401) not in service.seen


def test_a_token_that_is_refused_however_often_it_is_made_stops_the_source(source, service, database):
    service.pages_per_token = 0
    run = source("oauth2", SECRET)
    assert run("import").code == 1
    assert len(service.minted) == 2, "made anew once"
    assert database.sql("SELECT needs_credentials IS NOT NULL FROM weir.data_source") == [(True,)]
