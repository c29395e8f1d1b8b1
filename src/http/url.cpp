#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <boost/url.hpp>

#include "base/time.hpp"
#include "http/headers.hpp"
#include "http/ip_address.hpp"

namespace weir::http {
namespace {

namespace urls = boost::urls;

constexpr std::string_view k_hex = "0123456789ABCDEF";
constexpr std::string_view k_unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
constexpr std::string_view k_reserved = ":/?#@!$&'()*+,;=";
constexpr std::string_view k_hex_digits = "0123456789abcdefABCDEF";

bool is_in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

std::string lowered(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

void append_encoded(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += k_hex[byte >> 4U];
  out += k_hex[byte & 15U];
}

bool is_escape(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && is_in(k_hex_digits, text[at + 1]) && is_in(k_hex_digits, text[at + 2]);
}

// Encodes what may not stand in a URL. Brackets stay where an IPv6 host may be: before the path.
std::string mended(std::string_view text) {
  const auto scheme_end = text.find("://");
  const auto authority_end =
      scheme_end == std::string_view::npos ? 0 : std::min(text.find_first_of("/?#", scheme_end + 3), text.size());
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_host_bracket = (c == '[' || c == ']') && i < authority_end;
    const bool stays = is_in(k_unreserved, c) || is_in(k_reserved, c) || is_host_bracket;
    if (stays || (c == '%' && is_escape(text, i)))
      out += c;
    else
      append_encoded(out, c);
  }
  return out;
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::invalid_input, fmt::format("not a URL that Weir can call: {}", why));
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_host(std::string_view host) {
  constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  if (host.starts_with('[')) return host.ends_with(']') && parse_ip(host.substr(1, host.size() - 2)).has_value();
  return !host.empty() && host.size() <= 253 && host.find_first_not_of(k_letters) == std::string_view::npos;
}

// "" and ":" stand for the scheme's own port.
std::optional<std::uint16_t> read_port(std::string_view text, std::string_view scheme) {
  if (text.empty() || text == ":") return scheme == "https" ? 443 : 80;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
  if (text.front() != ':' || error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

Result<Origin> read_origin(const urls::url_view_base& view) {
  Origin origin;
  origin.scheme = lowered(std::string_view(view.scheme().data(), view.scheme().size()));
  if (origin.scheme != "http" && origin.scheme != "https")
    return refuse(fmt::format("its scheme is \"{}\", not http or https", origin.scheme));
  if (view.has_userinfo())
    return refuse("it holds a user name or password before the host; credentials belong into the source's secrets");
  const auto host = view.encoded_host();
  origin.host = lowered(std::string_view(host.data(), host.size()));
  if (!is_host(origin.host)) return refuse("its host is neither a plain name nor an IP address");
  // Boost.URL is lenient after the host: what follows it must be a port and nothing else.
  const auto authority = view.encoded_authority();
  const auto port = read_port(std::string_view(authority.data(), authority.size()).substr(host.size()), origin.scheme);
  if (!port) return refuse("after its host comes something that is no port between 1 and 65535");
  origin.port = *port;
  return origin;
}

// Whether a query's value is plainly no secret: a number, a time, or words in lower case (page=2, sort=updated).
bool is_harmless(std::string_view name, std::string_view value) {
  constexpr std::array k_secret_words{"token", "key", "secret", "pass", "auth", "sign", "code", "cred"};
  if (std::ranges::any_of(k_secret_words, [&](const char* word) { return contains_ignoring_case(name, word); }))
    return false;
  const auto decoded = urls::pct_string_view(value.data(), value.size()).decode();
  if (decoded.size() <= 19 && decoded.find_first_not_of("0123456789") == std::string::npos) return true;
  if (parse_rfc3339(decoded)) return true;
  return decoded.size() <= 24 && decoded.find_first_not_of("abcdefghijklmnopqrstuvwxyz_,-") == std::string::npos;
}

template <class Visit>
void for_each_parameter(std::string_view query, Visit visit) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const auto equals = part.find('=');
    visit(part, part.substr(0, equals), equals == std::string_view::npos ? "" : part.substr(equals + 1));
  }
}

void append_part(std::string& query, std::string_view part) {
  if (!query.empty()) query += '&';
  query += part;
}

}  // namespace

std::string Origin::to_string() const {
  const bool is_default = port == (scheme == "https" ? 443 : 80);
  return is_default ? fmt::format("{}://{}", scheme, host) : fmt::format("{}://{}:{}", scheme, host, port);
}

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > k_url_bytes_max) return refuse(fmt::format("it is longer than {} bytes", k_url_bytes_max));
  if (has_control_character(text)) return refuse("it holds a control character");
  const auto encoded = mended(text);
  const auto view = urls::parse_uri(encoded);
  if (!view) return refuse("it does not read as https://host/path");
  auto origin = read_origin(*view);
  if (!origin) return std::unexpected(origin.error());
  Url url;
  url.origin_ = std::move(*origin);
  const auto path = view->encoded_path();
  // Boost.URL 1.81 takes "https://host:80x/" for a path "x/".
  if (!path.empty() && path.front() != '/') return refuse("after its host comes neither a port nor a path");
  if (!path.empty()) url.path_.assign(path.data(), path.size());
  const auto query = view->encoded_query();
  url.query_.assign(query.data(), query.size());
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (reference.size() > k_url_bytes_max) return refuse(fmt::format("it is longer than {} bytes", k_url_bytes_max));
  if (has_control_character(reference)) return refuse("it holds a control character");
  const auto base = text();
  const auto encoded = mended(reference);
  const auto base_view = urls::parse_uri(base);
  const auto view = urls::parse_uri_reference(encoded);
  if (!base_view || !view) return refuse("it does not read as https://host/path");
  urls::url resolved;
  if (!urls::resolve(*base_view, *view, resolved)) return refuse("it cannot be resolved against the page it is on");
  return parse(std::string_view(resolved.data(), resolved.size()));
}

