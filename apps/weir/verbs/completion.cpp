#include "weir/completion.hpp"

#include "weir/verbs.hpp"

namespace weir::app {

void add_completion(CLI::App& root, Cli& cli) {
  auto& completion = add_command(root, "completion", "Print the completion script of a shell",
                                 {"source <(weir completion bash)", "weir completion zsh >\"${fpath[1]}/_weir\"",
                                  "weir completion fish >~/.config/fish/completions/weir.fish"});
  const auto shell = std::make_shared<std::string>();
  completion.add_option("shell", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion.callback([&root, &cli, shell] {
    cli.action = [&root, shell] {
      print(completion_script(root, *shell).value_or(""));
      return 0;
    };
  });
}

}  // namespace weir::app
