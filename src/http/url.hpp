// An absolute http or https URL, read strictly: no user info, a host that is a plain name or an IP address, a real
// port. Whoever compares two of them or opens a connection sees the same host and port: what remains leaves nothing for
// two parsers to disagree about. Characters that may not stand in a path or query are percent-encoded.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::http {

constexpr std::size_t k_url_bytes_max = std::size_t{16} * 1024;

// Who answers: what a token may be sent to.
struct Origin {
  std::string scheme;  // http or https
  std::string host;    // lower case; an IPv6 address in brackets
  std::uint16_t port = 0;

  std::string to_string() const;  // https://host, https://host:8443
  auto operator<=>(const Origin&) const = default;
};

class Url {
 public:
  static Result<Url> parse(std::string_view text);

  // A link or Location found in an answer from this URL (RFC 3986, 5.2); a fragment is dropped.
  Result<Url> resolve(std::string_view reference) const;
  // A path below this URL's own, whose prefix (/api/v3) is kept; `path_and_query` is taken as written.
  Result<Url> join(std::string_view path_and_query) const;
  // The query with the first value of `name` replaced and further ones removed, or added at its end.
  Url with_query(std::string_view name, std::string_view value) const;
  // This path and query at another origin, below the path prefix of `base` (added where it is not there already).
  Url rebased_onto(const Url& base) const;

  const Origin& origin() const { return origin_; }
  const std::string& path() const { return path_; }    // encoded, begins with /
  const std::string& query() const { return query_; }  // encoded, without ?
  std::string text() const;
  // For messages: values of the query that might be secrets are replaced by ***.
  std::string redacted() const;

  bool operator==(const Url&) const = default;

 private:
  Origin origin_;
  std::string path_ = "/";
  std::string query_;
};

// Unreserved characters stay, the rest becomes %XX: for a value of a query or one segment of a path.
std::string percent_encode(std::string_view value);

}  // namespace weir::http
