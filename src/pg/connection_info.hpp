// A database URL or connection string, taken apart by libpq and put together again for people, psql and drivers.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::pg {

class ConnectionInfo {
 public:
  // postgresql://… or `host=… dbname=…`. The error (configuration) never repeats the text, which may hold a password.
  static Result<ConnectionInfo> parse(const std::string& text);

  std::string get(const std::string& key) const;  // empty when it is not given
  ConnectionInfo& set(std::string key, std::string value);
  // Sessions begin with this role, as `SET ROLE` would.
  ConnectionInfo& set_role(std::string_view role);

  bool has_password() const;
  // postgresql://user@host:port/database?…, without the password; a socket's directory goes to the query, as drivers
  // expect.
  std::string url_without_password() const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace weir::pg
