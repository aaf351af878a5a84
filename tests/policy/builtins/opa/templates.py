"""Go templates, right and wrong, drawn with the caller's random generator."""

ATOMS = [".", ".s", ".n", ".f", ".b", ".z", ".l", ".m", ".m.k", ".m.q.r", ".none", ".none.x", ".s.x", ".z.x", "$", "$.s", "$x", "1", "0", "2", "-1", "1.5", "0x1F", "1e3", "1_000", "'a'", "'\\n'", '"str"', '"a\\tb"', "`raw`", "true",
         "false", "nil", "(.n)", "(len .l)", "(index .m \"k\")", "(index .l 0)", "9999999999999999999999", "07", "1.e", "(.m).k", "$.m.k", "(nil).x", "true.x", "\"s\".x"]
FUNCTIONS = ["eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "len", "index", "slice", "print", "println", "printf \"%v|%s\"", "printf \"%d\"", "printf \"%5.2f\"", "printf \"%q\"", "printf", "html", "js", "urlquery", "call", "nope"]
TEXTS = ["", "a", " b ", "\n", "x\ny", "<&'\">", "}}", "é"]
DATA = {"s": "str<'&\">", "n": 5, "f": 2.5, "b": True, "z": None, "l": [1, "two", None, {"k": "v"}, [3]], "m": {"k": "v", "q": {"r": 1}}, "e": {}, "x y": 1, "big": 12345678901234567890, "u": "日本 \u2028"}


class Drawer:
    def __init__(self, rng):
        self.rng = rng

    def atom(self):
        return self.rng.choice(ATOMS)

    def command(self):
        rng = self.rng
        if rng.random() < 0.4:
            return self.atom()
        return " ".join([rng.choice(FUNCTIONS)] + [self.atom() for _ in range(rng.randrange(4))])

    def pipeline(self):
        return " | ".join(self.command() for _ in range(self.rng.choice([1, 1, 1, 2, 3])))

    def action(self, depth):
        rng = self.rng
        left, right = rng.choice(["{{", "{{", "{{- "]), rng.choice(["}}", "}}", " -}}"])
        kind = rng.randrange(20)
        body = lambda: self.template(depth - 1)
        if kind < 9 or depth <= 0:
            return left + self.pipeline() + right
        if kind < 11:
            other = rng.choice(["", "", "{{else}}" + body(), "{{else if " + self.pipeline() + "}}" + body() + "{{else}}" + body()])
            return left + "if " + self.pipeline() + right + body() + other + "{{end}}"
        if kind < 14:
            over = rng.choice([".l", ".m", ".e", ".none", ".s", "3", ".n", self.atom()])
            head = rng.choice(["range ", "range $i, $x := ", "range $x := ", "range $_, $x = "])
            return left + head + over + right + body() + rng.choice(["", "{{break}}", "{{continue}}", "{{$x}}{{$i}}"]) + rng.choice(["", "{{else}}" + body()]) + "{{end}}"
        if kind < 16:
            return left + "with " + self.pipeline() + right + body() + rng.choice(["", "{{else}}" + body(), "{{else with .m}}" + body()]) + "{{end}}"
        if kind < 17:
            return rng.choice(["{{$x := %s}}", "{{$x = %s}}", "{{$x, $y := %s}}"]) % self.pipeline()
        if kind < 18:
            return rng.choice(["{{/* c */}}", "{{- /* c */ -}}", "{{/* c", "{{/* c */ x}}"])
        if kind < 19:
            return "{{define \"t\"}}" + body() + "{{end}}{{template \"t\" " + self.pipeline() + "}}"
        return rng.choice(["{{block \"b\" .}}" + body() + "{{end}}", "{{template \"missing\"}}", "{{end}}", "{{else}}", "{{break}}", "{{", "{{ x", "{{\"a", "{{.s }", "{{()}}", "{{(.s}}", "{{.s)}}", "{{|}}", "{{.s|}}", "{{.s |1}}", "{{if}}{{end}}", "{{range $a, $b, $c := .l}}{{end}}",
                           "{{.s.}}", "{{.é}}", "{{$}}", "{{.s$x}}", "{{#}}", "{{.s,}}", "{{1a}}", "{{''}}", "{{'ab'}}", "{{\"\\z\"}}", "{{template .s}}", "{{if .s}}", "{{range .l}}{{.}}", "{{.x y}}", "{{- .s -}} x", "{{-3}}", "{{3 -}}"])

    def template(self, depth=2):
        rng = self.rng
        out = "{{$x := 0}}" if depth == 2 and rng.random() < 0.7 else ""
        for _ in range(rng.randrange(1, 4)):
            out += rng.choice(TEXTS) + self.action(depth)
        return out

    def data(self):
        return DATA if self.rng.random() < 0.95 else self.rng.choice([{}, {"s": {"$set": [1]}}, {"$object": [[1, 2]]}, {"s": [{"$set": []}]}])
