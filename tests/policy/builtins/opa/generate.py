#!/usr/bin/env python3
"""Prints built-in calls, one JSON object a line, for main.go to answer: generate.py SEED [COUNT] [PREFIX].

Arguments are drawn from pools that fit each parameter, edge values included; one in eight is of a wrong type.
"""
import json
import random
import sys

import schemas
import templates

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
per_builtin = int(sys.argv[2]) if len(sys.argv) > 2 else 12
prefix = sys.argv[3] if len(sys.argv) > 3 else ""
rng = random.Random(seed)


class Raw(str):
    """A number kept as text."""


def dump(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + dump(v) for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


NUMBERS = ["0", "1", "-1", "2", "3", "7", "10", "16", "100", "-100", "255", "1.5", "-1.5", "0.1", "2.5", "-2.5", "1.0", "1e3", "1e-3",
           "3.14159", "1e21", "123456789", "-0.5", "0.5", "9007199254740993", "9223372036854775807",
           "-9223372036854775808", "9223372036854775808", "18446744073709551617", "-123456789012345678901234567890",
           "1e30", "0.000001", "123456.789", "1e100", "12345678901234567890.5", "1e-10", "100000", "1000000.5"]
SMALL = ["0", "1", "2", "3", "5", "8", "-1", "-3", "1.0", "2.5", "10"]
STRINGS = ["", "a", "b", "ab", "abc", "hello world", "Hello, World", "föö bär", "日本語テキスト", "a.b.c", "a/b/c", "  spaced\t", "x,y,,z",
           "123", "-1.5e3", "ÀÉÎ", "aaa", "ABC", "foo.bar.com", "%d %s", "\"quoted\"", "line\nbreak", "İıſK", "a\u00a0b", "😀 emoji",
           "<a href='x'>&</a>", "tab\there", "\u0001", "null", "true"]
PARTS = ["", "a", "b", ",", ".", "/", " ", "l", "ö", "語", "abc", "aa", "x", "o w", "😀", "A"]
TIMES = ["0", "1", "1700000000000000000", "1709164800123456789", "-1", "-9223372036854775808", "9223372036854775807",
         "1585443600000000000", "951782400000000000", "1e18", "1.5", "1e30", "1331463600000000001", "-2208988800000000000"]
ZONES = ["", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Africa/Monrovia",
         "Asia/Kathmandu", "Pacific/Apia", "Europe/Dublin", "EST5EDT", "Nowhere/Land", "../etc/passwd", "America/Sao_Paulo"]
LAYOUTS = ["RFC822", "RFC1123Z", "RFC3339", "RFC3339Nano", "ANSIC", "UnixDate", "RubyDate", "RFC850", "2006-01-02", "Jan _2 2006", "15:04:05.000",
           "Monday, January 2, 2006 3:04PM MST", "02/01/06 03:04:05.999 pm -0700", "2006-002 __2", "Z07:00 Z0700 Z07 -07:00:00", "Janet 2006",
           "", "nothing", "2006-01-02T15:04:05,000000000", "Jan 2, 2006 at 3:04pm (MST)", "1 2 3 4 5 06", "20060102150405"]
STAMPS = ["2024-02-29T12:34:56Z", "2024-02-29T12:34:56.123456789+05:30", "2023-02-29T00:00:00Z", "1677-09-21T00:12:43.145224192-00:00", "2262-04-11T23:47:16.854775807Z",
          "2262-04-12T00:00:00Z", "Mon Jan  2 15:04:05 2006", "Mon Jan  2 15:04:05 MST 2006", "02 Jan 06 15:04 CET", "Mon, 02 Jan 2006 15:04:05 -0700",
          "2006-01-02", "2006-13-02", "2006-1-2", "", "x", "Jan  5 2019", "15:04:05.123", "2024-060 060", "2023-366 366", "20240229123456",
          "2024-02-29T25:00:00Z", "2024-02-29t12:00:00z", "2024-02-29T12:34:56.1234567891234Z", "Jan 3, 2007 at 5:06pm (GMT+3)"]
DURATIONS = ["1h", "1h15m30.918s", "1.5h", "-2m", "+5s", "1d", "2w3d", "1y", "1.5d12h", "0", "", "1", "h", "1x", "1us", "1µs", "9223372036s",
             "9223372037s", "-9223372036854775808ns", "1d1", "d", "1.2.3d", "-1w", "100y", "293y", "1ms2us3ns", ".5h", "5.h", "- 1h"]
PATTERNS = ["a", "a*", "[a-z]+", "^foo", "(a)(b)?", "(?P<x>\\w+)\\s(\\w+)", "\\d+", ".", "", "o", "[", "(", "a**", "(?<n>a)", "\\pL+", "[[:alpha:]]+",
            "(?i)ABC", "a{2,3}", "x{1001}", "\\", "(?=a)", "$", "^", "\\bworld\\b", "b|a", "[^a]", "日", "(a|ab)(c|bcd)?", "[b-a]", "+", ")", "a|*", "\\8"]
GLOBS = ["*", "**", "?", "a*", "*.com", "{a,b}c", "[abc]*", "[!a]*", "[a-c]b", "a?c", "foo.*.com", "**.com", "{foo,bar}.*", "\\*", "a/b/*", "{a", "[", "[]",
         "a,b", "[a-c", "*b*", "{a.*,b}", "日*", "a}b", "[!x-z]?", "", "[c-a]", "[ab-c]"]
SIMPLE_GLOBS = ["a", "a*", "a+", ".*", ".+", "[a-c]+", "ab*c", "[abc]", "a.c", "", "[", "]", "*a", "a\\*", "[a-", "[c-a]", "b+", "a*b*", "x[0-9]+", ".", "[a-z]*x", "a**", "\\"]
SEMVERS = ["1.0.0", "1.0.1", "v1.2.3", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1+build.5", "1.0", "1", "a.b.c",
           "1.0.0-", "1.0.0+", "01.2.3", "-1.0.0", "+1.0.0", "1.0.0-a..b", "99999999999999999999.0.0", "1.0.0-1", "1.0.0--", "2.0.0+x"]
UNITS = ["10", "10Mi", "10M", "1.5Gi", "100m", "1k", "1K", "1Ki", "1KB", "1kb", "1KiB", "12E", "12Ei", "1e3", "1e3Mi", "1e-3", "10MI", "", "K", "1 0", "1..2", "1.2.3",
         "+5", "-5k", "5e", "0.000000000123m", "1e1234567", "1EB", "10mb", "10MB", "\"10M\"", "1.", ".5k", "1PiB", "3T", "1mi", "1Mb", "0x10", "1_0", "1e5x", "9999999999999999999999k", "1.23456789012345Gi"]
UUIDS = ["00000000-0000-0000-0000-000000000000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8", "{6BA7B812-9DAD-11D1-80B4-00C04FD430C8}",
         "6ba7b8109dad11d180b400c04fd430c8", "000003e8-48b9-21ee-b200-325096b39f47", "2ed6657d-e927-568b-95e1-2665a8aea6a2", "nope", "6ba7b810-9dad-11d1-80b4-00c04fd430cg", "f81d4fae-7dec-11d0-e765-00a0c91e6bf6", "00000003-48b9-21ee-b209-325096b39f47"]
URLS = ["http://example.com", "https://user:pw@host:8080/a/b?q=1&r=2#frag", "/relative/path", "a:b", "mailto:x@y.z", "http://[::1]:80/", "http://[fe80::1%25en0]/", "http://a b/",
        "http://host:port/", "%zz", "http://x/%2f%41", "?q", "#f", "", "//host/p", "http://ho%20st/", "1http://x", ":x", "http://x:/", "*", "http://x/a?b?c", "HTTP://EXAMPLE.com/ÿ", "http://[1.2.3.4]/",
        "http://::1/", "foo:bar/baz", "a/b:c", "http://x/\u007f", "http://user@/x", "http://x#%zz", "http://a:1:2/", "http://exa[mple.com", "http://a/?x=y;z"]
CIDRS = ["10.0.0.0/8", "10.1.0.0/16", "192.168.1.0/24", "192.168.0.0/23", "192.168.1.5/30", "1.2.3.4/32", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8:1::/48", "::ffff:1.2.3.4/120",
         "10.0.0.0/33", "10.0.0/8", "010.0.0.0/8", "fe80::1/64", "x", "", "1.2.3.4", "2001:db8::1", "::1", "192.168.1.128/25", "10.0.0.0/08", "2001:db8::/129", "1.2.3.4/-1", "::1.2.3.4/128", "10.0.0.0/ 8"]
EXPANDABLE = ["192.168.1.1/30", "10.0.0.0/29", "2001:db8::/125", "1.2.3.4/32", "1.2.3.4/33", "x", "::ffff:1.2.3.0/125"]
BASE64 = ["", "YQ==", "YWI=", "YWJj", "YQ", "YQ=", "YW=J", "a", "ab$d", "YWJj\n", "YW\nJj", "YWJjZA==", "YWJjZA", "YQ==x", "=", "====", "Y===", "4pyTIMOgIGxhIG1vZGU"]
HEXES = ["", "00", "deadBEEF", "abc", "zz", "0g", "f", "68656c6c6f", "é"]
JSONS = ["{}", "[1,2,3]", "{\"a\":1.50,\"b\":[true,null]}", "\"x\\u00e9\"", "1e400", "", " ", "{", "[1,]", "{\"a\":}", "nul", "tru", "01", "1.", "-", "1e", "\"\\x\"", "\"\n\"", "[1 2]", "{\"a\" 1}", "{a:1}", "1 2", "\"abc",
         "[\"a\"", "'x'", "{\"a\":1,}", "\"\\u12\"", "12345678901234567890123", "{\"a\":1,\"a\":2}", "+1", "NaN", "\ufeff1", "[[[[1]]]]", "falsy", "]"]
QUERIES = ["a=1&b=2", "a=1&a=2", "", "a", "=", "a=%20b+c", "%zz=1", "a;b=1", "&&a=b&", "a=b=c", "ä=ö", "x=%e4%f6"]
FORMATS = ["%d", "%5d|%-5d|%05d", "%x %X %o %b", "%s", "%v", "%q", "%10s|%-10s|", "%.2f", "%e %g", "%8.3f", "%+d", "%c", "%U %#U", "%t", "%%", "%", "%!", "%[2]d %[1]d", "%[3]d", "%*d", "%.*f", "%#x", "% x", "%#v", "%T", "%z",
           "no verbs", "%s %s %s", "%08.3f", "%6.2f%%", "%G", "%F", "%-08d|", "%.0f", "%.3s", "%+q", "%#q", "%x", "% d", "%#o", "%O", "%b", "%+.3e", "%[1]v %[1]v", "%[x]d", "%1000000000d", "%.d", "%5%", "%#g", "%+v", "%w"]
TEMPLATES = []


def number():
    return Raw(rng.choice(NUMBERS))


def scalar():
    return rng.choice([number, lambda: rng.choice(STRINGS), lambda: rng.choice([True, False, None])])()


def any_value(depth=2):
    kind = rng.randrange(9 if depth else 3)
    if kind < 4:
        return scalar()
    if kind < 6:
        return [any_value(depth - 1) for _ in range(rng.randrange(4))]
    if kind < 8:
        return {rng.choice("abcd"): any_value(depth - 1) for _ in range(rng.randrange(4))}
    return {"$set": [any_value(depth - 1) for _ in range(rng.randrange(4))]}


def array_of(item, most=5):
    return lambda: [item() for _ in range(rng.randrange(most))]


def set_of(item, most=5):
    return lambda: {"$set": [item() for _ in range(rng.randrange(most))]}


def collection_of(item, most=5):
    return lambda: rng.choice([array_of(item, most), set_of(item, most)])()


def one(pool):
    return lambda: rng.choice(pool)


def num(pool):
    return lambda: Raw(rng.choice(pool))


def obj():
    return {rng.choice("abcdef"): any_value() for _ in range(rng.randrange(5))}


def strings_or(*more):
    return lambda: rng.choice([one(STRINGS), collection_of(one(STRINGS + PARTS))])()


def path():
    return rng.choice([lambda: "/".join(rng.choice(["a", "b", "c", "0", "1", "~1", "-", "x", "~0"]) for _ in range(rng.randrange(1, 4))),
                       array_of(lambda: rng.choice(["a", "b", "c", "0", Raw("0"), Raw("1"), "d"]), 4), one(["", "/", "/a", "a/b", "/a/0", "01"])])()


def patch():
    operation = {"op": rng.choice(["add", "remove", "replace", "move", "copy", "test", "test", "nope"]), "path": path()}
    if rng.random() < 0.8:
        operation["value"] = any_value(1)
    if rng.random() < 0.7:
        operation["from"] = path()
    return operation


def graph():
    return {k: rng.choice([array_of(one(list("abcdex"))), set_of(one(list("abcdex")))])() for k in "abcde" if rng.random() < 0.8}


def instant():
    return rng.choice([num(TIMES), lambda: [Raw(rng.choice(TIMES)), rng.choice(ZONES)], lambda: [Raw(rng.choice(TIMES)), rng.choice(ZONES), rng.choice(LAYOUTS)],
                       lambda: [Raw("1700000000000000000"), rng.choice(ZONES)]])()


text, part, n, small, whatever = one(STRINGS), one(PARTS), number, num(SMALL), any_value
numbers = collection_of(number)
either = lambda: rng.choice([collection_of(any_value), obj])()
cidr_operand = lambda: rng.choice([one(CIDRS[:11]), collection_of(one(CIDRS[:11])), lambda: {rng.choice("ab"): rng.choice(CIDRS[:11])}, array_of(lambda: [rng.choice(CIDRS[:11]), "x"])])()

drawer = schemas.Drawer(rng)
template_drawer = templates.Drawer(rng)

CALLS = {
    "json.match_schema": [drawer.subject, drawer.root], "json.verify_schema": [drawer.root],
    "strings.render_template": [template_drawer.template, template_drawer.data],
    "abs": [n], "ceil": [n], "floor": [n], "round": [n], "plus": [n, n], "minus": [lambda: rng.choice([n, set_of(any_value)])(), lambda: rng.choice([n, set_of(any_value)])()],
    "mul": [n, n], "div": [n, n], "rem": [n, n], "numbers.range": [small, small], "numbers.range_step": [small, small, num(SMALL)],
    "count": [whatever], "sum": [numbers], "product": [numbers], "max": [collection_of(any_value)], "min": [collection_of(any_value)], "sort": [collection_of(any_value)],
    "all": [collection_of(one([True, True, False, Raw("1")]))], "any": [collection_of(one([True, False, None]))],
    "array.concat": [array_of(any_value), array_of(any_value)], "array.flatten": [array_of(any_value)], "array.reverse": [array_of(any_value)], "array.slice": [array_of(any_value), small, small],
    "bits.and": [n, n], "bits.or": [n, n], "bits.xor": [n, n], "bits.negate": [n], "bits.lsh": [n, small], "bits.rsh": [n, small],
    "equal": [any_value, any_value], "neq": [any_value, any_value], "lt": [any_value, any_value], "lte": [any_value, any_value], "gt": [any_value, any_value], "gte": [any_value, any_value],
    "to_number": [lambda: rng.choice([scalar, one(["1", "+1", "-0", "1e5", "0x10", "inf", "NaN", "1_000", ".5", "5.", "1e400", " 1", "007", "1.50", "--1", "Infinity"])])()],
    "cast_array": [whatever], "cast_set": [whatever], "cast_string": [whatever], "cast_boolean": [whatever], "cast_null": [whatever], "cast_object": [whatever],
    "is_number": [whatever], "is_string": [whatever], "is_array": [whatever], "is_set": [whatever], "is_object": [whatever], "is_null": [whatever], "is_boolean": [whatever], "type_name": [whatever],
    "and": [set_of(any_value), set_of(any_value)], "or": [set_of(any_value), set_of(any_value)], "set_diff": [set_of(any_value), set_of(any_value)],
    "intersection": [set_of(set_of(one(list("abc"))))], "union": [set_of(set_of(any_value))],
    "object.get": [obj, lambda: rng.choice([part, array_of(one(["a", "b", Raw("0")]), 3)])(), whatever], "object.keys": [obj], "object.remove": [obj, either], "object.filter": [obj, either],
    "object.union": [obj, obj], "object.union_n": [array_of(obj)], "object.subset": [either, either],
    "json.filter": [obj, collection_of(path)], "json.remove": [obj, collection_of(path)], "json.patch": [lambda: rng.choice([obj, any_value])(), array_of(patch, 3)],
    "concat": [part, collection_of(one(STRINGS))], "contains": [text, part], "startswith": [text, part], "endswith": [text, part], "lower": [text], "upper": [text], "split": [text, part],
    "replace": [text, part, part], "trim": [text, part], "trim_left": [text, part], "trim_right": [text, part], "trim_prefix": [text, part], "trim_suffix": [text, part], "trim_space": [text],
    "substring": [text, small, small], "indexof": [text, part], "indexof_n": [text, part], "strings.count": [text, part], "strings.reverse": [text], "strings.split_n": [text, part, small],
    "strings.replace_n": [lambda: {rng.choice(PARTS): rng.choice(PARTS) for _ in range(rng.randrange(4))}, text], "strings.any_prefix_match": [strings_or(), strings_or()],
    "strings.any_suffix_match": [strings_or(), strings_or()], "format_int": [n, num(["2", "8", "10", "16", "3", "10.0"])], "sprintf": [one(FORMATS), array_of(any_value, 4)],
    "regex.match": [one(PATTERNS), text], "regex.is_valid": [one(PATTERNS)], "regex.find_n": [one(PATTERNS), text, small], "regex.find_all_string_submatch_n": [one(PATTERNS), text, small],
    "regex.split": [one(PATTERNS), text], "regex.replace": [text, one(PATTERNS), one(["", "x", "$1", "${1}y", "$x", "$$", "${x", "$10", "[$0]", "$1x"])], "regex.globs_match": [one(SIMPLE_GLOBS), one(SIMPLE_GLOBS)],
    "regex.template_match": [one(["foo:<[0-9]+>", "<a>b<c>", "x{y}z", "urn:<.*>:x", "<<a>>"]), one(["foo:123", "abc", "urn:y:x", "a"]), one(["<", "<<", ""]), one([">"])],
    "glob.match": [one(GLOBS), lambda: rng.choice([None, [], ["."], ["/"], [".", "/"], ["ab"]]), one(["", "a", "ac", "abc", "foo.bar.com", "foo.com", "a.b.c", "a/b/c", "bc", "*", "日本", "a}b", "a,b"])], "glob.quote_meta": [text],
    "base64.encode": [text], "base64.decode": [one(BASE64[:-1])], "base64.is_valid": [one(BASE64)], "base64url.encode": [text], "base64url.encode_no_pad": [text], "base64url.decode": [one(BASE64)],
    "hex.encode": [text], "hex.decode": [one(HEXES[:2] + HEXES[3:])], "json.marshal": [whatever], "json.marshal_with_options": [whatever, lambda: rng.choice([{}, {"pretty": True}, {"indent": "  "}, {"prefix": ">", "indent": " "}, {"pretty": False, "indent": " "}, {"x": 1}, {"pretty": "y"}, {"indent": Raw("1")}])],
    "json.unmarshal": [one(JSONS)], "json.is_valid": [one(JSONS)], "urlquery.encode": [text], "urlquery.decode": [one(QUERIES[:-1])], "urlquery.encode_object": [lambda: {rng.choice(STRINGS): rng.choice([text, collection_of(one(STRINGS)), n])() for _ in range(rng.randrange(4))}],
    "urlquery.decode_object": [one(QUERIES[:-1])], "uri.parse": [one(URLS)], "uri.is_valid": [one(URLS)],
    "graph.reachable": [graph, collection_of(one(list("abcx")))], "graph.reachable_paths": [graph, collection_of(one(list("abcx")))], "walk": [whatever],
    "time.date": [instant], "time.clock": [instant], "time.weekday": [instant], "time.format": [instant], "time.add_date": [instant, small, num(SMALL + ["14", "-25"]), num(SMALL + ["400", "-31"])], "time.diff": [instant, instant],
    "time.parse_ns": [one(LAYOUTS), one(STAMPS)], "time.parse_rfc3339_ns": [one(STAMPS)], "time.parse_duration_ns": [one(DURATIONS)],
    "semver.compare": [one(SEMVERS), one(SEMVERS)], "semver.is_valid": [one(SEMVERS)], "units.parse": [one(UNITS)], "units.parse_bytes": [one(UNITS)], "uuid.parse": [one(UUIDS)],
    "net.cidr_contains": [one(CIDRS), one(CIDRS)], "net.cidr_intersects": [one(CIDRS), one(CIDRS)], "net.cidr_is_valid": [one(CIDRS)], "net.cidr_expand": [one(EXPANDABLE)], "net.cidr_merge": [collection_of(one(CIDRS[:10]))],
    "net.cidr_contains_matches": [cidr_operand, cidr_operand], "internal.member_2": [any_value, either], "internal.member_3": [scalar, scalar, either],
    "internal.template_string": [array_of(lambda: rng.choice([scalar(), {"$set": [any_value()]}, {"$set": []}]))],
    "yaml.unmarshal": [lambda: rng.choice(YAMLS)], "yaml.is_valid": [lambda: rng.choice(YAMLS)], "yaml.marshal": [whatever],
    "crypto.md5": [text], "crypto.sha1": [text], "crypto.sha256": [text], "crypto.hmac.md5": [text, text], "crypto.hmac.sha1": [text, text], "crypto.hmac.sha256": [text, text], "crypto.hmac.sha512": [text, text], "crypto.hmac.equal": [text, text],
}
YAMLS = ["a: 1", "- a\n- b", "a: {b: [1, 2.5, ~, true, yes, on]}", "x: |\n  line\n  two\n", "&a x: 1", "a: &x 1\nb: *x", "a: 0x1F\nb: 0o17\nc: 017\nd: 1_000\ne: 1e3\nf: .inf\n", "", "---\na: 1\n---\nb: 2", "a: 'q'\nb: \"\\u00e9\"", "{", "a: b: c", "- - 1\n  - 2\n- {}",
         "a: 2001-12-14", "1: x\ntrue: y", "? [a]\n: b", "!!str 1", "!!int '3'", "null", "~", "a: >\n  folded\n  text\n", "base: &b {x: 1}\nm:\n  <<: *b\n  y: 2", "\t- a", "a: 12345678901234567890", "a: -0", "a: 1.0", "a: +1", "a: .5", "a: 0b11", "k: \"multi\n  line\"", "a: !!binary aGk=", "%", "@x", "a: *nope"]


# Where a huge number would make OPA run out of memory, a wrong argument is never a number.
UNBOUNDED = {"numbers.range", "numbers.range_step", "bits.lsh", "substring"}


def wrong(name, value):
    if rng.random() >= 0.125:
        return value
    return rng.choice([None, "text", [], {}]) if name in UNBOUNDED else any_value()


for name in sorted(CALLS):
    if not name.startswith(prefix):
        continue
    for _ in range(per_builtin):
        arguments = [wrong(name, draw()) for draw in CALLS[name]]
        print(dump({"call": name, "args": arguments}))
