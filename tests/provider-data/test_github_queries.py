"""Every GraphQL query that the github plugin sends is valid in the schema that GitHub publishes."""
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from npm_packages import npm_package  # noqa: E402

PLUGIN = ROOT / "plugins" / "data-sources" / "github"
# A query stands in a script as a block of its own: `graphql: |` and lines that are indented deeper.
QUERY = re.compile(r"^( *)(?:- )?graphql: \|\n((?:\1 +.*\n|\n)+)", re.M)

# Prints [[line, column, message]…] of what is wrong with the query on standard input.
VALIDATE = """
const {buildSchema, parse, validate} = require(process.argv[1]);
const fs = require('fs');
const schema = buildSchema(fs.readFileSync(process.argv[2], 'utf8'), {assumeValidSDL: true});
const queries = JSON.parse(fs.readFileSync(0, 'utf8'));
console.log(JSON.stringify(queries.map(query => {
  try {
    return validate(schema, parse(query)).map(error => error.message);
  } catch (error) {
    return [error.message];
  }
})));
"""


def queries_of(text):
    return [textwrap.dedent(block) for _, block in QUERY.findall(text)]


def wrong_with(queries):
    library, schema = npm_package("graphql@16.9.0"), npm_package("@octokit/graphql-schema@15.26.1")
    try:
        done = subprocess.run(["node", "-e", VALIDATE, str(library), str(schema / "schema.graphql")],
                              input=json.dumps(queries), capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("node is not installed")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_query_is_valid_in_the_published_schema():
    queries = {}
    for path in sorted(PLUGIN.glob("*.yaml")):
        text = path.read_text()
        found = queries_of(text)
        assert len(found) == text.count("graphql:"), f"{path.name}: a query is not written as a block"
        queries |= {(path.name, number): query for number, query in enumerate(found)}
    assert len(queries) >= 8
    wrong = dict(zip(queries, wrong_with(list(queries.values()))))
    assert {where: errors for where, errors in wrong.items() if errors} == {}


def test_wrong_queries_are_found():
    wrong = wrong_with(["{ viewer { login } }", "{ viewer { nonsense } }", "{ viewer", "query($a: Int!) { viewer { login } }"])
    assert [bool(errors) for errors in wrong] == [False, True, True, True]
