"""A database with tenants whose data sources are services on loopback."""


class Tenants:
    def __init__(self, weir, database, home, *options, **env):
        home.mkdir(mode=0o700)
        self.weir, self.database, self.options = weir, database, options
        self.env = {"WEIR_MASTER_KEY_FILE": home / "keys", "WEIR_HOME": home / "weir", "WEIR_EGRESS_ALLOW": "127.0.0.1", **env}
        self.known = set()
        self.ok("secrets", "init")

    def __call__(self, *args, **env):
        return self.weir(*args, *self.options, database=self.database, env={**self.env, **env})

    def ok(self, *args, **env):
        answer = self(*args, **env)
        assert answer.code == 0, f"weir {' '.join(map(str, args))}: exit {answer.code}\n{answer.out}{answer.err}"
        return answer

    def start(self, *args, **env):
        return self.weir.start(*args, *self.options, database=self.database, env={**self.env, **env})

    def add(self, tenant, provider, name=None, secrets=None, files=None, **settings):
        """A data source with these settings, secrets and files of secrets; the tenant, too, when it is new."""
        if tenant not in self.known:
            self.ok("tenant", "add", tenant)
            self.known.add(tenant)
        said = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        said += [word for key in secrets or {} for word in ("--secret-env", key)]
        said += [word for key, path in (files or {}).items() for word in ("--secret-file", f"{key}={path}")]
        return self("source", "add", tenant, provider, "--name", name or provider, *said, **(secrets or {}))

    def add_github(self, tenant, url, token="sim-token", name="github"):
        added = self.add(tenant, "github", name, {"GITHUB_TOKEN": token}, GITHUB_ORG="acme", GITHUB_API_URL=url)
        assert added.code == 0, added.err


def scripts_of(answer):
    """{(tenant, data source, script): what is reported} of `weir import --json`."""
    return {(run["tenant"], script["data_source"], script["script"]): script
            for run in answer.json()["pipeline_runs"] for script in run["scripts"]}


def statuses_of(answer):
    return {key: script["status"] for key, script in scripts_of(answer).items()}
