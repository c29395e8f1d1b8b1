#include "pg/embedded/embedded_address.hpp"

#include "pg/connection_info.hpp"

namespace weir::pg {

std::string embedded_url(const std::filesystem::path& socket_directory, const std::string& user,
                         const std::string& database) {
  ConnectionInfo info;
  info.set("host", socket_directory.native()).set("user", user).set("dbname", database);
  return info.url_without_password();
}

}  // namespace weir::pg
