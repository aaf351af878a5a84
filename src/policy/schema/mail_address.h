// Mail addresses as Go's net/mail reads them (RFC 5322).
#pragma once

#include <string_view>

namespace signalbox::policy::schema {

/// mail.ParseAddress succeeds: "a@b", "Name <a@b>", comments, quoted local parts.
bool is_mail_address(std::string_view text);

}  // namespace signalbox::policy::schema
