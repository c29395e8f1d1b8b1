#include "plugin/declarative/plan_keys.hpp"

namespace weir::plugin::declarative {
namespace {

using enum YamlType;

constexpr std::int64_t k_text_max = 16'000;
constexpr std::int64_t k_day = 86'400;

constexpr YamlKey expression(std::string_view name, std::string_view meaning, std::string_view absent = "none",
                             bool is_required = false) {
  return {.name = name,
          .type = text,
          .is_required = is_required,
          .default_text = absent,
          .meaning = meaning,
          .max = k_text_max};
}

constexpr YamlKey expressions(std::string_view name, std::string_view meaning) {
  return {.name = name, .type = texts, .default_text = "none", .meaning = meaning, .max = 200};
}

constexpr std::array<std::string_view, 7> k_styles{"none", "link", "url", "token", "number", "offset", "keyset"};
constexpr std::array<std::string_view, 5> k_methods{"GET", "POST", "PUT", "PATCH", "HEAD"};
constexpr std::array<std::string_view, 8> k_actions{"unreachable", "empty",      "park",       "retry",
                                                    "failScript",  "failSource", "forgetBase", "capped"};
constexpr std::array<std::string_view, 2> k_foreign{"refuse", "rebase"};

constexpr std::array k_pages{
    YamlKey{.name = "by",
            .type = word,
            .is_required = true,
            .meaning = "How the next page is found; see Pages below.",
            .choices = k_styles},
    expression("next", "The next page's URL (`by: url`) or token (`by: token`), over `response` and `headers`.",
               "required there"),
    expression("more", "Whether there are more pages, over `response`, `headers` and `records`.",
               "the Link header, `total`, or a full page"),
    expression("total", "How many records the provider says there are."),
    YamlKey{.name = "size",
            .type = integer,
            .default_text = "`100`",
            .meaning = "The largest page that the provider gives; `page.size` in requests.",
            .min = 1,
            .max = 10'000},
    YamlKey{.name = "resultsMax",
            .type = integer,
            .default_text = "none",
            .meaning =
                "How many records of a listing the provider shows at most: what is beyond is asked for in smaller "
                "windows, or newest first below the cut, where requests use `window.end`.",
            .min = 1,
            .max = 1'000'000},
    YamlKey{
        .name = "conditional",
        .type = boolean,
        .default_text = "`false`",
        .meaning = "Whether a pass begins by asking if its first page has changed; see Conditional requests below."},
};

constexpr std::array k_request{
    expression("when", "Of several requests the first for which this holds is sent.", "always"),
    expression("url", "Below the provider's `http.url` when it begins with `/`; otherwise a whole URL there.",
               "the provider's URL"),
    YamlKey{.name = "method",
            .type = word,
            .default_text = "`GET`; `POST` with a body",
            .meaning = "The request's method.",
            .choices = k_methods},
    expressions("headers", "Header fields, besides the provider's."),
    expressions("query", "Parameters of the URL; one whose value is nothing is left out."),
    YamlKey{.name = "body",
            .type = anything,
            .default_text = "none",
            .meaning = "The body, sent as JSON: any YAML with expressions in it."},
    expressions("form", "The body as fields of a form."),
    YamlKey{.name = "graphql",
            .type = text,
            .default_text = "none",
            .meaning = "A GraphQL query, sent with `variables`. Plain text: no expressions in it.",
            .max = k_text_max},
    YamlKey{.name = "variables",
            .type = anything,
            .default_text = "none",
            .meaning = "The query's variables: a mapping with expressions in it."},
    YamlKey{.name = "bucket",
            .type = name,
            .default_text = "`core`; `graphql` with a query",
            .meaning = "Which of the provider's budgets pays for it."},
    YamlKey{.name = "endpoint",
            .type = name,
            .default_text = "none",
            .meaning = "A name for what it asks, where the provider limits single endpoints."},
    expression("cost", "What it costs of the budget.", "`1`"),
    expression("records", "The list of records in the answer, when this request's differs from the script's.",
               "the script's"),
    YamlKey{.name = "pages",
            .type = mapping,
            .default_text = "the script's",
            .meaning = "The same for pages.",
            .choices = k_styles,
            .keys = k_pages},
};

constexpr std::array k_partition{
    YamlKey{.name = "resource",
            .type = name,
            .default_text = "none",
            .meaning = "One partition for each row of this resource in the data source's tables; its columns are "
                       "`partition.<column>`."},
    expression("list", "One partition for each item of a list; it is `partition.value`.", "none"),
    expression("key", "What identifies the partition for ever.", "the resource's key, or the item"),
    expression("title", "Its name for people.", "the key"),
    expression("filter", "Whether it is collected at all.", "all are"),
    expression("changedAt",
               "The instant of its last change, where the provider told: a partition that has not changed "
               "since its cursor is skipped.",
               "never skipped"),
    expressions("rowsOf",
                "Columns of this script's resources that tell which rows belong to the partition, for "
                "deletions by `cursor: {kind: full}`; of a resource without them nothing is deleted."),
};

constexpr std::array k_rows{
    YamlKey{.name = "resource", .type = name, .is_required = true, .meaning = "Whose rows they are."},
    expression("each", "A list in the record: one row for each `item`, with its place `index`.", "one row per record"),
    expression("filter", "Which rows are made.", "all"),
    expression("total",
               "With `each`: how many items the list really has, where a provider cuts it; the rest is a gap."),
    YamlKey{.name = "wholeOf",
            .type = names,
            .default_text = "rows only come and change",
            .meaning =
                "With `each`: the first columns of the key, those that name the record. The list is all that the "
                "record has, so rows of it that are no longer in the list are marked deleted.",
            .max = 10},
    expression("wholeWhen", "With `wholeOf`: whether the list is all there is, where a provider may cut it.", "always"),
    YamlKey{.name = "map", .type = anything, .is_required = true, .meaning = "The columns; see Mapping below."},
};

constexpr std::array k_error{
    YamlKey{.name = "status", .type = anything, .default_text = "any", .meaning = "A status, or a list of them."},
    YamlKey{
        .name = "contains", .type = text, .default_text = "anything", .meaning = "What the body contains.", .max = 500},
    YamlKey{.name = "header",
            .type = text,
            .default_text = "none",
            .meaning = "A header field that is present.",
            .max = 200},
    YamlKey{.name = "headerContains",
            .type = text,
            .default_text = "anything",
            .meaning = "What that field contains.",
            .max = 500},
    expression("when", "A condition over `response`, `headers` and `status`; only for answers in JSON.", "none"),
    YamlKey{.name = "do",
            .type = word,
            .is_required = true,
            .meaning = "What it means; see Errors below.",
            .choices = k_actions},
    YamlKey{.name = "wait",
            .type = duration,
            .default_text = "as the headers say",
            .meaning = "How long to park.",
            .min = 1,
            .max = 30 * k_day},
    YamlKey{
        .name = "reason", .type = text, .default_text = "the provider's words", .meaning = "For people.", .max = 300},
};

constexpr std::array k_heads{
    YamlKey{.name = "request",
            .type = mappings,
            .default_text = "none: `records` needs no answer",
            .meaning = "Lists the heads.",
            .min = 1,
            .max = 10,
            .keys = k_request},
    YamlKey{.name = "pages",
            .type = mapping,
            .default_text = "`none`",
            .meaning = "How its pages are walked.",
            .choices = k_styles,
            .keys = k_pages},
    expression("records", "The list of heads: in the answer, or made of `partition` without a request.", "the answer"),
    expression("name", "A head's name, over `record`.", "", true),
    expression("value", "What it points to, over `record`.", "", true),
    expression("trunk", "The name of the head that new ones are compared with.", "the first listed"),
};

constexpr std::array k_lookup{
    YamlKey{.name = "request",
            .type = mapping,
            .is_required = true,
            .meaning = "Asks about all `records` of a page at once.",
            .keys = k_request},
    expression("records", "The list in its answer.", "the answer"),
    expression("key", "What identifies each of them, over `item`.", "", true),
    expression("of", "The same of the page's records, over `record`.", "", true),
};

constexpr std::array k_lists{
    YamlKey{.name = "name", .type = name, .is_required = true, .meaning = "What it is called: `lists.NAME`."},
    expression("items", "What the record itself shows of it, over `record`.", "", true),
    expression("next", "The token of its second page, over `record`; nothing when the record shows all.", "", true),
    YamlKey{.name = "request",
            .type = mapping,
            .is_required = true,
            .meaning = "Asks for a further page, over `record` and `page.token`.",
            .keys = k_request},
    expression("records", "The items of its answer.", "the answer"),
    YamlKey{.name = "pages",
            .type = mapping,
            .is_required = true,
            .meaning = "Where its answer says the next page is: `{by: token, next: …}`.",
            .keys = k_pages},
};

constexpr std::array k_basic{
    expression("user", "The user's name.", "", true),
    expression("password", "The password or token.", "empty"),
};
constexpr std::array k_named{
    YamlKey{.name = "name", .type = text, .is_required = true, .meaning = "The field's name.", .max = 100},
    expression("value", "Its value.", "", true),
};
constexpr std::array k_oauth2{
    expression("tokenUrl", "Where tokens are made.", "", true),
    expression("clientId", "The client's id.", "", true),
    expression("clientSecret", "The client's secret.", "", true),
    expression("scope", "The scopes asked for.", "none"),
};
constexpr std::array k_github_app{
    expression("appId", "The App's id.", "", true),
    expression("privateKey", "Its private key in PEM.", "", true),
    expression("installationId", "The installation's id.", "", true),
};

constexpr std::array k_auth{
    expression("when", "The first way for which this holds is used.", "always"),
    expression("bearer", "A token, sent as `Authorization: Bearer`.", "none"),
    YamlKey{.name = "basic", .type = mapping, .default_text = "none", .meaning = "User and password.", .keys = k_basic},
    YamlKey{.name = "header",
            .type = mapping,
            .default_text = "none",
            .meaning = "A key in a header field.",
            .keys = k_named},
    YamlKey{.name = "query",
            .type = mapping,
            .default_text = "none",
            .meaning = "A key in the URL; prefer a header.",
            .keys = k_named},
    YamlKey{.name = "oauth2",
            .type = mapping,
            .default_text = "none",
            .meaning = "A token by client credentials.",
            .keys = k_oauth2},
    YamlKey{.name = "githubApp",
            .type = mapping,
            .default_text = "none",
            .meaning = "An installation's token of a GitHub App.",
            .keys = k_github_app},
};

constexpr std::array k_http{
    expression("url", "The service's address: all requests go there, and nowhere else.", "", true),
    expressions("headers", "Header fields of every request."),
    YamlKey{.name = "auth",
            .type = mappings,
            .default_text = "none",
            .meaning = "How requests prove who asks. Only here may secrets be used.",
            .max = 10,
            .keys = k_auth},
    YamlKey{.name = "errors",
            .type = mappings,
            .default_text = "none",
            .meaning = "Rules behind those of the scripts.",
            .max = 50,
            .keys = k_error},
    YamlKey{.name = "foreignLinks",
            .type = word,
            .default_text = "`refuse`",
            .meaning = "A next page at another address: refused, or its path used at the configured one.",
            .choices = k_foreign},
    YamlKey{.name = "parallel",
            .type = integer,
            .default_text = "`4`",
            .meaning = "Requests at once with one credential, over all tenants and nodes.",
            .min = 1,
            .max = 100},
};

}  // namespace

std::span<const YamlKey> http_keys() { return k_http; }
std::span<const YamlKey> partition_keys() { return k_partition; }
std::span<const YamlKey> request_keys() { return k_request; }
std::span<const YamlKey> pages_keys() { return k_pages; }
std::span<const std::string_view> page_styles() { return k_styles; }
std::span<const YamlKey> rows_keys() { return k_rows; }
std::span<const YamlKey> error_keys() { return k_error; }
std::span<const YamlKey> heads_keys() { return k_heads; }
std::span<const YamlKey> lookup_keys() { return k_lookup; }
std::span<const YamlKey> lists_keys() { return k_lists; }

}  // namespace weir::plugin::declarative
