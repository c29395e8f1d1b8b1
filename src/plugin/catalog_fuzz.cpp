// The two readers of plugin files take any bytes without crashing, hanging or growing; what they accept holds their
// promises.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "plugin/declaration_file.hpp"

namespace weir::plugin {
namespace {

Result<std::unique_ptr<ScriptRun>> refuse_start(const ScriptDeclaration&, ScriptServices) {
  return fail(ErrorCode::internal, "not in a fuzzer");
}

void check(bool condition) {
  if (!condition) std::abort();
}

load::ResourceCatalog read_resources() {
  std::string directory = std::filesystem::temp_directory_path() / "weir-fuzz-XXXXXX";
  check(::mkdtemp(directory.data()) != nullptr);
  std::ofstream(directory + "/r.yaml") << "name: r\ndescription: x\nkey: [id]\ncolumns: {id: text}\n";
  auto resources = load::ResourceCatalog::read({directory});
  std::filesystem::remove_all(directory);
  check(resources.has_value());
  return std::move(*resources);
}

void check_problems(const Problems& problems) {
  check(!problems.empty());
  for (const auto& problem : problems) {
    check(!problem.message.empty());
    check(problem.line >= 0 && problem.column >= 0);
    check(problem.to_string().size() < 20'000);
  }
}

void read_script(std::string_view text, const BuiltinRegistry& builtins) {
  static const auto resources = read_resources();
  static const auto provider = *parse_provider(
      "title: x\nconfig: {URL: {description: x}, KEY: {description: x, secret: true}}\nhttp: {url: "
      "https://x.example}\n",
      "provider.yaml", "provider");
  const auto script = parse_script(text, "fuzz.yaml", {"provider", "script", resources, builtins, &provider});
  if (!script) return check_problems(script.error());
  check(script->plan != nullptr || builtins.find(script->builtin) != nullptr);
  check(script->import_window_duration.count() > 0);
}

void read_provider(std::string_view text) {
  const auto provider = parse_provider(text, "fuzz.yaml", "provider");
  if (!provider) return check_problems(provider.error());
  check(!provider->title.empty());
  for (const auto& key : provider->config) check(!(key.is_secret && key.default_value));
}

}  // namespace
}  // namespace weir::plugin

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto builtins = [] {
    weir::plugin::BuiltinRegistry registry;
    registry.add("a", {.start = weir::plugin::refuse_start});
    return registry;
  }();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  weir::plugin::read_script(text, builtins);
  weir::plugin::read_provider(text);
  return 0;
}