Result<Url> Url::join(std::string_view path_and_query) const {
  std::string_view prefix = path_;
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (path_and_query.starts_with('/')) path_and_query.remove_prefix(1);
  const auto separator = path_and_query.empty() || path_and_query.starts_with('?') ? "" : "/";
  return parse(fmt::format("{}{}{}{}", origin_.to_string(), prefix, separator, path_and_query));
}

Url Url::with_query(std::string_view name, std::string_view value) const {
  const auto key = percent_encode(name);
  const auto parameter = fmt::format("{}={}", key, percent_encode(value));
  Url changed = *this;
  changed.query_.clear();
  bool is_set = false;
  for_each_parameter(query_, [&](std::string_view part, std::string_view part_name, std::string_view) {
    const bool is_same = part_name == key || part_name == name;
    if (!is_same) append_part(changed.query_, part);
    if (is_same && !std::exchange(is_set, true)) append_part(changed.query_, parameter);
  });
  if (!is_set) append_part(changed.query_, parameter);
  return changed;
}

Url Url::rebased_onto(const Url& base) const {
  Url rebased = *this;
  rebased.origin_ = base.origin_;
  std::string_view prefix = base.path_;
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  const bool has_prefix = path_.starts_with(prefix) && (path_.size() == prefix.size() || path_[prefix.size()] == '/');
  if (!has_prefix) rebased.path_ = std::string(prefix) + path_;
  return rebased;
}

std::string Url::text() const {
  return fmt::format("{}{}{}{}", origin_.to_string(), path_, query_.empty() ? "" : "?", query_);
}

std::string Url::redacted() const {
  std::string query;
  for_each_parameter(query_, [&](std::string_view part, std::string_view name, std::string_view value) {
    if (name.size() == part.size())
      append_part(query, is_harmless("", name) ? name : "***");
    else
      append_part(query, is_harmless(name, value) ? std::string(part) : fmt::format("{}=***", name));
  });
  return fmt::format("{}{}{}{}", origin_.to_string(), path_, query.empty() ? "" : "?", query);
}

std::string percent_encode(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (const char c : value) {
    if (is_in(k_unreserved, c))
      out += c;
    else
      append_encoded(out, c);
  }
  return out;
}

}  // namespace weir::http
