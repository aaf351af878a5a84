// YamlEvents: libyaml's parser over a text, one event at a time.
#pragma once

#include <yaml.h>

#include <string_view>

namespace signalbox::policy {

class YamlEvents {
 public:
  /// `text` must outlive the events.
  explicit YamlEvents(std::string_view text) {
    yaml_parser_initialize(&parser_);
    if (text.data() == nullptr) text = "";  // libyaml asserts that there is a text, be it empty
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  YamlEvents(const YamlEvents&) = delete;
  YamlEvents& operator=(const YamlEvents&) = delete;
  ~YamlEvents() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  /// False when the text is no YAML; parser() says why.
  bool next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) != 0;
  }
  const yaml_event_t& event() const { return event_; }
  const yaml_parser_t& parser() const { return parser_; }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

}  // namespace signalbox::policy
