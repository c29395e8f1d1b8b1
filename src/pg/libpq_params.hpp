// Params in the shape that libpq takes them. Private to this module; valid while the Params live.
#pragma once
#include <vector>

#include "pg/params.hpp"

namespace weir::pg {

struct LibpqParams {
  explicit LibpqParams(const Params& params) {
    for (const auto& value : params.values()) {
      types.push_back(value.type);
      data.push_back(value.is_null ? nullptr : value.bytes.data());
      lengths.push_back(static_cast<int>(value.bytes.size()));
      formats.push_back(value.is_binary ? 1 : 0);
    }
  }
  int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> data;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace weir::pg
