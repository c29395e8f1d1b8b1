// zlib's inflate, piece by piece. Bytes are untrusted.
#pragma once
#include <string_view>

#include <zlib.h>

#include "base/error.hpp"

namespace weir::plugin::git {

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void restart();
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool is_end = false;
  };
  // Without progress and without an end: it needs more input. provider_failed: this is no deflated data.
  Result<Step> step(std::string_view input, char* output, std::size_t output_bytes);

 private:
  z_stream stream_{};
};

}  // namespace weir::plugin::git
