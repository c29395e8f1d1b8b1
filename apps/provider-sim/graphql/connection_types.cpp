// Connections, their edges and page information: alike for every node type. `data` is the Connection; of an edge
// `index` is the node's place in it.
#include <array>

#include "provider-sim/graphql/fields.hpp"

namespace weir::sim::graphql {
namespace {

struct Shape {
  std::string_view connection;
  std::string_view edge;
  std::string_view nodes;  // "[Repository]"
  std::string_view edges;  // "[RepositoryEdge]"
  std::string_view node;   // "Repository"
};
constexpr std::array<Shape, 17> k_shapes{
    {{"RepositoryConnection", "RepositoryEdge", "[Repository]", "[RepositoryEdge]", "Repository"},
     {"RefConnection", "RefEdge", "[Ref]", "[RefEdge]", "Ref"},
     {"CommitConnection", "CommitEdge", "[Commit]", "[CommitEdge]", "Commit"},
     {"CommitHistoryConnection", "", "[Commit]", "[CommitEdge]", "Commit"},
     {"ComparisonCommitConnection", "", "[Commit]", "[CommitEdge]", "Commit"},
     {"PullRequestConnection", "PullRequestEdge", "[PullRequest]", "[PullRequestEdge]", "PullRequest"},
     {"PullRequestCommitConnection", "PullRequestCommitEdge", "[PullRequestCommit]", "[PullRequestCommitEdge]",
      "PullRequestCommit"},
     {"PullRequestReviewConnection", "PullRequestReviewEdge", "[PullRequestReview]", "[PullRequestReviewEdge]",
      "PullRequestReview"},
     {"ReviewRequestConnection", "ReviewRequestEdge", "[ReviewRequest]", "[ReviewRequestEdge]", "ReviewRequest"},
     {"IssueConnection", "IssueEdge", "[Issue]", "[IssueEdge]", "Issue"},
     {"IssueCommentConnection", "IssueCommentEdge", "[IssueComment]", "[IssueCommentEdge]", "IssueComment"},
     {"ReleaseConnection", "ReleaseEdge", "[Release]", "[ReleaseEdge]", "Release"},
     {"LabelConnection", "LabelEdge", "[Label]", "[LabelEdge]", "Label"},
     {"UserConnection", "UserEdge", "[User]", "[UserEdge]", "User"},
     {"TeamConnection", "TeamEdge", "[Team]", "[TeamEdge]", "Team"},
     {"TeamMemberConnection", "TeamMemberEdge", "[User]", "[TeamMemberEdge]", "User"},
     {"OrganizationMemberConnection", "OrganizationMemberEdge", "[User]", "[OrganizationMemberEdge]", "User"}}};

const Connection& connection_of(const O& o) { return o.as<Connection>(); }

void nodes(E& e, const O& o, const F& f) { e.list(connection_of(o).nodes, f); }

void edges(E& e, const O& o, const F& f) {
  std::vector<Object> list;
  list.reserve(connection_of(o).nodes.size());
  const TypeDef& type = Schema::get().at(f.definition->named());
  for (Index i = 0; i < connection_of(o).nodes.size(); ++i) list.push_back({.type = &type, .data = o.data, .index = i});
  e.list(list, f);
}

void page_info(E& e, const O& o, const F& f) { e.object({.type = type_of<"PageInfo">(), .data = o.data}, f); }

void cursor(E& e, const O& o, bool is_end) {
  const auto& cursors = connection_of(o).cursors;
  if (cursors.empty())
    e.json().value(nullptr);
  else
    e.json().value(is_end ? cursors.back() : cursors.front());
}

}  // namespace

std::vector<TypeDef> connection_types() {
  std::vector<TypeDef> types;
  for (const Shape& shape : k_shapes) {
    TypeDef type{.name = shape.connection};
    type.fields = {{"edges", shape.edges, edges},
                   {"nodes", shape.nodes, nodes},
                   {"pageInfo", "PageInfo!", page_info},
                   {"totalCount", "Int!", [](E& e, const O& o, const F&) { e.json().value(connection_of(o).total); }}};
    types.push_back(std::move(type));
    if (shape.edge.empty()) continue;
    TypeDef edge{.name = shape.edge};
    edge.fields = {
        {"cursor", "String!", [](E& e, const O& o, const F&) { e.json().value(connection_of(o).cursors[o.index]); }},
        {"node", shape.edge == "TeamMemberEdge" ? "User!" : shape.node,
         [](E& e, const O& o, const F& f) { e.object(connection_of(o).nodes[o.index], f); }}};
    if (shape.edge == "TeamMemberEdge")
      edge.fields.push_back({"role", "TeamMemberRole!", [](E& e, const O&, const F&) { e.json().value("MEMBER"); }});
    types.push_back(std::move(edge));
  }
  TypeDef info{.name = "PageInfo"};
  info.fields = {
      {"endCursor", "String", [](E& e, const O& o, const F&) { cursor(e, o, true); }},
      {"startCursor", "String", [](E& e, const O& o, const F&) { cursor(e, o, false); }},
      {"hasNextPage", "Boolean!", [](E& e, const O& o, const F&) { e.json().value(connection_of(o).has_next); }},
      {"hasPreviousPage", "Boolean!",
       [](E& e, const O& o, const F&) { e.json().value(connection_of(o).has_previous); }}};
  types.push_back(std::move(info));
  return types;
}

}  // namespace weir::sim::graphql
