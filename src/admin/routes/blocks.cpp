// /gateway/v1/blocks: who is refused, until when and why; adding one by hand, and lifting one.
#include <nlohmann/json.hpp>

#include "actions/limits/block_list.h"
#include "actions/parameter_syntax.h"
#include "admin/reply.h"
#include "admin/routes/list.h"
#include "base/json_depth.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;
using actions::Block;
using actions::BlockKind;

constexpr std::string_view kKinds = "kind is address, user or fingerprint";

std::optional<BlockKind> kind_named(std::string_view text) {
  for (const auto kind : {BlockKind::Address, BlockKind::User, BlockKind::Fingerprint}) {
    if (name(kind) == text) return kind;
  }
  return std::nullopt;
}

Json as_json(const Block& block) {
  Json row{{"kind", name(block.kind)}, {"value", block.value},   {"since", time_text(block.created_ns)},
           {"until", nullptr},         {"reason", block.reason}, {"source", block.source}};
  if (block.until_ns != 0) row["until"] = time_text(block.until_ns);
  return row;
}

std::string text_in(const Json& body, const char* name) {
  return body.contains(name) && body[name].is_string() ? body[name].get<std::string>() : std::string();
}

/// What has been answered survives a crash.
Response once_kept(const Context& context, const Json& answer) {
  if (context.keep_blocks) {
    if (auto kept = context.keep_blocks(); !kept)
      return refuse(500, kInternalError,
                    "it is in force, but the block list could not be written: " + kept.error().message);
  }
  return reply(answer);
}

Response list(const Context& context, const Request&) {
  Json blocks = Json::array();
  for (const Block& block : context.blocks->list(context.clock->wall_ns())) blocks.push_back(as_json(block));
  return reply({{"blocks", std::move(blocks)}});
}

Response add(const Context& context, const Request& request) {
  const Json body = Json::parse(if_shallow(request.body), nullptr, false);
  if (!body.is_object()) return refuse(400, kInvalidParameter, "the body is an object");
  const auto kind = kind_named(text_in(body, "kind"));
  if (!kind) return refuse(400, kInvalidParameter, kKinds);
  Block block{
      .kind = *kind, .value = text_in(body, "value"), .reason = text_in(body, "reason"), .source = "admin"};
  block.created_ns = context.clock->wall_ns();
  if (const std::string time = text_in(body, "for"); !time.empty()) {
    const auto seconds = actions::parse_duration_seconds(time);
    if (!seconds || *seconds <= 0 || *seconds > 1e9)
      return refuse(400, kInvalidParameter, "for is a duration like 15m, 2h or 7d");
    block.until_ns = block.created_ns + static_cast<std::int64_t>(*seconds * 1e9);
  }
  if (auto added = context.blocks->add(block); !added)
    return refuse(400, kInvalidParameter, added.error().message);
  return once_kept(context, as_json(block));
}

Response lift(const Context& context, const Request& request) {
  const Json body = Json::parse(if_shallow(request.body), nullptr, false);
  if (!body.is_object()) return refuse(400, kInvalidParameter, "the body is an object");
  const auto kind = kind_named(text_in(body, "kind"));
  if (!kind) return refuse(400, kInvalidParameter, kKinds);
  const std::string value = text_in(body, "value");
  if (!context.blocks->lift(*kind, value)) return refuse(404, kNotFound, "there is no such block");
  return once_kept(context, {{"lifted", value}});
}

constexpr std::string_view kBlock =
    R"({"type": "object", "properties": {"kind": {"type": "string"}, "value": {"type": "string"}, )"
    R"("since": {"type": "string"}, "until": {"type": ["string", "null"]}, "reason": {"type": "string"}, )"
    R"("source": {"type": "string"}}})";

}  // namespace

std::vector<Route> blocks_routes() {
  return {
      {Method::Get,
       "/gateway/v1/blocks",
       Role::Read,
       "Addresses, users and statements that are blocked, the youngest first.",
       list,
       {},
       {},
       R"({"type": "object", "properties": {"blocks": {"type": "array", "items": {"type": "object"}}}})"},
      {Method::Post,
       "/gateway/v1/blocks",
       Role::Operate,
       "Block an address, a network, a user or a fingerprint; its sessions end.",
       add,
       {},
       R"({"type": "object", "required": ["kind", "value"], "properties": {"kind": {"enum": ["address", "user", "fingerprint"]}, "value": {"type": "string"}, "for": {"type": "string"}, "reason": {"type": "string"}}})",
       kBlock},
      {Method::Post,
       "/gateway/v1/blocks/lift",
       Role::Operate,
       "Lift a block.",
       lift,
       {},
       R"({"type": "object", "required": ["kind", "value"], "properties": {"kind": {"enum": ["address", "user", "fingerprint"]}, "value": {"type": "string"}}})",
       R"({"type": "object", "properties": {"lifted": {"type": "string"}}})"},
  };
}

}  // namespace signalbox::admin
