// Characters are code points throughout: a mask never cuts a UTF-8 sequence in two. Bytes that are not UTF-8
// count as a character each.
//
// Format preserving means keyed and deterministic (equal inputs under one key give equal outputs, so joins
// still work); it is a one-way substitution from an HMAC key stream over the whole value, not an encryption
// that can be undone.
#include "actions/mask/mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <vector>

#include "actions/mask/types.h"
#include "base/bytes.h"

namespace signalbox::actions {

namespace {

using Digest = std::array<char, 32>;

Digest hmac(std::string_view key, std::string_view text) {
  Digest digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &length);
  return digest;
}

std::string_view view(const Digest& digest) {
  return {digest.data(), digest.size()};
}

/// Where each character starts, and the end.
std::vector<std::size_t> characters(std::string_view text) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 || i == 0) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// An endless stream of bytes that depends on key and value.
class KeyStream {
 public:
  KeyStream(std::string_view key, std::string_view value) : key_(key), block_(hmac(key, value)) {}
  unsigned char next() {
    if (at_ == block_.size()) {
      block_ = hmac(key_, view(block_));
      at_ = 0;
    }
    return static_cast<unsigned char>(block_[at_++]);
  }
  /// Uniform over 0..n-1, n at most 26.
  unsigned below(unsigned n) {
    for (;;) {
      const unsigned byte = next();
      if (byte < 256 / n * n) return byte % n;
    }
  }

 private:
  std::string_view key_;
  Digest block_;
  std::size_t at_ = 0;
};

}  // namespace

struct Masker::Regex {
  explicit Regex(const std::string& pattern) : re2(pattern, options()) {}
  static RE2::Options options() {
    RE2::Options quiet(RE2::Quiet);
    quiet.set_max_mem(1 << 20);
    return quiet;
  }
  RE2 re2;
};

std::optional<MaskKind> mask_kind_named(std::string_view name) {
  constexpr std::pair<std::string_view, MaskKind> kNames[] = {
      {"nullify", MaskKind::Nullify},   {"full", MaskKind::Full}, {"partial", MaskKind::Partial},
      {"keep_last", MaskKind::Partial}, {"hash", MaskKind::Hash}, {"regex", MaskKind::Regex},
      {"format", MaskKind::Format}};
  for (const auto& [text, kind] : kNames) {
    if (text == name) return kind;
  }
  return std::nullopt;
}

Masker::Masker(MaskRule rule, std::unique_ptr<Regex> regex)
    : rule_(std::move(rule)), regex_(std::move(regex)) {}
Masker::Masker(Masker&&) noexcept = default;
Masker& Masker::operator=(Masker&&) noexcept = default;
Masker::~Masker() = default;

Result<Masker> Masker::compile(MaskRule rule) {
  std::unique_ptr<Regex> regex;
  if (rule.kind == MaskKind::Regex) {
    regex = std::make_unique<Regex>(rule.pattern);
    std::string error;
    if (!regex->re2.ok()) return fail(ErrorCode::InvalidArgument, "pattern: " + regex->re2.error());
    if (!regex->re2.CheckRewriteString(rule.replacement, &error))
      return fail(ErrorCode::InvalidArgument, "replacement: " + error);
  }
  if (rule.kind == MaskKind::Partial && characters(rule.fill).size() != 2) {
    return fail(ErrorCode::InvalidArgument, "fill must be one character");
  }
  if ((rule.kind == MaskKind::Hash || rule.kind == MaskKind::Format) && rule.key.empty()) {
    return fail(ErrorCode::InvalidArgument, "hash and format need a key",
                "without one, values can be guessed and compared");
  }
  return Masker(std::move(rule), std::move(regex));
}

std::string Masker::partial(std::string_view value) const {
  const auto starts = characters(value);
  const std::size_t count = starts.size() - 1;
  // At least half is masked, whatever the rule asks for: of a short value the ends would be everything.
  const std::size_t first = std::min<std::size_t>(rule_.first, count / 4 + (rule_.last == 0 ? count / 4 : 0));
  const std::size_t last = std::min<std::size_t>(rule_.last, count / 2 - std::min(first, count / 2));
  std::string out(value.substr(0, starts[first]));
  for (std::size_t i = first; i + last < count; ++i) out += rule_.fill;
  return out.append(value.substr(starts[count - last]));
}

std::string Masker::format_preserving(std::string_view value) const {
  KeyStream stream(rule_.key, value);
  std::string out(value);
  for (char& c : out) {
    if (c >= '0' && c <= '9') {
      c = static_cast<char>('0' + stream.below(10));
    } else if (c >= 'a' && c <= 'z') {
      c = static_cast<char>('a' + stream.below(26));
    } else if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>('A' + stream.below(26));
    }
  }
  return out;
}

std::optional<std::string> Masker::mask_text(std::string_view value) const {
  switch (rule_.kind) {
    case MaskKind::Partial: return partial(value);
    case MaskKind::Hash: return hex(view(hmac(rule_.key, value)).substr(0, 8));
    case MaskKind::Format: return format_preserving(value);
    case MaskKind::Regex: {
      std::string out(value);
      RE2::GlobalReplace(&out, regex_->re2, rule_.replacement);
      return out;
    }
    default: return harmless(TypeClass::Text, ValueFormat::Text);
  }
}

std::optional<std::string> Masker::apply(std::uint32_t type, ValueFormat format,
                                         std::string_view value) const {
  if (rule_.kind == MaskKind::Nullify) return std::nullopt;
  const TypeClass of = type_class(type);
  if (of == TypeClass::Text) return mask_text(value);
  if (rule_.kind == MaskKind::Hash || rule_.kind == MaskKind::Format) {
    const Digest digest = hmac(rule_.key, value);
    if (of == TypeClass::Uuid) return uuid_value(format, view(digest));
    if (auto integer = integer_value(of, format, load_be<std::uint64_t>(digest.data()))) return integer;
  }
  return of == TypeClass::Other ? harmless_other(type, format) : harmless(of, format);
}

}  // namespace signalbox::actions
