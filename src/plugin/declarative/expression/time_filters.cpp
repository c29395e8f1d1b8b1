#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

// Years 1 to 9999, as PostgreSQL and RFC 3339 have them.
constexpr Instant k_first{std::chrono::sys_days(std::chrono::year(1) / 1 / 1)};
constexpr Instant k_last{std::chrono::sys_days(std::chrono::year(9999) / 12 / 31)};

Value keep_instant(FilterCall& call, Instant at) {
  return at < k_first || at > k_last ? call.fail("it leaves the years 1 to 9999") : Value(Value::Any(at));
}

std::optional<double> number_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return static_cast<double>(*integer);
  if (const auto* number = value.as<double>()) return *number;
  const auto* text = value.as<std::string_view>();
  if (text == nullptr) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() && end == text->data() + text->size() ? std::optional(number) : std::nullopt;
}

std::optional<Instant> read(FilterCall& call) {
  const auto at = instant_of(call.subject);
  if (!at) call.fail(fmt::format("{} is not an instant", call.subject.type_name()));
  return at;
}

// A text that says no instant is nothing, as records have them.
Value to_instant(FilterCall& call) {
  const auto at = instant_of(call.subject);
  return at ? Value(Value::Any(*at)) : Value();
}

template <std::int64_t Units>
Value from_epoch(FilterCall& call) {
  const auto number = number_of(call.subject);
  if (!number) return {};
  constexpr double k_scale = 1'000'000.0 / static_cast<double>(Units);
  const double micros = *number * k_scale;
  if (!(micros >= static_cast<double>(k_first.time_since_epoch().count())) ||
      !(micros <= static_cast<double>(k_last.time_since_epoch().count())))
    return {};
  if (const auto* whole = call.subject.as<std::int64_t>())
    return Value::Any(Instant(Duration(*whole * (1'000'000 / Units))));
  return Value::Any(Instant(Duration(static_cast<std::int64_t>(micros))));
}

template <std::int64_t Units>
Value to_epoch(FilterCall& call) {
  const auto at = read(call);
  if (!at) return {};
  const auto micros = at->time_since_epoch();
  if constexpr (Units == 1) return Value::Any(std::int64_t{std::chrono::floor<std::chrono::seconds>(micros).count()});
  return Value::Any(std::int64_t{std::chrono::floor<std::chrono::milliseconds>(micros).count()});
}

Value rfc3339(FilterCall& call) {
  const auto at = read(call);
  return at ? call.keep(std::string_view(format_rfc3339(*at))) : Value();
}

template <int Sign>
Value shift(FilterCall& call) {
  const auto at = read(call);
  if (!at) return {};
  const auto duration = parse_duration(call.text(call.argument(0)));
  if (!duration || *duration > std::chrono::days(366 * 10'000))
    return call.fail("the argument is not a duration; write for example '90s', '15m' or '1h30m'");
  return keep_instant(call, *at + Sign * Duration(*duration));
}

struct Civil {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<Duration> time;
};

void append_field(std::string& out, char field, const Civil& at) {
  auto it = std::back_inserter(out);
  switch (field) {
    case 'Y': fmt::format_to(it, "{:04}", static_cast<int>(at.date.year())); break;
    case 'm': fmt::format_to(it, "{:02}", static_cast<unsigned>(at.date.month())); break;
    case 'd': fmt::format_to(it, "{:02}", static_cast<unsigned>(at.date.day())); break;
    case 'H': fmt::format_to(it, "{:02}", at.time.hours().count()); break;
    case 'M': fmt::format_to(it, "{:02}", at.time.minutes().count()); break;
    case 'S': fmt::format_to(it, "{:02}", at.time.seconds().count()); break;
    case 'f': fmt::format_to(it, "{:06}", at.time.subseconds().count()); break;
    default: out += field;
  }
}

Value strftime(FilterCall& call) {
  const auto at = read(call);
  const auto format = call.text(call.argument(0));
  if (!at || call.is_failed()) return {};
  const auto day = std::chrono::floor<std::chrono::days>(*at);
  const Civil civil{std::chrono::year_month_day(day), std::chrono::hh_mm_ss<Duration>(*at - day)};
  return call.build([&](std::string& out) {
    for (std::size_t i = 0; i < format.size(); ++i) {
      if (format[i] == '%' && i + 1 < format.size())
        append_field(out, format[++i], civil);
      else
        out += format[i];
    }
  });
}

Value milliseconds_to(FilterCall& call) {
  const auto from = read(call);
  const auto to = instant_of(call.argument(0));
  if (!from || !to) return {};
  return Value::Any(std::int64_t{std::chrono::floor<std::chrono::milliseconds>(*to - *from).count()});
}

constexpr std::array k_filters{
    Filter{"rfc3339", 0, 0, false, rfc3339, "an instant as text: `2026-11-21T22:49:23Z`"},
    Filter{"strftime", 1, 1, false, strftime, "`strftime('%Y-%m-%d %H:%M')`: an instant as text in UTC; also %S %f"},
    Filter{"timestamp", 0, 0, false, to_instant, "the instant that a text says (RFC 3339 and near it); else nothing"},
    Filter{"from_epoch", 0, 0, false, from_epoch<1>, "the instant of a number of seconds since 1970"},
    Filter{"from_epoch_ms", 0, 0, false, from_epoch<1000>, "the instant of a number of milliseconds since 1970"},
    Filter{"epoch", 0, 0, false, to_epoch<1>, "an instant as seconds since 1970"},
    Filter{"epoch_ms", 0, 0, false, to_epoch<1000>, "an instant as milliseconds since 1970"},
    Filter{"plus", 1, 1, false, shift<1>, "`plus('15m')`: an instant that much later"},
    Filter{"minus", 1, 1, false, shift<-1>, "`minus('15m')`: an instant that much earlier"},
    Filter{"ms_until", 1, 1, false, milliseconds_to, "`ms_until(b)`: from an instant to `b` in milliseconds"},
};

}  // namespace

std::span<const Filter> time_filters() { return k_filters; }

}  // namespace weir::plugin::declarative
