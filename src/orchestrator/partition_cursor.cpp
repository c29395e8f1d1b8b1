#include "orchestrator/partition_cursor.hpp"

#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

std::vector<OpenGap> gaps_of(const nlohmann::json& list) {
  std::vector<OpenGap> gaps;
  for (const auto& one : list) {
    OpenGap gap{.kind = one.at("kind").get<std::string>()};
    if (one.at("from_at").is_string()) gap.from = parse_rfc3339(one.at("from_at").get<std::string>());
    gap.seen_at = parse_rfc3339(one.at("seen_at").get<std::string>()).value_or(Instant{});
    gap.attempts = one.at("attempts").get<std::int64_t>();
    gaps.push_back(std::move(gap));
  }
  return gaps;
}

std::string text_in(const nlohmann::json& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::vector<load::Validator> validators_of(const nlohmann::json& list) {
  std::vector<load::Validator> validators;
  for (const auto& one : list)
    validators.push_back({.request = text_in(one, "request"),
                          .etag = text_in(one, "etag"),
                          .last_modified = text_in(one, "last_modified"),
                          .shown_from = parse_rfc3339(text_in(one, "shown_from")),
                          .declaration_hash = text_in(one, "declaration_hash")});
  return validators;
}

PartitionCursor read_cursor(const pg::Row& row) {
  PartitionCursor cursor;
  cursor.now = row.get<Instant>("now");
  cursor.gaps = gaps_of(row.get<nlohmann::json>("gaps"));
  cursor.validators = validators_of(row.get<nlohmann::json>("validators"));
  cursor.version = row.get<std::optional<std::int64_t>>("version").value_or(0);
  if (cursor.version == 0) return cursor;
  cursor.title = row.get<std::optional<std::string>>("title").value_or("");
  cursor.cursor_at = row.get<std::optional<Instant>>("cursor_at");
  cursor.state = row.get<std::optional<nlohmann::json>>("state").value_or(nullptr);
  cursor.pass_start = row.get<std::optional<Instant>>("pass_start");
  cursor.pass_end = row.get<std::optional<Instant>>("pass_end");
  cursor.resume = row.get<std::optional<nlohmann::json>>("resume").value_or(nullptr);
  cursor.generation = row.get<std::optional<std::int64_t>>("generation");
  cursor.declaration_hash = row.get<std::optional<std::string>>("declaration_hash").value_or("");
  cursor.unreachable = row.get<std::optional<std::string>>("unreachable");
  cursor.probe_at = row.get<std::optional<Instant>>("probe_at");
  return cursor;
}

}  // namespace

Task<std::vector<PartitionCursor>> read_partition_cursors(pg::Database& database, TenantId tenant, ScriptId id,
                                                          std::vector<std::string> partitions) {
  pg::Params params(tenant, id.data_source, id.script);
  params.add_array(partitions);
  const auto rows = co_await database.query(pg::Scope::tenant(tenant), sql::read_partition_cursors, std::move(params));
  std::vector<PartitionCursor> cursors;
  for (const auto row : rows) cursors.push_back(read_cursor(row));
  co_return cursors;
}

}  // namespace weir::orchestrator
