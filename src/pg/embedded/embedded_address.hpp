// Where the private server is reached, and as whom.
#pragma once
#include <filesystem>
#include <string>

namespace weir::pg {

inline constexpr const char* k_embedded_database = "weir";
inline constexpr const char* k_embedded_superuser = "weir_super";  // for the bootstrap only

// A URL of the server behind that socket.
std::string embedded_url(const std::filesystem::path& socket_directory, const std::string& user,
                         const std::string& database = k_embedded_database);

}  // namespace weir::pg
