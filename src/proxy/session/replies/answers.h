// Answers: policies' say in what the server answers. They are asked when rows begin (at their description)
// and when the answer ends; in between each row is edited as it comes. An answer may be withheld: then the
// client is told of an error, and hears nothing up to ReadyForQuery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/rows/masks.h"
#include "proxy/session/ends.h"
#include "proxy/session/replies/answer.h"
#include "proxy/session/replies/editing.h"
#include "proxy/session/replies/portal_rows.h"
#include "proxy/session/stop.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

class Answers {
 public:
  explicit Answers(Ends& ends) : ends_(ends), dialogue_(ends.dialogue) {}

  /// Somebody wants to see answers.
  bool are_seen() const { return ends_.decider().wants_responses(); }
  /// Rows do not just pass: they are edited, or withheld.
  bool rows_by_hand() const { return rows_by_hand_; }
  bool muted() const { return muted_; }

  // For each message that comes, in this order:
  /// Before it passes: why the scan must stop before it.
  std::optional<Pause> watch(const wire::FrameHeader& header, std::string_view body, bool whole);
  /// It is no row, and has been noted; `pause` is why the scan stops. On Substitute `instead` takes its
  /// place.
  std::optional<Pause> edited(const wire::FrameHeader& header, std::string_view body,
                              std::optional<Pause> pause, std::string& instead);
  /// It passes, or another in its place.
  void watched(const wire::FrameHeader& header);

  /// Others have put an error in the place of the answer's end.
  void forsake();

  /// The message at the front goes no further; these bytes, or none, go on in its place.
  void put_instead(std::string bytes) { instead_ = std::move(bytes); }
  bool has_instead() const { return instead_.has_value(); }

  /// First of all, for every message: which portals there are, and how much they have given.
  void note_portals(const wire::FrameHeader& header, std::string_view body);

  // What the scan has stopped for. False = the session ends.
  Task<bool> decide_beginning();
  Task<bool> decide_end();
  Task<bool> decide_notice();
  Task<bool> edit_rows(std::size_t at_most);
  Task<bool> mute_row();

 private:
  // answers.cpp: an answer as an event
  Query answered_query(const Pending* head, std::shared_ptr<PreparedText>& text) const;
  bool is_unseen(const Pending* head, const Query& query) const;
  bool must_rule_rows() const;
  void make_event(AnswerEvent& about, bool ended);
  bool reads_statements() const;
  void take_apart(AnswerEvent& about) const;
  Task<std::optional<Refusal>> ruled_on(AnswerEvent& about, Masks& masks);
  bool record(AnswerEvent& about);
  std::optional<Refusal> edit_result(const Masks& masks);
  static bool may_quote(const AnswerEvent& about, const Masks& masks);
  static bool may_quote_rows(const AnswerEvent& about, const Masks& masks);
  static std::string silence_of(const AnswerEvent& about);
  bool ends_session(const Refusal& refusal);

  // portions.cpp: portals whose rows come in portions
  PortalRows::Text runs(std::string_view portal) const;
  std::uint64_t passed_before(const Pending* head) const;
  bool has_room_for_portal(const Pending* head) const;
  static Refusal too_many_portals();

  // editing.cpp: answers that policies edit or withhold
  std::optional<Refusal> begin_editing(const AnswerEvent& about, const Masks& masks);
  sql::Outputs outputs_of(const AnswerEvent& about) const;
  void withhold(const Refusal& refusal, char at);
  void end_editing();

  Ends& ends_;
  Dialogue& dialogue_;
  std::unique_ptr<Answer> answer_;    ///< the one that comes in now; null: nobody has wanted to see one
  std::unique_ptr<Editing> editing_;  ///< of the rows that come in now
  PortalRows portal_rows_;
  std::optional<std::string> instead_;  ///< of the message at the front
  bool muted_ = false;  ///< the client has been told of an error: nothing up to ReadyForQuery is for it
  bool rows_by_hand_ = false;  ///< editing_ or muted_
};

}  // namespace signalbox::proxy
