// A secret in memory: wiped when it dies, printed as *** by every formatter, and readable only by naming it.
#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace weir {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);  // takes the bytes over and wipes the argument's buffer
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  std::string_view reveal() const { return value_; }  // valid while this object lives
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace weir

template <>
struct fmt::formatter<weir::Secret> : fmt::formatter<std::string_view> {
  auto format(const weir::Secret&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format("***", context);
  }
};
