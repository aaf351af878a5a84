// The shape of a statement: its text with every plain integer constant replaced by one mark. Two texts of one
// shape differ in the values of such constants alone, so they have one parse tree but for those values.
// No fingerprint: nothing else is dropped, and two shapes are equal only when they are equal byte for byte.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::sql {

/// What stands for a constant in a shape.
inline constexpr char kConstantMark = '\x01';

/// Puts the shape of `text` into `shape`. False when there is no constant to replace, or when telling
/// constants from what only looks like one would need more than a glance: comments, dollar quotes,
/// backslashes, bytes beyond ASCII, FLOAT(n), long texts. Plain means at most nine digits, so that it fits
/// PostgreSQL's integer.
bool shape_of(std::string_view text, std::string& shape);

}  // namespace signalbox::sql
