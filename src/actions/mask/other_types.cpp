// Types that no mask but `full` knows. Of an array the value is an empty one, of a range the empty one; their
// binary forms are those of array_send and range_send, the others' those of their own send functions.
// PostgreSQL itself is asked whether it agrees (tests/e2e/test_masking.py).
#include <algorithm>
#include <iterator>

#include "actions/mask/types.h"
#include "base/bytes.h"

namespace signalbox::actions {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kZeros = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
constexpr std::string_view zeros(std::size_t count) {
  return kZeros.substr(0, count);
}

struct Harmless {
  std::uint32_t oid;
  std::string_view text, binary;
};

// Sorted by oid.
constexpr Harmless kHarmless[] = {
    {22, "", "\0\0\0\1\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\0"sv},  // int2vector: one dimension of no elements
    {24, "-", zeros(4)},                                       // regproc
    {27, "(0,0)", zeros(6)},                                   // tid
    {28, "0", zeros(4)},                                       // xid
    {29, "0", zeros(4)},                                       // cid
    {30, "", "\0\0\0\1\0\0\0\0\0\0\0\x1a\0\0\0\0\0\0\0\0"sv},  // oidvector
    {600, "(0,0)", zeros(16)},                                 // point
    {601, "[(0,0),(0,0)]", zeros(32)},                         // lseg
    {602, "((0,0))", "\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv},            // path: closed, a point
    {603, "(0,0),(0,0)", zeros(32)},                                             // box
    {604, "((0,0))", "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv},              // polygon
    {628, "{1,0,0}", "\x3f\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv},  // line
    {718, "<(0,0),0>", zeros(24)},                                               // circle
    {774, "00:00:00:00:00:00:00:00", zeros(8)},                                  // macaddr8
    {1560, "0", "\0\0\0\1\0"sv},                                                 // bit
    {1562, "", zeros(4)},                                                        // varbit
    {1790, "********", "********"},                                              // refcursor
    {2202, "-", zeros(4)},                                                       // regprocedure
    {2205, "-", zeros(4)},                                                       // regclass
    {2206, "-", zeros(4)},                                                       // regtype
    {3220, "0/0", zeros(8)},                                                     // pg_lsn
    {3614, "", zeros(4)},                                                        // tsvector
    {3615, "", zeros(4)},                                                        // tsquery
    {3734, "-", zeros(4)},                                                       // regconfig
    {3769, "-", zeros(4)},                                                       // regdictionary
    {3904, "empty", "\1"},                                                       // int4range
    {3906, "empty", "\1"},                                                       // numrange
    {3908, "empty", "\1"},                                                       // tsrange
    {3910, "empty", "\1"},                                                       // tstzrange
    {3912, "empty", "\1"},                                                       // daterange
    {3926, "empty", "\1"},                                                       // int8range
    {4072, "$", "\1$"},                                                          // jsonpath: version, text
    {4089, "-", zeros(4)},                                                       // regnamespace
    {4096, "-", zeros(4)},                                                       // regrole
    {4191, "-", zeros(4)},                                                       // regcollation
    {4451, "{}", zeros(4)},                                                      // int4multirange
    {4532, "{}", zeros(4)},                                                      // nummultirange
    {4533, "{}", zeros(4)},                                                      // tsmultirange
    {4534, "{}", zeros(4)},                                                      // tstzmultirange
    {4535, "{}", zeros(4)},                                                      // datemultirange
    {4536, "{}", zeros(4)},                                                      // int8multirange
    {5069, "0", zeros(8)},                                                       // xid8
};

struct ArrayType {
  std::uint32_t oid, element;
};

// Sorted by oid.
constexpr ArrayType kArrays[] = {
    {143, 142},    // xml[]
    {199, 114},    // json[]
    {271, 5069},   // xid8[]
    {629, 628},    // line[]
    {651, 650},    // cidr[]
    {719, 718},    // circle[]
    {775, 774},    // macaddr8[]
    {791, 790},    // money[]
    {1000, 16},    // bool[]
    {1001, 17},    // bytea[]
    {1002, 18},    // "char"[]
    {1003, 19},    // name[]
    {1005, 21},    // int2[]
    {1007, 23},    // int4[]
    {1009, 25},    // text[]
    {1014, 1042},  // bpchar[]
    {1015, 1043},  // varchar[]
    {1016, 20},    // int8[]
    {1017, 600},   // point[]
    {1018, 601},   // lseg[]
    {1019, 602},   // path[]
    {1020, 603},   // box[]
    {1021, 700},   // float4[]
    {1022, 701},   // float8[]
    {1027, 604},   // polygon[]
    {1028, 26},    // oid[]
    {1040, 829},   // macaddr[]
    {1041, 869},   // inet[]
    {1115, 1114},  // timestamp[]
    {1182, 1082},  // date[]
    {1183, 1083},  // time[]
    {1185, 1184},  // timestamptz[]
    {1187, 1186},  // interval[]
    {1231, 1700},  // numeric[]
    {1270, 1266},  // timetz[]
    {1561, 1560},  // bit[]
    {1563, 1562},  // varbit[]
    {2210, 2205},  // regclass[]
    {2951, 2950},  // uuid[]
    {3221, 3220},  // pg_lsn[]
    {3643, 3614},  // tsvector[]
    {3807, 3802},  // jsonb[]
    {3905, 3904},  // int4range[]
    {3907, 3906},  // numrange[]
    {3909, 3908},  // tsrange[]
    {3911, 3910},  // tstzrange[]
    {3913, 3912},  // daterange[]
    {3927, 3926},  // int8range[]
};

template <class Row, std::size_t N>
const Row* row_of(const Row (&rows)[N], std::uint32_t oid) {
  const auto found = std::ranges::lower_bound(rows, oid, {}, &Row::oid);
  return found != std::end(rows) && found->oid == oid ? &*found : nullptr;
}

/// No dimensions, no nulls, and the element's type.
std::string empty_array(std::uint32_t element) {
  std::string binary;
  append_be(binary, std::uint32_t{0});
  append_be(binary, std::uint32_t{0});
  append_be(binary, element);
  return binary;
}

}  // namespace

std::optional<std::string> harmless_other(std::uint32_t oid, ValueFormat format) {
  const bool text = format == ValueFormat::Text;
  if (const Harmless* row = row_of(kHarmless, oid)) return std::string(text ? row->text : row->binary);
  if (const ArrayType* row = row_of(kArrays, oid)) return text ? "{}" : empty_array(row->element);
  return std::nullopt;
}

}  // namespace signalbox::actions
