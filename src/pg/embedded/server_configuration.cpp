#include "pg/embedded/server_configuration.hpp"

#include <fmt/format.h>

#include "pg/embedded/embedded_address.hpp"
#include "pg/roles.hpp"

namespace weir::pg {
namespace {

// A single-quoted value of postgresql.conf.
std::string quoted_value(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

// Dynamic shared memory lies in files of the data directory: /dev/shm is 64 MB in containers, and systemd empties it
// when a user logs out. Hence no parallel queries. The log leaves out the values that statements and constraints name.
constexpr std::string_view k_settings =
    R"(# Written by Weir at each start of the server; change settings with ALTER SYSTEM.
listen_addresses = ''
port = 5432
unix_socket_directories = {socket}
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
dynamic_shared_memory_type = mmap
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
jit = off
fsync = {fsync}
full_page_writes = {fsync}
synchronous_commit = on
wal_level = minimal
max_wal_senders = 0
wal_compression = on
max_wal_size = 1GB
checkpoint_timeout = 15min
autovacuum = on
timezone = 'UTC'
lc_messages = 'C'
default_text_search_config = 'pg_catalog.simple'
client_connection_check_interval = 2s
logging_collector = on
log_directory = {logs}
log_filename = 'postgresql-%a.log'
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
log_file_mode = 0600
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
cluster_name = 'weir'
)";

}  // namespace

std::string postgresql_conf(const std::filesystem::path& socket_directory, const std::filesystem::path& logs,
                            Durability durability) {
  return fmt::format(fmt::runtime(k_settings), fmt::arg("socket", quoted_value(socket_directory.native())),
                     fmt::arg("logs", quoted_value(logs.native())),
                     fmt::arg("fsync", durability == Durability::full ? "on" : "off"));
}

std::string pg_hba_conf() { return "# Written by Weir at each start of the server.\nlocal all all peer map=weir\n"; }

std::string pg_ident_conf(const Account& account) {
  std::string text = "# Written by Weir at each start of the server: system account, database role.\n";
  const auto login = RoleNames{k_embedded_database}.login();
  for (const auto& name : {account.name, std::string("root")})
    for (const auto& role : {login, std::string(k_embedded_superuser)})
      text += fmt::format("weir \"{}\" {}\n", name, role);
  return text;
}

}  // namespace weir::pg
