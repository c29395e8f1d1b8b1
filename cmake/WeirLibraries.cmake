# The libraries Weir stands on, all from Debian 12. Each is an imported target under one name.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(GTest REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(benchmark REQUIRED)
find_package(simdjson REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)

# Asio is compiled once, in src/base/asio.cpp, instead of in every file.
add_library(weir_asio INTERFACE)
target_compile_definitions(weir_asio INTERFACE BOOST_ASIO_SEPARATE_COMPILATION)
target_link_libraries(weir_asio INTERFACE Boost::headers Threads::Threads)

# The HTTP server, on the same Asio (docs/adr/0030).
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)
add_library(weir_restinio INTERFACE)
target_compile_definitions(weir_restinio INTERFACE RESTINIO_USE_BOOST_ASIO nsel_CONFIG_SELECT_EXPECTED=1)
target_link_libraries(weir_restinio INTERFACE weir_asio fmt::fmt ${HTTP_PARSER_LIBRARY})
