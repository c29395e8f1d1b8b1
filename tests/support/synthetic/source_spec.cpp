#include "tests/support/synthetic/source_spec.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include <fmt/format.h>

namespace weir::synthetic {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, FaultKind>, 6> k_kinds{
    {{"transient", FaultKind::transient},
     {"unreachable", FaultKind::unreachable},
     {"limited", FaultKind::limited},
     {"needs_credentials", FaultKind::needs_credentials},
     {"hang", FaultKind::hang},
     {"slow", FaultKind::slow}}};

Fault parse_fault(const json& value) {
  Fault fault;
  const auto name = value.at("kind").get<std::string>();
  const auto* kind = std::ranges::find(k_kinds, name, &std::pair<std::string_view, FaultKind>::first);
  if (kind == k_kinds.end()) throw std::invalid_argument(fmt::format("there is no fault '{}'", name));
  fault.kind = kind->second;
  fault.partition = value.value("partition", "");
  fault.script = value.value("script", "");
  fault.hits_listing = value.value("listing", false);
  fault.probability = value.value("probability", 1.0);
  fault.every = value.value("every", std::int64_t{1});
  fault.seconds = value.value("seconds", 1.0);
  return fault;
}

void parse_clock(const json& clock, SourceSpec& spec) {
  if (clock.is_string()) {
    spec.is_clock_real = clock == "real";
    return;
  }
  spec.clock_file = clock.at("file").get<std::string>();
  spec.clock_step = parse_duration(clock.value("step", "0s")).value_or(std::chrono::seconds(0));
}

SourceSpec parse_spec(const json& document, const std::filesystem::path& file) {
  SourceSpec spec;
  spec.file = file;
  document.at("world").get_to(spec.world);
  spec.page_size = document.value("page_size", spec.page_size);
  const auto address = document.value("address", "offset");
  spec.address = address == "token"    ? plugin::PageAddress::token
                 : address == "number" ? plugin::PageAddress::number
                                       : plugin::PageAddress::offset;
  if (document.contains("results_max")) spec.results_max = document.at("results_max").get<std::int64_t>();
  spec.payload_bytes = document.value("payload_bytes", spec.payload_bytes);
  if (document.contains("clock")) parse_clock(document.at("clock"), spec);
  spec.token = document.value("token", "");
  for (const auto& fault : document.value("faults", json::array())) spec.faults.push_back(parse_fault(fault));
  return spec;
}

// Adds to a number in a file that several processes share; the new value.
std::int64_t add_to_file(const std::filesystem::path& file, std::int64_t amount, std::int64_t absent) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::runtime_error(fmt::format("{} cannot be opened", file.string()));
  ::flock(descriptor, LOCK_EX);
  std::array<char, 32> text{};
  const auto size = ::pread(descriptor, text.data(), text.size() - 1, 0);
  const auto value = (size > 0 ? std::stoll(text.data()) : absent) + amount;
  const auto written = fmt::format("{:020}", value);
  if (::pwrite(descriptor, written.data(), written.size(), 0) != static_cast<ssize_t>(written.size()))
    throw std::runtime_error(fmt::format("{} cannot be written", file.string()));
  ::close(descriptor);
  return value;
}

}  // namespace

Result<SourceSpec> read_source_spec(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::invalid_input, fmt::format("SYNTHETIC_SPEC names no file: {}", file.string()));
  try {
    return parse_spec(json::parse(in), file);
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input, fmt::format("{} is no synthetic source: {}", file.string(), error.what()));
  }
}

Instant read_clock(const SourceSpec& spec, const World& world, bool moves) {
  if (spec.is_clock_real) return system_clock().now();
  if (spec.clock_file.empty()) return world.quiet_from();
  const auto begin = spec.world.begin.time_since_epoch().count();
  return Instant(Duration(add_to_file(spec.clock_file, moves ? spec.clock_step.count() : 0, begin)));
}

std::int64_t count_request(const SourceSpec& spec) { return add_to_file(spec.file.string() + ".requests", 1, 0); }

}  // namespace weir::synthetic
