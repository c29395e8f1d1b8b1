// synthetic_truth SPEC [all]: the live records of a synthetic source at its clock's now, one JSON object a line, in
// order of partition and item: what a complete import's table holds. With `all` also those that are deleted at the
// provider, which only a full listing can know.
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "tests/support/synthetic/source_spec.hpp"

namespace {

void print_records(const weir::synthetic::WorldView& view, bool with_deleted) {
  for (const int partition : view.partitions())
    for (const auto& record : view.records(partition))
      if (record.revision > 0 && (with_deleted || !record.is_deleted))
        fmt::print("{}\n", nlohmann::json{{"partition_key", fmt::format("p{}", partition)},
                                          {"item_key", record.key},
                                          {"revision", record.revision},
                                          {"is_deleted", record.is_deleted},
                                          {"source_updated_at", weir::format_rfc3339(record.updated_at)}}
                               .dump());
}

}  // namespace

int main(int argc, char** argv) {
  const auto spec = weir::synthetic::read_source_spec(argc > 1 ? argv[1] : "");
  if (!spec) {
    fmt::print(stderr, "synthetic_truth: {}\n", spec.error().message);
    return 2;
  }
  const weir::synthetic::World world(spec->world);
  weir::synthetic::WorldView view(world);
  view.advance_to(weir::synthetic::read_clock(*spec, world, false));
  print_records(view, argc > 2 && std::string_view(argv[2]) == "all");
  return 0;
}
