"""Whether the tables hold what the simulated GitHub has."""
import datetime

# Scripts that read by REST see what REST says.
REST = {"release"}
# What a script does not see, by resource; the rest of the truth's columns must be equal.
LEFT_OUT = {
    "contributor": {"email"},  # of accounts only with another scope
}
KEYS = """
  SELECT c.relname, array_agg(a.attname ORDER BY k.place) FROM pg_constraint p JOIN pg_class c ON c.oid = p.conrelid
  CROSS JOIN unnest(p.conkey) WITH ORDINALITY k(column_number, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.column_number
  WHERE p.contype = 'p' AND c.relnamespace = 'data'::regnamespace AND a.attname NOT IN ('tenant_id', 'data_source')
  GROUP BY c.relname"""


def normal(value):
    """Instants as the tables and the truth both say them."""
    if isinstance(value, str) and len(value) >= 19 and value[4] == "-" and value[10] == "T":
        try:
            return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return value
    return value


class Comparison:
    """The tables, read by sql(statement, *parameters), beside the truth of a simulator; of one tenant, when one is named."""

    def __init__(self, sql, sim, tenant=None, source=None):
        self.sql, self.sim = sql, sim
        self.filter, self.values = "WHERE deleted_at IS NULL", []
        if tenant:
            self.filter += " AND tenant_id = (SELECT id FROM weir.tenant WHERE key = %s)"
            self.values.append(tenant)
        if source:
            self.filter += " AND data_source = %s"
            self.values.append(source)
        self.keys = dict(sql(KEYS))
        self.blocked = {str(entry["id"]) for entry in sim.get("/_sim/repositories").json() if entry["blocked"]}

    def rows(self, resource):
        found = (row for (row,) in self.sql(f"SELECT to_jsonb(t) FROM data.{resource} t {self.filter}", *self.values))
        return {tuple(row[key] for key in self.keys[resource]): row for row in found
                if row.get("repo_key") not in self.blocked}

    def truth(self, resource, options):
        lines = self.sim.lines(f"/_sim/truth/{resource}?{options}")
        return {tuple(row[key] for key in self.keys[resource]): row for row in lines}

    def differences(self, resource):
        """How the table differs from the truth."""
        rows, keys = self.rows(resource), self.keys[resource]
        view = "rest" if resource in REST else "graphql"
        truth = self.truth(resource, f"view={view}")
        # Commits stay that a force-push has taken off their branch.
        left_behind = self.truth(resource, f"view={view}&orphans=true").keys() if resource.startswith("commit") else set()
        found = [f"{resource}: not there: {key}" for key in truth.keys() - rows.keys()]
        # Earlier attempts of a run stay; only the latest one is listed.
        runs = {row["run_key"].split(":")[0] for row in truth.values() if "run_key" in row}
        found += [f"{resource}: too much: {key}" for key in rows.keys() - truth.keys() - left_behind
                  if "run_key" not in keys or key[keys.index("run_key")].split(":")[0] not in runs]
        for key in truth.keys() & rows.keys():
            for column, value in truth[key].items():
                if column in LEFT_OUT.get(resource, ()) or normal(rows[key][column]) == normal(value):
                    continue
                found.append(f"{resource} {key}: {column} is {rows[key][column]!r}, not {value!r}")
        return found

    def contributors(self):
        """Only those who appear somewhere, and all of them who made or reviewed something."""
        found = [line for line in self.differences("contributor") if "not there" not in line]
        known = {key for (key,) in self.rows("contributor")}
        for table, column in (("issue", "author_key"), ("pull_request", "author_key"), ("pull_request_review", "reviewer_key"),
                              ("commit", "author_key"), ("commit", "committer_key")):
            missing = {row[column] for row in self.rows(table).values() if row[column] is not None} - known
            found += [f"{table}: the contributor {key} is not there" for key in missing]
        # People without an account as well, as far as GitHub tells of them.
        git = {row["contributor_key"] for row in self.rows("repository_contributor").values() if row["anonymous"]}
        found += [f"repository_contributor: the contributor {key} is not there" for key in git - known]
        return found

    def all_differences(self, without=()):
        resources = [name for name in self.sim.get("/_sim/truth").json() if name != "contributor" and name not in without]
        return [line for resource in resources for line in self.differences(resource)] + self.contributors()


def assert_tables_are_the_truth(sql, sim, tenant=None, source=None, without=(), what=""):
    found = Comparison(sql, sim, tenant, source).all_differences(without)
    assert not found, f"{what}{len(found)} differences:\n" + "\n".join(sorted(found)[:30])
