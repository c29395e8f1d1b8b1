#include "provider-sim/graphql/execution.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/rest/api.hpp"
#include "provider-sim/rest/node_id.hpp"

namespace weir::sim::graphql {

std::string make_cursor(std::string_view key) { return base64url("cursor:v2:" + std::string(key)); }

std::string read_cursor(std::string_view cursor) {
  const auto text = parse_base64url(cursor);
  return text && text->starts_with("cursor:v2:") ? text->substr(10) : std::string(cursor);
}

std::string time_key(Time time, std::int64_t id) {
  return fmt::format("{:012}:{:016}", time.time_since_epoch().count(), id);
}

std::string Execution::run() {
  json_.begin_object().key("data");
  write_fields({.type = type_of<"Query">()}, plan_.fields);
  if (!errors_.empty()) json_.raw_field("errors", errors_.dump());
  json_.end_object();
  return std::move(out_);
}

void Execution::rate_limit(const PlannedField& field) {
  const auto begin = out_.size();
  object({.type = type_of<"RateLimit">()}, field);
  if (changing_) has_several_changing_ = true;
  changing_ = Changing{.field = &field, .begin = begin, .end = out_.size()};
}

std::string render_rate_limit(const Execution::Context& context, const Plan& plan, const PlannedField& field) {
  Execution execution(context, plan);
  execution.rate_limit(field);
  return execution.take();
}

void Execution::object(const Object& object, const PlannedField& field) {
  const auto planned = object.type ? field.children.find(object.type) : field.children.end();
  if (!object.type)
    json_.value(nullptr);
  else if (planned == field.children.end())
    json_.begin_object().end_object();
  else
    write_fields(object, planned->second);
}

void Execution::write_fields(const Object& object, const PlannedFields& fields) {
  json_.begin_object();
  for (const PlannedField& field : fields) {
    json_.key(field.key);
    if (!field.definition) {
      json_.value(object.type->name);
      continue;
    }
    if (field.definition->result) path_.emplace_back(std::string_view(field.key));
    field.definition->resolve(*this, object, field);
    if (field.definition->result) path_.pop_back();
  }
  json_.end_object();
}

void Execution::list(const std::vector<Object>& objects, const PlannedField& field) {
  json_.begin_array();
  for (std::size_t i = 0; i < objects.size(); ++i) {
    path_.emplace_back(i);
    if (++list_elements_ == context_.broken_node) {
      add_error(
          "",
          "Something went wrong while executing your query. This may be the result of a timeout, or it could be a "
          "GitHub bug. Please include `0000:SIM:PARTIAL` when reporting this issue.",
          nullptr);
      json_.value(nullptr);
    } else {
      object(objects[i], field);
    }
    path_.pop_back();
  }
  json_.end_array();
}

void Execution::node_list(std::size_t count, const std::function<Object(std::size_t)>& at,
                          const std::function<std::string(std::size_t)>& missing, const PlannedField& field) {
  json_.begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    path_.emplace_back(i);
    const Object found = at(i);
    if (found.type)
      object(found, field);
    else
      refuse("NOT_FOUND", missing(i), field);
    path_.pop_back();
  }
  json_.end_array();
}

void Execution::add_error(std::string_view error_type, std::string message, const PlannedField* field) {
  nlohmann::json error;
  if (!error_type.empty()) error["type"] = error_type;
  for (const auto& step : path_) {
    if (const auto* name = std::get_if<std::string_view>(&step))
      error["path"].push_back(*name);
    else
      error["path"].push_back(std::get<std::size_t>(step));
  }
  if (field) error["locations"] = nlohmann::json::array({{{"line", field->at.line}, {"column", field->at.column}}});
  error["message"] = std::move(message);
  errors_.push_back(std::move(error));
}

void Execution::refuse(std::string_view error_type, std::string message, const PlannedField& field) {
  json_.value(nullptr);
  add_error(error_type, std::move(message), &field);
}

// GitHub wants `first` or `last`, from 1 to 100.
bool Execution::check_bounds(const PlannedField& field) {
  const auto name = field.definition->name;
  const auto first = field.integer("first");
  const auto last = field.integer("last");
  const bool needs_page = std::ranges::any_of(field.children, [](const auto& entry) {
    return std::ranges::any_of(entry.second, [](const PlannedField& child) {
      return child.definition && child.definition->name != "totalCount";
    });
  });
  if (!first && !last && needs_page) {
    refuse("MISSING_PAGINATION_BOUNDARIES",
           fmt::format("You must provide a `first` or `last` value to properly paginate the `{}` connection.", name),
           field);
    return false;
  }
  const auto wanted = first.value_or(last.value_or(0));
  if (wanted >= 0 && wanted <= 100) return true;
  refuse(wanted < 0 ? "INVALID_PAGINATION" : "EXCESSIVE_PAGINATION",
         wanted < 0
             ? fmt::format("`{}` on the `{}` connection cannot be less than zero.", first ? "first" : "last", name)
             : fmt::format("Requesting {} records on the `{}` connection exceeds the `{}` limit of 100 records.",
                           wanted, name, first ? "first" : "last"),
         field);
  return false;
}

