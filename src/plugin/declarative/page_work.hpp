// What it takes to get one page and make its rows. Several passes of a run may do so in turns: each takes a PageWork of
// its own, whose parser, arena and buffers are used again for the next page.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plugin/declarative/document.hpp"
#include "plugin/declarative/plan.hpp"
#include "plugin/declarative/record_mapper.hpp"
#include "plugin/declarative/run_scope.hpp"
#include "plugin/script.hpp"
#include "plugin/walk/walk.hpp"

namespace weir::plugin::declarative {

// What the pages of a run share.
struct RunExchange {
  RunExchange(const ScriptPlan& given_plan, const ScriptServices& services, http::Url given_base,
              std::unique_ptr<Requester> given_requester)
      : plan(given_plan),
        environment(services.environment),
        clock(services.clock),
        base(std::move(given_base)),
        requester(std::move(given_requester)) {}

  const ScriptPlan& plan;
  EnvironmentValues environment;
  Clock& clock;
  http::Url base;
  std::unique_ptr<Requester> requester;
  RequestCounts counted{};  // those of `requester` that a pass was told
  std::optional<Duration> clock_offset{};
  std::int64_t page_size_max = 0;  // what the provider managed in time; 0: no bound yet
};

// One head of a script of kind heads.
struct Head {
  std::string name, value;
  std::optional<std::string> known{}, base{};
};

// What is asked for, and how its answer is read: the script's listing, or its heads.
struct PageSource {
  const std::vector<RequestPlan>& requests;
  const PagesPlan& pages;
  const Template& records;
};

// A list of a record, as far as it was read.
struct HeldList {
  std::vector<Value> items{};
  std::string next{};  // the token of the page behind them; empty: there is none
};

class PageWork {
 public:
  explicit PageWork(RunExchange& run);
  // Before the first fetch() for another pass.
  void bind(PassContext& pass) { pass_ = &pass; }
  // Between two pages: what a large answer took is given back.
  void rest();

  // Asks for one page and reads what a walk needs of it. `head`: of a script of kind heads. A page that the server
  // fails to make is asked for again in smaller parts, where a token leads from page to page.
  Task<Result<Page>> fetch(PageSource source, PageQuery query, const Head* head);
  // Records that need no answer: of `partition` and `env` alone.
  Result<> take_records(const Template& records);
  // The last answer.
  const Reply& reply() const { return reply_; }
  std::size_t size() const { return records_.size(); }
  // The request that fetch() would send for a head.
  Result<const RequestPlan*> choose(const std::vector<RequestPlan>& requests, const Head& head);
  // Appends the rows of the page's records, after a lookup where the script has one. Lists that records show the begin
  // of are followed to their ends; what is whole by then may be committed with `here`, the place before this page.
  Task<Result<>> add_rows(nlohmann::json here);
  // The page's records as heads.
  Result<> add_heads(const HeadsPlan& plan, std::vector<Head>& heads);

  const std::optional<Refusal>& refusal() const { return refusal_; }  // why the last send failed, if it was refused

 private:
  Task<Result<Page>> fetch_once(PageSource source, PageQuery query, const Head* head);
  bool make_pages_smaller();
  void begin(const PageQuery& query, const Head* head);
  Result<Ask> make_ask(const RequestPlan& request, const PagesPlan& pages, const PageQuery& query);
  Task<Result<>> send(Ask ask, const RequestPlan& request, Document& document, Scope& scope);
  AnswerFinding inspect(const RequestPlan& request, const ReplyView& reply, Document& document, Scope& scope);
  void show_answer(const ReplyView& reply, const Value& body, Scope& scope);
  Result<std::int64_t> read_records(const Template& records);
  // Whether there was something to note.
  bool note_unseen(const RequestPlan& request, const Scope& answered, std::int64_t unseen);
  Result<> describe_records(Page& page);
  // Before the request, and after the answer.
  void ask_conditionally(Ask& ask, const PageQuery& query);
  void keep_validator(const PageQuery& query, const Page& page);
  // Makes the record visible to expressions; false: it is not wanted.
  Result<bool> show_record(std::size_t index);
  Result<std::string> key_of_record();
  void note_cut(std::int64_t items, const std::string& example);
  // Of the record shown: its lists as it has them; true when one of them goes on.
  Result<bool> begin_lists();
  Task<Result<>> complete_lists();
  Task<Result<>> complete_list(const ListPlan& plan, HeldList& list);
  Task<Result<>> add_long_records(RecordMapper& mapper, std::vector<std::size_t> records, nlohmann::json here);
  Task<Result<>> look_up();
  Result<> index_details(const Scope& scope);
  Result<std::string> text_of(const Template& text);
  void count();
  void note_misfits(std::int64_t misfits, const std::string& first);

  RunExchange& run_;
  PassContext* pass_ = nullptr;
  Scope scope_;
  Scratch scratch_;         // of the page
  Scratch record_scratch_;  // of one record at a time
  Scratch list_scratch_;    // of its lists
  Document partition_, answer_, details_;
  SmallMap window_, page_, head_;
  std::vector<std::string> header_names_;
  std::vector<Entry> headers_;
  Reply reply_;
  std::vector<Value> records_;
  std::unordered_map<std::string, Value> details_by_key_;
  std::vector<HeldList> lists_;  // of one record at a time
  SmallMap lists_by_name_, list_page_;
  std::vector<std::unique_ptr<Document>> list_answers_;
  std::size_t list_answers_used_ = 0;
  std::size_t list_bytes_ = 0;
  bool are_lists_cut_ = false;
  std::optional<Refusal> refusal_;
  std::optional<Error> inspection_failure_;
  bool is_parsed_ = false;
  bool is_conditional_ = false;   // 304 is an answer
  std::string request_identity_;  // of the pass's first page, where it may be asked for conditionally
  bool may_be_smaller_ = false;   // the request that was sent says a page's size, which does not tell where it begins
  std::int64_t size_ = 0;         // that it said
};

// Lends works and keeps them for the next page: as many as there are passes at the same time.
class PageWorks {
 public:
  explicit PageWorks(RunExchange& run) : run_(run) {}
  std::unique_ptr<PageWork> take(PassContext& pass);
  void give_back(std::unique_ptr<PageWork> work) {
    work->rest();
    free_.push_back(std::move(work));
  }

 private:
  RunExchange& run_;
  std::vector<std::unique_ptr<PageWork>> free_;
};

}  // namespace weir::plugin::declarative
