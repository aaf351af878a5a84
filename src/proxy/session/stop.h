// Stop, Pause: why a scan of messages stops before one of them, and so what must be done with it.
#pragma once

#include <cstdint>

namespace signalbox::proxy {

/// Of the client's messages.
enum class Stop : std::uint8_t {
  More,             ///< nothing more can be done before more bytes are there
  Room,             ///< too many requests wait for their answer
  Terminated,       ///< the client said goodbye
  BadMessage,       ///< the client broke the protocol
  PoliciesChanged,  ///< what is prepared must be decided again first
  Unconfirmed,      ///< the answer to what has been sent must be known first
  Settings,         ///< the server must be asked for the settings that say what texts mean
  Types,            ///< the server must be asked what types it has given to parameters: AtHand::untold
  Ask,              ///< the message at hand waits for an external decision
  Refused,          ///< the message at hand may not pass: AtHand::refusal says why
  Act,              ///< the message at hand waits for what its plan asks for beside the verdict
  Replaced,         ///< AtHand::replacement goes on in its place
  Abort,            ///< the transaction must fail at the server first
  Return,           ///< the session's visit at another server is over
  Describe,         ///< what the portal gives must be asked first
  Skip,             ///< the client has been told of an error: its messages up to Sync are not for the server
  Rewrite,          ///< another text goes in the place of the message at hand: AtHand::rewriting
};

/// Of the server's messages.
enum class Pause : std::uint8_t {
  More,
  Substitute,  ///< another message takes the place of the one at hand, or none
  Begins,      ///< the message at hand begins rows, and policies have a say in them
  Notices,     ///< the message at hand is a notice, which may quote what policies mask
  Edit,        ///< the row at hand is edited
  Mute,        ///< the row at hand is withheld
  Answered,    ///< the message at hand ends an answer that policies want to see
  Unwanted,    ///< the server waits for data that the client will never send
  Idle,        ///< the session ends behind the message at hand
  Swallow,     ///< the message at hand is not for the client
  OutOfStep,   ///< the message at hand answers nothing that is known
  BadMessage,
};

}  // namespace signalbox::proxy
