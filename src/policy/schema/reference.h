// References between JSON Schemas: a URL whose fragment may be a JSON pointer. As the gojsonreference and
// gojsonpointer libraries that OPA uses have them.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/builtins/go/url.h"
#include "policy/value/value.h"

namespace signalbox::policy::schema {

class Reference {
 public:
  static std::expected<Reference, std::string> parse(std::string_view text);

  std::string text() const { return url_.text(); }
  /// What `child` means inside the document or schema that this one names.
  std::expected<Reference, std::string> inherit(const Reference& child) const;
  Reference without_fragment() const;
  /// Names a document by itself: a URL with a host, or an absolute file path.
  bool is_canonical() const;
  /// The part of `document` that the fragment's JSON pointer names.
  std::expected<Value, std::string> find_in(Value document) const;

 private:
  go::Url url_;
};

}  // namespace signalbox::policy::schema
