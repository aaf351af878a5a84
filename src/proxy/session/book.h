// Book: which answer belongs to which request. A FIFO of what the client has sent and the server has not yet
// answered, and the transaction state. Pure: it sees types of messages and returns what they mean.
//
// It follows PostgreSQL's main loop (src/backend/tcop/postgres.c): one ReadyForQuery for each Query,
// FunctionCall and Sync; after an error in the extended protocol everything up to the next Sync is skipped
// without an answer; during COPY FROM STDIN the server swallows Sync and Flush, and CopyDone or CopyFail end
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/hooks/event.h"
#include "proxy/hooks/names.h"
#include "proxy/hooks/path_change.h"

namespace signalbox::proxy {

struct QueryRuling;

/// A statement of the gateway's own that runs among the client's. It has ended when no request of it is left.
struct Errand {
  bool alone = false;  ///< it brings its own Sync
  std::string error;   ///< body of the server's ErrorResponse; "" = none
  std::string value;   ///< the first of the last row that came
};

enum class Request : std::uint8_t {
  Query,
  FunctionCall,
  Parse,
  Bind,
  Describe,
  Execute,
  Close,
  Sync,
  CopyEnd,  ///< CopyDone or CopyFail: has no answer of its own
};

/// What rides along with a request until its answer comes. Most requests need none.
struct Companion {
  std::string refusal;    ///< Query, Parse, ...: the ErrorResponse that takes the place of the server's
  std::string statement;  ///< Parse, Bind, Close: name of the prepared statement
  std::string portal;     ///< Bind, Close, Execute: name of the portal
  std::string text;       ///< Parse, Query: its SQL
  std::string types;      ///< Parse: parameter types, four bytes each
  bool text_known = true;
  bool undecided = false;  ///< Parse: decided when values are bound, because policies read them
  bool insists = false;    ///< the refusal holds also where the server says 25P02
  Reading reading;         ///< Parse, Query: how its text was read
  char what = 'S';         ///< Close, Describe: 'S' statement, 'P' portal
  bool ours = false;       ///< Describe: the gateway asks, the client did not
  std::uint64_t revision = 0;
  std::string edits;               ///< Parse, Query: that policies asked for and got (rewriting.h)
  std::optional<std::string> tag;  ///< the CommandComplete that the client expects instead of the server's
  std::shared_ptr<const std::vector<NameChange>> changes;  ///< of names, by the statements; null: none
  std::uint32_t completed = 0;                             ///< Query: statements answered so far
  std::int64_t sent_ns = 0;                 ///< Query, Execute: steady; 0 = nobody wants to know
  std::shared_ptr<const QueryRuling> acts;  ///< Parse: what asks for actions each time it is executed
  bool acted = false;                       ///< Parse: for the first time it has been done with the Parse
  /// Parse: what it does to the search_path when it is executed; null: nobody knows.
  std::shared_ptr<const std::vector<PathChange>> path;
  std::shared_ptr<Errand> errand;  ///< the client has not sent this and does not hear of it

  void clear() {
    refusal.clear(), statement.clear(), portal.clear(), text.clear(), types.clear();
    text_known = true, undecided = insists = ours = false, reading = {}, what = 'S', revision = 0;
    changes.reset(), completed = 0, sent_ns = 0, edits.clear(), tag.reset();
    acts.reset(), acted = false, errand.reset(), path.reset();
  }
};

struct Pending {
  Request request = Request::Sync;
  std::unique_ptr<Companion> companion;
};

class Book {
 public:
  /// A request has been sent to the server. Requests that will never be answered (skipped after an error,
  /// swallowed by COPY) are not entered; their companion is dropped.
  void sent(Request request, std::unique_ptr<Companion> companion = nullptr);

  /// What a message from the server means. `head` is the request it belongs to; null when it belongs to none
  /// (asynchronous messages, a FATAL out of the blue). Its pointer is valid until the next call; what has
  /// ended with this message is kept until then.
  struct Meaning {
    Pending* head = nullptr;
    bool ends_request = false;  ///< the request has its whole answer now (for Query: ReadyForQuery)
    bool failed = false;        ///< with an error
    bool ready = false;         ///< ReadyForQuery: transaction() has been updated
  };
  /// `status` is the body of a ReadyForQuery.
  Meaning received(char type, char status = 'I');

  /// The request that the server is answering; null when it owes none.
  const Pending* head() const;

  /// The last unanswered Parse of this name. `certain`: whatever follows it now runs only when it has
  /// succeeded, because no Sync lies between. `too_far`: there may be one, but so much lies behind it that
  /// looking for it each time would cost more than waiting for answers.
  struct UnansweredParse {
    Companion* parse = nullptr;
    bool certain = false;
    bool too_far = false;
  };
  UnansweredParse unanswered_parse(std::string_view statement);
  /// A Sync has been sent that is not answered.
  bool awaits_sync() const;
  /// Something unanswered may change what a name stands for (PREPARE, DECLARE, DEALLOCATE, ...).
  bool names_may_change() const;

  /// Nothing is unanswered and nothing is under way: the server has said ReadyForQuery, and the client
  /// nothing since. Behind a Flush all may be answered, yet the pipeline's transaction is open until its
  /// Sync.
  bool at_rest() const { return count_ == 0 && !skipping_ && !copying_in_ && !unsynced_; }
  bool copying_in() const { return copying_in_; }
  /// The server tells of changed settings just before ReadyForQuery: what has been bound or executed since
  /// may have changed some. Asked when all is answered.
  bool settings_told() const { return !ran_; }
  void note_settings_told() { ran_ = false; }
  /// What is answered cannot be told any more. A request was sent where a COPY wanted data: unless the COPY
  /// had failed by then, the server is about to end the session; if it had, the request is run. Or an answer
  /// came that nothing had asked for.
  bool lost() const { return lost_; }
  /// The server ignores what comes until the client's next Sync.
  bool skipping() const { return skipping_; }
  std::size_t size() const { return count_; }
  Transaction transaction() const { return transaction_; }
  char status_byte() const { return "ITE"[static_cast<int>(transaction_)]; }

  std::size_t memory() const { return ring_.capacity() * sizeof(Pending); }

 private:
  Pending& at(std::size_t i) { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  const Pending& at(std::size_t i) const { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  void push(Request request, std::unique_ptr<Companion> companion);
  void pop();
  void drop_first();
  void skip_to_sync();
  void begin_copy_in();
  bool copy_takes(Request request);
  Meaning nobodys();
  Meaning error();
  Meaning ready(char status);
  Meaning finish(Request request);

  std::vector<Pending> ring_;  ///< size is a power of two
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t parses_ = 0;  ///< unanswered ones
  Pending ended_;           ///< the request that the last message ended
  Transaction transaction_ = Transaction::Idle;
  bool skipping_ = false;  ///< the server skips to a Sync that the client has not sent yet
  bool unsynced_ = false;  ///< messages of the extended protocol have been sent, and no Sync behind them
  bool ran_ = false;       ///< one of them was Bind or Execute
  bool answered_ = false;  ///< something of the answer to the first request has come
  bool lost_ = false;
  bool copying_in_ = false;  ///< the server reads COPY data, and the client has not ended it yet
};

}  // namespace signalbox::proxy
