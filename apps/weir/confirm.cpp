#include "weir/confirm.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include <fmt/format.h>
#include <sodium.h>

namespace weir::app {
namespace {

// The process's terminal, with its echo switched off while this lives.
class QuietTerminal {
 public:
  QuietTerminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (fd_ < 0) return;
    if (::tcgetattr(fd_, &before_) != 0) return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_quiet_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (is_quiet_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
    if (fd_ >= 0) ::close(fd_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_usable() const { return is_quiet_; }
  void say(std::string_view text) const {
    [[maybe_unused]] const auto written = ::write(fd_, text.data(), text.size());
  }

  // One line; nullopt at the end of input.
  std::optional<Secret> read_line() const {
    constexpr std::size_t k_line_bytes_max = 65'536;
    std::string line;
    line.reserve(k_line_bytes_max);  // never moved, so that no copy is left behind
    for (char c = 0; line.size() < k_line_bytes_max;) {
      const auto got = ::read(fd_, &c, 1);
      if (got <= 0 || c == '\n') {
        if (got <= 0 && line.empty()) return std::nullopt;
        break;
      }
      line += c;
    }
    return Secret(std::move(line));
  }

 private:
  int fd_;
  termios before_{};
  bool is_quiet_ = false;
};

}  // namespace

Result<> confirm(const Cli& cli, Consent consent, std::string_view what) {
  if (consent == Consent::given) return {};
  const bool can_ask = !cli.json && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
  if (!can_ask) return fail(ErrorCode::usage, fmt::format("this {}; to go on, add --yes", what));
  fmt::print(stderr, "This {}. Go on? [y/N] ", what);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return fail(ErrorCode::usage, "nothing was done");
}

Result<Secret> ask_secret(std::string_view name) {
  const QuietTerminal terminal;
  if (!terminal.is_usable())
    return fail(
        ErrorCode::usage,
        fmt::format("--secret-prompt {} needs a terminal; without one use --secret-env or --secret-file", name));
  terminal.say(fmt::format("{}: ", name));
  auto secret = terminal.read_line();
  terminal.say("\n");
  if (!secret || secret->empty()) return fail(ErrorCode::usage, fmt::format("no {} was given: nothing was done", name));
  return std::move(*secret);
}

}  // namespace weir::app
