#include <cstdio>

#include <fmt/format.h>

int main() {
  fmt::print("weir {}\n", WEIR_VERSION);
  return 0;
}
