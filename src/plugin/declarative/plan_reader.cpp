#include "plugin/declarative/plan_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plugin/declarative/conditional.hpp"
#include "plugin/declarative/request_reader.hpp"
#include "plugin/declarative/rows_reader.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr Roots k_base{Root::env, Root::now};
constexpr Roots k_asked = k_base.with({Root::partition, Root::window, Root::cursor, Root::page});

constexpr std::array<std::string_view, 14> k_keys{"partition", "request", "pages",  "records", "key",
                                                  "filter",    "vars",    "map",    "rows",    "errors",
                                                  "heads",     "until",   "lookup", "lists"};

nlohmann::json to_json(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::scalar) return node.text;
  auto json = node.kind == YamlNode::Kind::list ? nlohmann::json::array() : nlohmann::json::object();
  for (const auto& item : node.items) json.push_back(to_json(item));
  for (const auto& [key, value] : node.entries) json[key.text] = to_json(value);
  return json;
}

// What changes the meaning of rows; pages and error rules change only how they are come by.
std::string canonical_of(const YamlNode& root) {
  nlohmann::json parts;
  for (const auto* key :
       {"partition", "request", "records", "key", "filter", "vars", "map", "rows", "heads", "lookup", "lists"})
    if (const auto* node = root.find(key)) parts[key] = to_json(*node);
  return parts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

AuthPlan read_auth(TemplateReader& reader, const YamlNode& node) {
  const auto read = [&](const YamlNode& mapping, std::string_view key) {
    return reader.read(mapping, key, k_base, Secrets::allowed);
  };
  AuthPlan auth{.when = read(node, "when"), .kind = {}};
  int kinds = 0;
  const auto set = [&](auto kind) {
    auth.kind = std::move(kind);
    ++kinds;
  };
  if (node.find("bearer") != nullptr) set(BearerAuth{read(node, "bearer")});
  if (const auto* at = node.find("basic")) set(BasicAuth{read(*at, "user"), read(*at, "password")});
  if (const auto* at = node.find("header")) set(HeaderAuth{yaml_text(*at, "name"), read(*at, "value")});
  if (const auto* at = node.find("query")) set(QueryAuth{yaml_text(*at, "name"), read(*at, "value")});
  if (const auto* at = node.find("oauth2"))
    set(ClientCredentialsAuth{read(*at, "tokenUrl"), read(*at, "clientId"), read(*at, "clientSecret"),
                              read(*at, "scope")});
  if (const auto* at = node.find("githubApp"))
    set(GithubAppAuth{read(*at, "appId"), read(*at, "privateKey"), read(*at, "installationId")});
  if (kinds != 1)
    reader.report(node, fmt::format("here are {} ways to prove who asks", kinds),
                  "write exactly one of bearer, basic, header, query, oauth2 and githubApp");
  return auth;
}

// The script file's reader: each part knows what the ones before it declared.
class PlanBuilder {
 public:
  PlanBuilder(const YamlNode& root, PlanSource source, const ScriptPlanContext& context)
      : root_(root), context_(context), reader_(source) {}

  std::shared_ptr<const ScriptPlan> build() {
    plan_.service = context_.service;
    plan_.is_full = context_.script.cursor == CursorKind::full;
    if (!plan_.service)
      reader_.report(root_, "the provider does not say where it is", "add http: {url: …} to its provider.yaml");
    read_partition();
    read_heads();
    read_listing();
    read_lookup();
    read_lists();
    read_records();
    check_cursor();
    check_conditional();
    finish_partition();
    plan_.canonical = canonical_of(root_);
    return std::make_shared<const ScriptPlan>(std::move(plan_));
  }

 private:
  void finish_partition() {
    if (!plan_.partition) return;
    std::set<std::string> columns(reader_.partition_columns().begin(), reader_.partition_columns().end());
    columns.insert(plan_.partition->key_columns.begin(), plan_.partition->key_columns.end());
    plan_.partition->columns.assign(columns.begin(), columns.end());
  }

  void read_partition() {
    const auto* node = root_.find("partition");
    if (node == nullptr) return;
    auto& partition = plan_.partition.emplace();
    const auto* name = node->find("resource");
    const auto* list = node->find("list");
    if ((name != nullptr) == (list != nullptr))
      return reader_.report(*node, "partitions come from a resource or from a list", "write exactly one of the two");
    const load::Resource* resource = nullptr;
    if (name != nullptr) resource = find_parent(*name, partition);
    if (list != nullptr) partition.list = reader_.read(*list, k_base);
    reader_.set_partition(resource, list != nullptr);
    if (resource == nullptr && list == nullptr) return;
    const auto known = k_base.with({Root::partition});
    partition.key = reader_.read(*node, "key", known);
    partition.title = reader_.read(*node, "title", known);
    partition.filter = reader_.read(*node, "filter", known);
    partition.changed_at = reader_.read(*node, "changedAt", known);
    partition.rows_of = reader_.read_named(*node, "rowsOf", known);
    if (resource != nullptr)
      for (std::size_t i = 0; i < resource->key_columns; ++i)
        partition.key_columns.push_back(resource->columns[i].name);
    check_rows_of(*node, partition);
  }

  const load::Resource* find_parent(const YamlNode& name, PartitionPlan& partition) {
    partition.resource = name.text;
    const auto* resource = context_.resources.find(name.text);
    if (resource == nullptr) {
      reader_.report(name, fmt::format("the resource '{}' is not declared", name.text),
                     fmt::format("declare it in plugins/resources/{}.yaml", name.text));
      return nullptr;
    }
    const auto& needed = context_.script.dependencies;
    const auto& provided = context_.script.resources;
    if (std::ranges::find(needed, name.text) == needed.end() &&
        std::ranges::find(provided, name.text) == provided.end())
      reader_.report(name, fmt::format("the script does not depend on '{}'", name.text),
                     fmt::format("add it: dependencies: [{}]", name.text));
    return resource;
  }

  // Deletions need to know which rows belong to the partition. Of a resource without these columns none are deleted.
  void check_rows_of(const YamlNode& node, const PartitionPlan& partition) {
    for (const auto& [name, value] : partition.rows_of) {
      const auto has_column = [&, &column = name](const std::string& of) {
        const auto* resource = context_.resources.find(of);
        return resource == nullptr || resource->find(column);
      };
      if (std::ranges::none_of(context_.script.resources, has_column))
        reader_.report(*node.find("rowsOf"), fmt::format("no resource of the script has a column '{}'", name),
                       "name a column of the rows that belong to the partition");
    }
    if (context_.script.cursor == CursorKind::full && partition.rows_of.empty())
      reader_.report(node, "it is not known which rows belong to a partition",
                     "add rowsOf: {repo_key: \"{{ partition.… }}\"}");
  }

  Roots asked() const { return context_.script.cursor == CursorKind::heads ? k_asked.with({Root::head}) : k_asked; }

  void read_heads() {
    const auto* node = root_.find("heads");
    const bool is_heads = context_.script.cursor == CursorKind::heads;
    if (is_heads != (node != nullptr))
      return reader_.report(node == nullptr ? root_ : *node,
                            is_heads ? "a cursor of kind heads needs to know the heads" : "'heads' has no meaning here",
                            is_heads ? "add heads: {request: …, name: …, value: …}" : "write cursor: {kind: heads}");
    if (node == nullptr) return;
    auto& heads = plan_.heads.emplace();
    if (const auto* request = node->find("request")) heads.requests = read_requests(reader_, *request, k_asked);
    if (heads.requests.empty() && node->find("records") == nullptr)
      reader_.report(*node, "it is not said where the heads are listed", "add request, or records over partition");
    if (const auto* pages = node->find("pages")) heads.pages = read_pages(reader_, *pages, k_asked);
    heads.records = reader_.read(*node, "records", answer_roots(k_asked).without(Root::records));
    heads.name = reader_.read(*node, "name", k_asked.with({Root::record}));
    heads.value = reader_.read(*node, "value", k_asked.with({Root::record}));
    heads.trunk = reader_.read(*node, "trunk", k_asked);
  }

  void read_listing() {
    const auto* request = root_.find("request");
    if (request == nullptr)
      reader_.report(root_, "the script asks for nothing", "add request: {url: …}, or name a built-in with builtin:");
    else
      plan_.requests = read_requests(reader_, *request, asked());
    if (const auto* pages = root_.find("pages")) plan_.pages = read_pages(reader_, *pages, asked());
    plan_.records = reader_.read(root_, "records", answer_roots(asked()).without(Root::records));
    plan_.errors = read_errors(reader_, root_, asked());
    plan_.until = reader_.read(root_, "until", answer_roots(asked()));
  }

  void read_lookup() {
    const auto* node = root_.find("lookup");
    if (node == nullptr) return;
    const auto known = asked().with({Root::records});
    auto& lookup = plan_.lookup.emplace();
    lookup.request = read_request(reader_, *node->find("request"), known);
    lookup.records = reader_.read(*node, "records", answer_roots(known));
    lookup.key = reader_.read(*node, "key", known.with({Root::item}));
    lookup.of = reader_.read(*node, "of", known.with({Root::record}));
  }

  void read_lists() {
    const auto* node = root_.find("lists");
    if (node == nullptr) return;
    const auto add = [&](const YamlNode& item) {
      const auto known = asked().with({Root::record});
      ListPlan list{.name = yaml_text(item, "name")};
      list.items = reader_.read(item, "items", known);
      list.next = reader_.read(item, "next", known);
      list.request = read_request(reader_, *item.find("request"), known);
      list.records = reader_.read(item, "records", answer_roots(known).without(Root::records));
      list.pages = read_pages(reader_, *item.find("pages"), known);
      if (list.pages.style != PageStyle::token)
        reader_.report(*item.find("pages"), "the pages of a list go by token", "write {by: token, next: …}");
      if (std::ranges::find(plan_.lists, list.name, &ListPlan::name) != plan_.lists.end())
        reader_.report(item, fmt::format("there are two lists '{}'", list.name), "give each a name of its own");
      plan_.lists.push_back(std::move(list));
    };
    if (node->kind == YamlNode::Kind::list)
      std::ranges::for_each(node->items, add);
    else
      add(*node);
  }

  void read_records() {
    auto known = asked().with({Root::record, Root::index, Root::response});
    if (plan_.lookup) known.add(Root::detail);
    plan_.key = reader_.read_path(root_, "key", Root::record, known);
    if (const auto* cursor = root_.find("cursor")) plan_.at = reader_.read_path(*cursor, "field", Root::record, known);
    plan_.filter = reader_.read(root_, "filter", known);
    if (!plan_.lists.empty()) known.add(Root::lists);
    plan_.vars = reader_.read_named(root_, "vars", known.with({Root::vars}));
    if (!plan_.vars.empty()) known.add(Root::vars);
    plan_.rows = read_rows(reader_, root_, context_.script, context_.resources, known);
    check_names();
  }

  void check_names() {
    for (const auto& rows : plan_.rows) {
      check_names_of(rows.each);
      for (const auto& column : rows.columns) check_names_of(column.value);
    }
    for (const auto& var : plan_.vars) check_names_of(var.value);
  }

  void check_names_of(const Template& text) {
    const auto check = [&](Root root, const auto& is_known) {
      for (const auto& [key, offset] : text.keys_of(root))
        if (!is_known(key))
          reader_.report(text.place().problem(
              {offset, fmt::format("there is no '{}' in {}", key, name_of(root)), "declare it there"}));
    };
    check(Root::vars,
          [&](auto key) { return std::ranges::find(plan_.vars, key, &NamedTemplate::name) != plan_.vars.end(); });
    check(Root::lists,
          [&](auto key) { return std::ranges::find(plan_.lists, key, &ListPlan::name) != plan_.lists.end(); });
  }

  void check_cursor() {
    const auto kind = context_.script.cursor;
    const bool needs_field = kind == CursorKind::ascending || kind == CursorKind::descending;
    if (needs_field && plan_.at.is_absent())
      reader_.report(*root_.find("cursor"), fmt::format("a cursor of kind {} needs a field", to_string(kind)),
                     "add field: the time that the listing is sorted by");
    if (plan_.pages.style == PageStyle::keyset && kind != CursorKind::ascending)
      reader_.report(*root_.find("pages"), "pages by keyset need an ascending cursor",
                     "write cursor: {order: ascending, …}, or walk the pages by link, number, offset or token");
    if (const auto* cursor = root_.find("cursor"))
      plan_.granularity = yaml_duration(*cursor, "granularity", std::chrono::seconds(1));
  }

  void check_conditional() {
    const auto asks = [](const RequestPlan& request) { return request.pages && request.pages->is_conditional; };
    if (plan_.heads && plan_.heads->pages.is_conditional) plan_.pages.is_conditional = true;
    if (!plan_.pages.is_conditional && std::ranges::none_of(plan_.requests, asks)) return;
    plan_.row_inputs = row_inputs_of(plan_);
    const auto kind = context_.script.cursor;
    auto why = why_never_unchanged(plan_);
    if (kind == CursorKind::window || kind == CursorKind::ascending)
      why = fmt::format("the requests of a cursor of kind {} are others in every pass", to_string(kind));
    if (!why) return;
    const auto* pages = root_.find("pages");
    reader_.report(pages == nullptr ? root_ : *pages, "its first page cannot be asked for conditionally: " + *why,
                   "remove conditional");
  }

  const YamlNode& root_;
  const ScriptPlanContext& context_;
  TemplateReader reader_;
  ScriptPlan plan_;
};

}  // namespace

std::span<const std::string_view> declarative_keys() { return k_keys; }

std::shared_ptr<const ServicePlan> read_service(const YamlNode& http, PlanSource source) {
  TemplateReader reader(source);
  ServicePlan service;
  service.url = reader.read(http, "url", k_base);
  service.headers = reader.read_named(http, "headers", k_base);
  service.errors = read_errors(reader, http, k_base);
  service.slots_max = yaml_integer(http, "parallel", service.slots_max);
  if (yaml_text(http, "foreignLinks") == "rebase") service.foreign_links = http::ForeignLink::rebase;
  if (const auto* auth = http.find("auth")) {
    if (auth->kind == YamlNode::Kind::list)
      for (const auto& item : auth->items) service.auth.push_back(read_auth(reader, item));
    else
      service.auth.push_back(read_auth(reader, *auth));
  }
  return std::make_shared<const ServicePlan>(std::move(service));
}

std::shared_ptr<const ScriptPlan> read_script_plan(const YamlNode& root, PlanSource source,
                                                   const ScriptPlanContext& context) {
  return PlanBuilder(root, source, context).build();
}

}  // namespace weir::plugin::declarative
