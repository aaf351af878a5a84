"""JSON Schemas, right and wrong, and documents for them, drawn with the caller's random generator."""
import json

TYPES = ["string", "number", "integer", "object", "array", "boolean", "null"]
FORMATS = {
    "date": ["2024-02-29", "2023-02-29", "x"], "time": ["12:00:00", "12:00:00Z", "25:00:00", "12:00:00+01:00"],
    "date-time": ["2024-02-29T12:00:00Z", "2024-02-29", "12:00:00", "2024-02-29 12:00:00", "2024-02-29T12:00:00.5+02:00"],
    "hostname": ["a.b", "-a", "a_b", "x" * 64, "a..b", ""],
    "email": ["a@b", "a b@c", "Joe <j@x.y>", "\"q q\"@x", "a@[1.2.3.4]", "a@[IPv6:::1]", "a@b (c)", "@b", "a@", "g: a@b;", "g: a@b, c@d;", "a.@b", "a..b@c", "a@b, c@d", "Joe j@x", "<a@b>", ""],
    "ipv4": ["1.2.3.4", "::ffff:1.2.3.4", "1.2.3", "01.2.3.4"], "ipv6": ["::1", "1.2.3.4", "::g"], "uri": ["http://x/y", "/y", "a:b", "http://a b/", "x:\\"],
    "uri-reference": ["/y", "%zz", "a b", "\\"], "uri-template": ["/a/{b}", "/a/{b", "/a/}b{"], "uuid": ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B8109dad11d180b400c04fd430c8"],
    "regex": ["a*", "(", "a**", ""], "json-pointer": ["/a/~0", "/a/~2", "a", ""], "relative-json-pointer": ["0#", "1/a", "01", "x"], "unknown": ["anything"],
}
PATTERNS = ["^a", "b$", "(", "[a-z]+", "^$", "\\d{2}"]
NUMBERS = [0, 1, 2, 3, 5, 7, -1, 10, 100, 1.5, 2.5, 0.1, 0.01, 1000000, 12345678, 123456789012345678901234567890, 1e-7, 0.000123, 99.99, 3.0]
STRINGS = ["", "a", "ab", "b", "abc", "12", "föö", "a<b>&", "日本"]
KEYS = ["a", "b", "c", "ab"]


class Drawer:
    def __init__(self, rng):
        self.rng = rng

    def document(self, depth=2):
        rng = self.rng
        kind = rng.randrange(10 if depth else 6)
        if kind < 2:
            return rng.choice(STRINGS)
        if kind < 4:
            return rng.choice(NUMBERS)
        if kind < 5:
            return rng.choice([True, False])
        if kind < 6:
            return rng.choice([None, rng.choice(rng.choice(list(FORMATS.values())))])
        if kind < 8:
            return [self.document(depth - 1) for _ in range(rng.randrange(4))]
        return {rng.choice(KEYS): self.document(depth - 1) for _ in range(rng.randrange(4))}

    def keyword(self, depth, schema):
        rng = self.rng
        sub = lambda: self.schema(depth - 1)
        size = lambda: rng.choice([0, 1, 2, 3])
        name = rng.choice([
            "type", "type", "type", "properties", "properties", "required", "additionalProperties", "items", "items", "enum", "const", "minimum", "maximum", "exclusiveMinimum",
            "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "contains", "minProperties", "maxProperties",
            "patternProperties", "propertyNames", "dependencies", "additionalItems", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$ref", "definitions", "title", "$id"])
        draw = {
            "type": lambda: rng.choice([rng.choice(TYPES), rng.choice(TYPES), rng.sample(TYPES, 2)]),
            "properties": lambda: {rng.choice(KEYS): sub() for _ in range(rng.randrange(3))}, "required": lambda: rng.sample(KEYS, rng.randrange(3)),
            "additionalProperties": lambda: rng.choice([False, True, sub()]), "items": lambda: rng.choice([sub(), [sub(), sub()]]),
            "enum": lambda: [self.document(1) for _ in range(rng.randrange(4))], "const": lambda: self.document(1),
            "minimum": lambda: rng.choice(NUMBERS), "maximum": lambda: rng.choice(NUMBERS),
            "exclusiveMinimum": lambda: rng.choice([rng.choice(NUMBERS), True, False]), "exclusiveMaximum": lambda: rng.choice([rng.choice(NUMBERS), True, False]),
            "multipleOf": lambda: rng.choice(NUMBERS), "minLength": size, "maxLength": size, "pattern": lambda: rng.choice(PATTERNS),
            "format": lambda: rng.choice(list(FORMATS)), "minItems": size, "maxItems": size, "uniqueItems": lambda: rng.choice([True, True, False]), "contains": sub,
            "minProperties": size, "maxProperties": size, "patternProperties": lambda: {rng.choice(PATTERNS): sub()}, "propertyNames": sub,
            "dependencies": lambda: {rng.choice(KEYS): rng.choice([sub(), rng.sample(KEYS, rng.randrange(3))])}, "additionalItems": lambda: rng.choice([False, True, sub()]),
            "allOf": lambda: [sub() for _ in range(rng.randrange(3))], "anyOf": lambda: [sub() for _ in range(rng.randrange(3))], "oneOf": lambda: [sub() for _ in range(rng.randrange(3))],
            "not": sub, "if": sub, "then": sub, "else": sub,
            "$ref": lambda: rng.choice(["#/definitions/d", "#/definitions/d", "#/definitions/e", "#/properties/a", "#/nowhere", "http://json-schema.org/draft-07/schema#", "x", "#foo", "item", "/definitions/d"]),
            "definitions": lambda: {"d": sub(), "e": sub()}, "title": lambda: "t", "$id": lambda: rng.choice(["http://x.y/z", "#foo", "item", "a b"]),
        }[name]
        schema[name] = self.document(1) if rng.random() < 0.04 else draw()

    def schema(self, depth=2):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.1:
            return rng.choice([True, True, False, {}, {"type": rng.choice(TYPES)}, {"type": rng.choice(TYPES)}, {"enum": [1, "a", None]}])
        out = {}
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            self.keyword(depth, out)
        return out

    def root(self):
        out = self.schema(3)
        if isinstance(out, dict):
            if self.rng.random() < 0.5 and "definitions" not in out:
                out["definitions"] = {"d": self.schema(1), "e": self.schema(1)}
            if self.rng.random() < 0.25:
                out["$schema"] = self.rng.choice(["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-07/schema#", "http://other", 1])
        return json.dumps(out) if self.rng.random() < 0.1 else out

    def subject(self):
        out = self.document(3)
        if not isinstance(out, (dict, list)):
            out = json.dumps(out) if self.rng.random() < 0.9 else out
        return out
