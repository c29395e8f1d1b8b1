// Two tenants with everything that a path of the API can name, and keys of each scope.
#pragma once
#include <map>
#include <string>

#include "tests/support/api_world.hpp"

namespace weir::test {

class TwoTenants : public ApiWorld {
 protected:
  struct Things {
    TenantId id;
    std::map<std::string, std::string> names;  // by path parameter
    std::string read, write;                   // keys
  };

  Things make_things(const std::string& key) {
    Things made{.id = database.add_tenant(key), .names = {}, .read = {}, .write = {}};
    const auto id = to_string(made.id);
    const auto source = key + "-src";
    database.add_data_source(made.id, source, "git");
    super(fmt::format("INSERT INTO weir.plan (name) VALUES ('{}-plan')", key));
    super(
        fmt::format("INSERT INTO weir.partition_cursor (tenant_id, data_source, script, partition) VALUES "
                    "('{}', '{}', 'git/commit', '')",
                    id, source));
    const auto run =
        super(fmt::format("INSERT INTO weir.run (tenant_id, id, data_source, script, status) VALUES "
                          "('{}', weir.uuid_v7(), '{}', 'git/commit', 'COMPLETED') RETURNING id",
                          id, source));
    super(
        fmt::format("INSERT INTO weir.import_log (tenant_id, run_id, line, level, message) SELECT '{}', '{}', n, "
                    "'info', '{} said ' || n FROM generate_series(1, 3) n",
                    id, run, key));
    const auto pipeline = super(fmt::format(
        "INSERT INTO weir.tenant_pipeline_configs (tenant_id, name) VALUES ('{}', '{}-pipeline') RETURNING id", id,
        key));
    made.read = make_key(tenancy::KeyScope::tenant_read, made.id);
    made.write = make_key(tenancy::KeyScope::tenant_write, made.id);
    made.names = {{"tenant_id", key},
                  {"source", source},
                  {"run_id", run},
                  {"pipeline", pipeline},
                  {"config_id", pipeline},
                  {"plan", key + "-plan"},
                  {"key_id", made.read.substr(0, 17)}};
    return made;
  }

  // The path of a route with its parameters taken from `names`.
  static std::string path_of(const api::Route& route, const std::map<std::string, std::string>& names) {
    std::string path;
    for (const auto& segment : api::split_path(route.path))
      path += "/" + (segment.starts_with('{') ? names.at(segment.substr(1, segment.size() - 2)) : segment);
    return path;
  }
  static ApiCall call_of(const api::Route& route, const std::map<std::string, std::string>& names, std::string key) {
    ApiCall call{.method = route.method, .target = path_of(route, names), .key = std::move(key)};
    if (route.body) call.body = route.body->example;
    return call;
  }

  Things acme = make_things("acme");
  Things globex = make_things("globex");
  std::string admin = make_key(tenancy::KeyScope::admin);
};

}  // namespace weir::test
