// What a declarative script does, read from its file: immutable, shared by all runs. docs/plugins.md explains each
// part.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "http/answer_class.hpp"
#include "http/next_page.hpp"
#include "load/resource.hpp"
#include "plugin/declarative/expression/template.hpp"
#include "plugin/declarative/structure.hpp"

namespace weir::plugin::declarative {

struct NamedTemplate {
  std::string name;
  Template value;
};

// How a request proves who asks. Its texts may hold secrets; nothing else's may.
struct BearerAuth {
  Template token;
};
struct BasicAuth {
  Template user, password;
};
struct HeaderAuth {
  std::string name;
  Template value;
};
struct QueryAuth {
  std::string name;
  Template value;
};
struct ClientCredentialsAuth {  // OAuth 2
  Template token_url, client_id, client_secret, scope;
};
struct GithubAppAuth {
  Template app_id, private_key, installation_id;
};
struct AuthPlan {
  Template when{};  // the first that holds is used; absent: it does
  std::variant<std::monostate, BearerAuth, BasicAuth, HeaderAuth, QueryAuth, ClientCredentialsAuth, GithubAppAuth> kind;
};

enum class ErrorAction { unreachable, empty, park, retry, fail_script, fail_source, forget_base, capped };

struct ErrorRule {
  std::vector<int> statuses{};
  std::string contains{}, header{}, header_contains{};
  Template when{};  // over response, status, headers; only of answers in JSON
  ErrorAction action = ErrorAction::retry;
  std::optional<std::chrono::seconds> wait{};  // of park
  std::string reason{};
};

// What all scripts of a provider share: where it is and how it is spoken to.
struct ServicePlan {
  Template url{};  // the configured origin, with the path prefix that relative URLs are joined to
  std::vector<NamedTemplate> headers{};
  std::vector<AuthPlan> auth{};
  std::vector<ErrorRule> errors{};  // behind those of the script
  http::ForeignLink foreign_links = http::ForeignLink::refuse;
  std::int64_t slots_max = 4;  // requests at once with one credential
};

enum class PageStyle { none, link, url, token, number, offset, keyset };

struct PagesPlan {
  PageStyle style = PageStyle::none;
  Template next{}, more{}, total{};
  std::int64_t size = 100;
  std::optional<std::int64_t> results_max{};
  bool is_conditional = false;  // see conditional.hpp
};

struct RequestPlan {
  Template when{};  // of several the first that holds is sent; absent: it does
  std::string method = "GET";
  Template url{};
  std::vector<NamedTemplate> headers{}, query{}, form{};
  std::optional<Structure> body{};
  std::string graphql{};  // the query; then the body is made of it and `variables`
  Structure variables{};
  std::string bucket = "core";
  std::string endpoint{};
  Template cost{};     // units of the budget; absent: 1
  Template records{};  // where the records of the answer are; absent: the script's
  std::optional<PagesPlan> pages{};
};

struct ColumnPlan {
  std::string name;
  std::size_t index = 0;
  load::ColumnType type = load::ColumnType::text;
  bool is_key = false;
  Template value{};
  // What the provider's words become; without an entry `otherwise`, or the value as it is.
  std::vector<std::pair<std::string, std::string>> values{};
  std::optional<std::string> otherwise{};
};

// Rows of one resource, made of each record or of each element of a list in it.
struct RowsPlan {
  std::string resource;
  Template each{};    // absent: one row for a record
  Template filter{};  // absent: all
  // The first key columns that name the record's own: its rows are all there are of it. 0: not said.
  std::size_t parent_columns = 0;
  Template whole_when{};  // of which records that is true; absent: of all
  std::vector<ColumnPlan> columns{};
  Template total{};  // how many items there are; more than `each` shows are missing
};

struct PartitionPlan {
  std::string resource{};  // its rows in the data source's tables …
  Template list{};         // … or the items of a list
  Template key{}, title{}, filter{}, changed_at{};
  std::vector<std::string> key_columns{};  // of the resource
  std::vector<std::string> columns{};      // of the resource, that expressions use, and those of its key
  // Which column of this script's rows holds which of the partition's key; for deletions.
  std::vector<NamedTemplate> rows_of{};
};

// Cursor kind heads: what is listed first, to see what changed.
struct HeadsPlan {
  std::vector<RequestPlan> requests{};
  PagesPlan pages{};
  Template records{}, name{}, value{}, trunk{};
};

// A request for more about all records of a page at once.
struct LookupPlan {
  RequestPlan request{};
  Template records{};  // of its answer
  Template key{};      // of each of them, over `item`
  Template of{};       // of the page's records, over `record`: equal to the key
};

// A list in a record that goes on: the record shows its first page, the rest is asked for.
struct ListPlan {
  std::string name;
  Template items{};  // what the record shows, over `record`
  Template next{};   // the token of the second page, over `record`; nothing: that was all
  RequestPlan request{};
  Template records{};  // the items of its answer
  PagesPlan pages{};   // by token
};

// What rows are made of beside the answer: keys of `partition` and `env`; "" for all of it.
struct RowInputs {
  std::vector<std::string> partition{}, env{};
};

struct ScriptPlan {
  std::shared_ptr<const ServicePlan> service;
  std::optional<PartitionPlan> partition{};
  std::vector<RequestPlan> requests{};
  PagesPlan pages{};
  Template records{}, key{}, at{}, filter{}, until{};
  std::vector<NamedTemplate> vars{};
  std::vector<RowsPlan> rows{};
  std::vector<ErrorRule> errors{};
  std::optional<HeadsPlan> heads{};
  std::optional<LookupPlan> lookup{};
  std::vector<ListPlan> lists{};
  RowInputs row_inputs{};  // of a script with conditional requests
  Duration granularity = std::chrono::seconds(1);
  bool is_full = false;     // what a listing does not show is deleted: it must show everything
  std::string canonical{};  // for the declaration's hash
};

}  // namespace weir::plugin::declarative
