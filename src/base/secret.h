// Secret: a text that must not be printed. It converts to nothing; whoever needs the bytes says reveal().
#pragma once

#include <string>
#include <utility>

namespace signalbox {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace signalbox