void Execution::connection(std::string_view type, std::vector<Item> items, const PlannedField& field,
                           bool is_descending) {
  if (!check_bounds(field)) return;
  std::ranges::sort(items, {}, &Item::key);
  if (is_descending) std::ranges::reverse(items);
  const auto position_after = [&](const std::string& key) {
    const auto is_past = [&](const Item& item) { return is_descending ? item.key < key : item.key > key; };
    return static_cast<std::size_t>(std::ranges::find_if(items, is_past) - items.begin());
  };
  std::size_t low = 0;
  std::size_t high = items.size();
  if (field.argument("after")) low = position_after(read_cursor(field.text("after")));
  if (field.argument("before")) {
    const auto key = read_cursor(field.text("before"));
    const auto is_reached = [&](const Item& item) { return is_descending ? item.key <= key : item.key >= key; };
    high = static_cast<std::size_t>(std::ranges::find_if(items, is_reached) - items.begin());
  }
  high = std::max(low, high);
  if (const auto first = field.integer("first"))
    high = std::min(high, low + static_cast<std::size_t>(*first));
  else if (const auto last = field.integer("last"))
    low = std::max(low, high - std::min(high, static_cast<std::size_t>(*last)));
  else
    high = low;
  Connection page{.total = items.size(), .first = low, .has_next = high < items.size(), .has_previous = low > 0};
  for (std::size_t i = low; i < high; ++i) {
    page.nodes.push_back(items[i].object);
    page.cursors.push_back(make_cursor(items[i].key));
  }
  write_connection(type, std::move(page), field);
}

void Execution::long_connection(std::string_view type, std::size_t total, std::string_view cursor_prefix,
                                const std::function<Object(std::size_t)>& at, const PlannedField& field) {
  if (!check_bounds(field)) return;
  const auto position = [&](std::string_view argument) -> std::optional<std::size_t> {
    const auto text = field.text(argument);
    const auto space = text.rfind(' ');
    if (space == std::string::npos) return std::nullopt;
    return static_cast<std::size_t>(std::max<std::int64_t>(-1, parse_integer(text.substr(space + 1)).value_or(-1)) + 1);
  };
  std::size_t low = std::min(total, position("after").value_or(0));
  std::size_t high = total;
  if (const auto before = position("before")) high = std::min(total, *before - std::min<std::size_t>(*before, 1));
  high = std::max(low, high);
  if (const auto first = field.integer("first"))
    high = std::min(high, low + static_cast<std::size_t>(*first));
  else if (const auto last = field.integer("last"))
    low = std::max(low, high - std::min(high, static_cast<std::size_t>(*last)));
  else
    high = low;
  Connection page{.total = total, .first = low, .has_next = high < total, .has_previous = low > 0};
  for (std::size_t i = low; i < high; ++i) {
    page.nodes.push_back(at(i));
    page.cursors.push_back(fmt::format("{} {}", cursor_prefix, i));
  }
  write_connection(type, std::move(page), field);
}

void Execution::write_connection(std::string_view type, Connection connection, const PlannedField& field) {
  connections_.push_back(std::move(connection));
  object({.type = &Schema::get().at(type), .data = &connections_.back()}, field);
}

Object Execution::repository(const Repository* repository) const {
  if (!repository) return {};
  return {.type = type_of<"Repository">(), .repository = repository};
}

Object Execution::account(Index index) const {
  if (index == k_none || index == world().ghost()) return {};
  const auto kind = world().account(index).kind;
  const TypeDef* account_type = kind == AccountKind::bot            ? type_of<"Bot">()
                                : kind == AccountKind::organization ? type_of<"Organization">()
                                                                    : type_of<"User">();
  return {.type = account_type, .data = &world().account(index), .index = index};
}

Object Execution::commit(const Repository& repository, Index index) const {
  if (index == k_none) return {};
  return {.type = type_of<"Commit">(), .repository = &repository, .data = &repository.commits[index], .index = index};
}

}  // namespace weir::sim::graphql
