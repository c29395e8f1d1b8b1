#include "plugin/builtin/git/pack/inflater.hpp"

#include <algorithm>
#include <limits>

namespace weir::plugin::git {
namespace {

uInt piece_of(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max()));
}

}  // namespace

Inflater::Inflater() {
  if (inflateInit(&stream_) != Z_OK) throw Failure({ErrorCode::internal, "zlib does not start", {}});
}

Inflater::~Inflater() { inflateEnd(&stream_); }

void Inflater::restart() { inflateReset(&stream_); }

Result<Inflater::Step> Inflater::step(std::string_view input, char* output, std::size_t output_bytes) {
  // zlib's interface is older than const.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream_.avail_in = piece_of(input.size());
  stream_.next_out = reinterpret_cast<Bytef*>(output);
  stream_.avail_out = piece_of(output_bytes);
  const auto in = stream_.avail_in;
  const auto out = stream_.avail_out;
  const int code = inflate(&stream_, Z_NO_FLUSH);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
    return fail(ErrorCode::provider_failed, "a pack is damaged: an object cannot be unpacked");
  return Step{in - stream_.avail_in, out - stream_.avail_out, code == Z_STREAM_END};
}

}  // namespace weir::plugin::git
