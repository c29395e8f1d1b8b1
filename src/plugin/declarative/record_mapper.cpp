#include "plugin/declarative/record_mapper.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace weir::plugin::declarative {
namespace {

std::optional<std::int64_t> integer_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return *integer;
  if (const auto* number = value.as<double>())
    return *number == std::trunc(*number) && std::abs(*number) < 9.2e18
               ? std::optional(static_cast<std::int64_t>(*number))
               : std::nullopt;
  const auto* text = value.as<std::string_view>();
  std::int64_t integer = 0;
  if (text == nullptr || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), integer);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(integer) : std::nullopt;
}

std::optional<double> number_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return static_cast<double>(*integer);
  if (const auto* number = value.as<double>()) return *number;
  const auto* text = value.as<std::string_view>();
  double number = 0;
  if (text == nullptr || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() && std::isfinite(number) ? std::optional(number)
                                                                                             : std::nullopt;
}

// 2026-11-21, or the day of an instant in UTC.
std::optional<std::chrono::sys_days> day_of(const Value& value) {
  if (const auto at = instant_of(value)) return std::chrono::floor<std::chrono::days>(*at);
  const auto* text = value.as<std::string_view>();
  if (text == nullptr || text->size() != 10) return std::nullopt;
  const auto at = parse_rfc3339(std::string(*text) + "T00:00:00Z");
  return at ? std::optional(std::chrono::floor<std::chrono::days>(*at)) : std::nullopt;
}

std::optional<bool> flag_of(const Value& value) {
  if (const auto* flag = value.as<bool>()) return *flag;
  const auto* text = value.as<std::string_view>();
  if (text != nullptr && (*text == "true" || *text == "false")) return *text == "true";
  return std::nullopt;
}

}  // namespace

RecordMapper::RecordMapper(const ScriptPlan& plan, PassContext& pass, Scratch& scratch)
    : plan_(plan), scratch_(scratch) {
  for (const auto& rows : plan.rows) targets_.push_back({rows, pass.rows(rows.resource)});
  for (const auto& var : plan.vars) vars_.push_back({var.name, {}});
}

void RecordMapper::add(Scope& scope, Lists lists) {
  scratch_.reset();
  lists_ = lists;
  if (const auto done = add_vars(scope); !done) return reject(targets_.front(), scope, done.error());
  for (const auto& target : targets_) add_rows(target, scope);
}

Result<bool> RecordMapper::add_vars(Scope& scope) {
  if (vars_.empty()) return true;
  for (auto& var : vars_) var.value = {};
  scope.set(Root::vars, Value::Any(Map{vars_.data(), vars_.size()}));
  for (std::size_t i = 0; i < vars_.size(); ++i) {
    const auto value = plan_.vars[i].value.evaluate(scope, scratch_);
    if (!value) return std::unexpected(value.error());
    vars_[i].value = *value;
  }
  return true;
}

void RecordMapper::add_rows(const Target& target, Scope& scope) {
  if (target.plan.each.is_absent()) return add_row(target, scope);
  const auto list = target.plan.each.evaluate(scope, scratch_);
  if (!list) return reject(target, scope, list.error());
  if (is_whole(target.plan, *list, scope)) begin_set(target, scope);
  std::int64_t index = 0;
  std::int64_t shown = 0;
  list->each([&](const Value& item) {
    scratch_.refill_steps();
    scope.set(Root::item, item);
    scope.set(Root::index, Value::Any(index++));
    if (item.is_null()) return true;
    ++shown;
    add_row(target, scope);
    return true;
  });
  note_cut(target.plan, scope, shown);
}

std::optional<std::int64_t> RecordMapper::total_of(const RowsPlan& plan, const Scope& scope) {
  if (plan.total.is_absent()) return std::nullopt;
  const auto value = plan.total.evaluate(scope, scratch_);
  return value ? integer_of(*value) : std::nullopt;
}

void RecordMapper::note_cut(const RowsPlan& plan, const Scope& scope, std::int64_t shown) {
  const auto total = total_of(plan, scope);
  if (!total || *total <= shown) return;
  if (cut_ == 0) first_cut_ = fmt::format("{} of {} items of {}", shown, *total, plan.resource);
  cut_ += *total - shown;
}

// A list that shows less than its total, or null in place of an item, may have more than it shows.
bool RecordMapper::is_whole(const RowsPlan& plan, const Value& list, const Scope& scope) {
  if (plan.parent_columns == 0 || lists_ == Lists::cut || !list.is_array()) return false;
  std::int64_t shown = 0;
  bool has_null = false;
  list.each([&](const Value& item) {
    has_null = has_null || item.is_null();
    return ++shown, !has_null;
  });
  if (has_null || shown < total_of(plan, scope).value_or(0)) return false;
  if (plan.whole_when.is_absent()) return true;
  const auto is_whole = plan.whole_when.evaluate(scope, scratch_);
  return is_whole && is_whole->is_truthy();
}

