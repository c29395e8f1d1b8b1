#include <array>

#include "plugin/declaration_file.hpp"

namespace weir::plugin {
namespace {

using enum YamlType;

constexpr std::int64_t k_day = 86'400;

constexpr std::array k_config_keys{
    YamlKey{
        .name = "description", .type = text, .is_required = true, .meaning = "What a person sets it to.", .max = 500},
    YamlKey{.name = "required",
            .type = boolean,
            .default_text = "`false`",
            .meaning = "The source is enabled only once the key is set."},
    YamlKey{.name = "secret",
            .type = boolean,
            .default_text = "`false`",
            .meaning = "Its value is kept encrypted and never shown."},
    YamlKey{.name = "identity",
            .type = boolean,
            .default_text = "`false`",
            .meaning = "It says which system the rows came from: it cannot change after the first import."},
    YamlKey{.name = "default",
            .type = text,
            .default_text = "none",
            .meaning = "The value when it is not set; not for secrets.",
            .max = 1000},
    YamlKey{.name = "pattern",
            .type = text,
            .default_text = "anything",
            .meaning = "The regular expression (ECMAScript) that a value must match as a whole.",
            .max = 200},
};

constexpr std::array k_provider_keys{
    YamlKey{.name = "name",
            .type = text,
            .default_text = "the folder's name",
            .meaning = "The provider's name; if given, it must be the folder's.",
            .max = 40},
    YamlKey{.name = "title",
            .type = text,
            .is_required = true,
            .meaning = "The provider's name as people write it.",
            .max = 100},
    YamlKey{.name = "description",
            .type = text,
            .default_text = "empty",
            .meaning = "What is imported from it, in a sentence.",
            .max = 1000},
    YamlKey{.name = "config",
            .type = entries,
            .default_text = "no settings",
            .meaning = "The settings of a data source, by their name in its environment (capital letters, digits, _).",
            .keys = k_config_keys},
};

constexpr std::array<std::string_view, 5> k_cursor_kinds{"window", "ascending", "descending", "heads", "full"};
constexpr std::array<std::string_view, 3> k_orders{"ascending", "descending", "immutable"};
constexpr std::array<std::string_view, 1> k_everything{"everything"};

constexpr std::array k_cursor_keys{
    YamlKey{.name = "kind",
            .type = word,
            .default_text = "from `order`",
            .meaning = "How the script finds what is new; see Cursors below.",
            .choices = k_cursor_kinds},
    YamlKey{.name = "field",
            .type = text,
            .default_text = "none",
            .meaning = "The field of a record that the cursor's instant is read from.",
            .max = 200},
    YamlKey{.name = "order",
            .type = word,
            .default_text = "unspecified",
            .meaning = "How one listing is sorted: by `field`, or by something that never changes (an id).",
            .choices = k_orders},
    YamlKey{
        .name = "lookback",
        .type = duration,
        .default_text = "`0s`",
        .meaning = "How far behind the cursor every pass begins, for records that are dated earlier than they appear.",
        .max = 366 * k_day},
    YamlKey{.name = "settle",
            .type = duration,
            .default_text = "`0s`",
            .meaning = "How long the provider needs until what it lists is complete: a pass ends that long before now.",
            .max = 30 * k_day},
};

constexpr std::array k_script_keys{
    YamlKey{.name = "description",
            .type = text,
            .default_text = "empty",
            .meaning = "What the script imports, in a sentence.",
            .max = 1000},
    YamlKey{.name = "resources",
            .type = names,
            .is_required = true,
            .meaning = "The resources it provides: the tables it writes.",
            .min = 1,
            .max = 50},
    YamlKey{.name = "dependencies",
            .type = names,
            .default_text = "none",
            .meaning = "The resources it needs. Scripts that provide them run before it.",
            .max = 50},
    YamlKey{.name = "importWindowDuration",
            .type = duration,
            .default_text = "`24h`",
            .meaning = "How much time one window covers at most when a pass has to be cut: what a failure repeats.",
            .min = 1,
            .max = 3660 * k_day},
    YamlKey{.name = "importWindowDays",
            .type = integer,
            .default_text = "`90`",
            .meaning = "How many days back a first import reaches.",
            .min = 1,
            .max = 36'600,
            .choices = k_everything},
    YamlKey{.name = "cursor",
            .type = mapping,
            .default_text = "`{kind: full}`",
            .meaning = "How the script finds what is new.",
            .keys = k_cursor_keys},
    YamlKey{.name = "partitionsInParallel",
            .type = integer,
            .default_text = "`1`",
            .meaning = "How many partitions one run collects at the same time.",
            .min = 1,
            .max = 64},
    YamlKey{.name = "attempts",
            .type = integer,
            .default_text = "`3`",
            .meaning = "How often one partition is tried in one run before it becomes a gap.",
            .min = 1,
            .max = 10},
    YamlKey{.name = "builtin",
            .type = name,
            .default_text = "declarative",
            .meaning = "The built-in C++ that runs the script."},
};

}  // namespace

std::span<const YamlKey> provider_file_keys() { return k_provider_keys; }
std::span<const YamlKey> script_file_keys() { return k_script_keys; }

}  // namespace weir::plugin