// Without a usable name of the parent nothing is known of its rows.
void RecordMapper::begin_set(const Target& target, Scope& scope) {
  scope.set(Root::item, {});
  scope.set(Root::index, {});
  parent_.assign(target.plan.parent_columns, {});
  for (const auto& column : target.plan.columns) {
    if (column.index >= parent_.size()) continue;
    const auto value = column.value.evaluate(scope, scratch_);
    if (!value || !append_text(parent_[column.index], translate(column, *value))) return;
  }
  const std::vector<std::string_view> parent(parent_.begin(), parent_.end());
  target.batch.begin_set(parent);
}

void RecordMapper::add_row(const Target& target, const Scope& scope) {
  if (!target.plan.filter.is_absent()) {
    const auto is_wanted = target.plan.filter.evaluate(scope, scratch_);
    if (!is_wanted) return reject(target, scope, is_wanted.error());
    if (!is_wanted->is_truthy()) return;
  }
  auto row = target.batch.add_row();
  for (const auto& column : target.plan.columns) {
    const auto value = column.value.evaluate(scope, scratch_);
    if (value)
      set(row, column, *value);
    else
      row.reject(value.error().message);
  }
  row.done();
}

// With as much of its key as can be made.
void RecordMapper::reject(const Target& target, const Scope& scope, const Error& error) {
  auto row = target.batch.add_row();
  for (const auto& column : target.plan.columns)
    if (column.is_key)
      if (const auto value = column.value.evaluate(scope, scratch_)) set(row, column, *value);
  row.reject(error.message);
  row.done();
}

Value RecordMapper::translate(const ColumnPlan& column, const Value& value) {
  if (column.values.empty() && !column.otherwise) return value;
  buffer_.clear();
  if (!append_text(buffer_, value)) return value;
  for (const auto& [theirs, ours] : column.values)
    if (theirs == buffer_) return Value::Any(std::string_view(ours));
  return column.otherwise ? Value(Value::Any(std::string_view(*column.otherwise))) : value;
}

void RecordMapper::set(load::RowWriter& row, const ColumnPlan& column, const Value& value) {
  const auto translated = translate(column, value);
  if (translated.is_null() || fits(row, column, translated)) return;
  if (misfits_++ == 0)
    first_misfit_ = fmt::format("{} does not fit the column '{}'", translated.type_name(), column.name);
}

bool RecordMapper::fits(load::RowWriter& row, const ColumnPlan& column, const Value& value) {
  using enum load::ColumnType;
  const auto index = column.index;
  const auto take = [](auto&& optional, auto&& setter) {
    if (!optional) return false;
    setter(*optional);
    return true;
  };
  switch (column.type) {
    case text:
      if (const auto* plain = value.as<std::string_view>()) return row.text(index, *plain), true;
      buffer_.clear();
      if (value.is_array() || value.is_object())
        append_json(buffer_, value);
      else
        append_text(buffer_, value);
      return row.text(index, buffer_), true;
    case bigint: return take(integer_of(value), [&](std::int64_t v) { row.integer(index, v); });
    case numeric:
      buffer_.clear();
      if (!append_text(buffer_, value) || !number_of(value)) return false;
      return row.numeric(index, buffer_), true;
    case double_precision: return take(number_of(value), [&](double v) { row.number(index, v); });
    case boolean: return take(flag_of(value), [&](bool v) { row.boolean(index, v); });
    case timestamptz: return take(instant_of(value), [&](Instant v) { row.instant(index, v); });
    case date: return take(day_of(value), [&](std::chrono::sys_days v) { row.date(index, v); });
    case jsonb:
      buffer_.clear();
      append_json(buffer_, value);
      return row.json(index, buffer_), true;
    case text_array: return set_texts(row, column, value);
  }
  return false;
}

bool RecordMapper::set_texts(load::RowWriter& row, const ColumnPlan& column, const Value& value) {
  if (!value.is_array()) return false;
  std::vector<std::string> made;
  std::vector<std::string_view> texts;
  made.reserve(value.size().value_or(0));
  value.each([&](const Value& item) {
    if (const auto* plain = item.as<std::string_view>()) {
      texts.push_back(*plain);
    } else if (std::string built; append_text(built, item)) {
      texts.emplace_back(made.emplace_back(std::move(built)));
    }
    return true;
  });
  row.texts(column.index, texts);
  return true;
}

}  // namespace weir::plugin::declarative
