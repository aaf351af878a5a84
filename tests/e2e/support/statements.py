"""Statements at random, nearly all of which PostgreSQL understands: names are taken from what is in scope where they stand.

Every way to use a table is in here once; what is combined with what is left to the seed.
"""
import random

TABLES = {"person": ["id", "name", "age"], "orders": ["id", "person", "total", "note"], "item": ["id", "orders", "title", "price"], 'Odd "one"': ["id", "Größe"],
          "shop.person": ["id", "city"], "parted": ["id", "note"], "looked": ["id", "name"]}
SETUP = '''
create schema shop;
create table person (id int primary key, name text, age int);
create table orders (id int primary key, person int, total int, note text);
create table item (id int primary key, orders int, title text, price int);
create table "Odd ""one""" (id int primary key, "Größe" text);
create table shop.person (id int primary key, city text);
create table parted (id int primary key, note text) partition by range (id);
create table parted_low partition of parted for values from (minvalue) to (100);
create view looked as select id, name from person where age > 1;
create sequence counter;
create function twice(int) returns int language plpgsql as 'begin return $1 * 2; end';
create function shout(text) returns text language plpgsql as 'begin return upper($1); end';
create function shop.rows_of(int) returns setof int language plpgsql as 'begin return next $1; end';
create function pick(int, int) returns int language plpgsql as 'begin return $1; end';
create operator @# (leftarg = int, rightarg = int, function = pick);
create aggregate most(int) (sfunc = pick, stype = int);
'''
TEXTS = {"name", "note", "title", "Größe", "city"}


def quoted(name):
    """As one writes it: quoted where it must be, and sometimes where it need not."""
    plain = name.isascii() and name.replace("_", "").isalnum() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'


class Scope:
    """What columns may be named: (qualifier, column, is it a text)."""

    def __init__(self, columns=(), outer=None):
        self.columns, self.outer = list(columns), outer


class Writer:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.aliases = 0
        self.ctes = {}

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def one(self, *choices):
        return self.random.choice(choices)

    def alias(self):
        self.aliases += 1
        return self.one("a", "b", "Person ", "item", "x") + str(self.aliases)

    # --- expressions

    def column(self, scope, text):
        while scope is not None:
            fitting = [c for c in scope.columns if c[2] == text]
            if fitting and (scope.outer is None or not self.chance(25)):
                qualifier, name, _ = self.random.choice(fitting)
                return f"{quoted(qualifier)}.{quoted(name)}"
            scope = scope.outer
        return "'x'" if text else "1"

    def number(self, scope, depth=0):
        if depth > 2 or self.chance(45):
            return self.column(scope, False) if self.chance(75) else str(self.random.randrange(9))
        inner = lambda: self.number(scope, depth + 1)
        return self.one(
            lambda: f"{inner()} {self.one('+', '-', '*', '@#')} {inner()}", lambda: f"twice({inner()})", lambda: f"coalesce({inner()}, {inner()})",
            lambda: f"case when {self.condition(scope, depth + 1)} then {inner()} else {inner()} end", lambda: f"length({self.text(scope, depth + 1)})",
            lambda: f"(select {self.one('max', 'count', 'most')}({self.column(None, False)}))", lambda: f"greatest({inner()}, {inner()})",
            lambda: f"({self.scalar(scope, depth + 1)})", lambda: f"(array[{inner()}, {inner()}])[1]", lambda: f"({inner()})::int", lambda: "nextval('counter')::int",
            lambda: f"nullif({inner()}, 3)", lambda: f"(array(select {self.from_one(scope, depth + 1)}))[1]")()

    def text(self, scope, depth=0):
        if depth > 2 or self.chance(50):
            return self.column(scope, True) if self.chance(75) else self.one("'t'", "$q$it's$q$", "E'\\x61'", "U&'\\0061'")
        return self.one(lambda: f"shout({self.text(scope, depth + 1)})", lambda: f"{self.text(scope, depth + 1)} || {self.text(scope, depth + 1)}",
                        lambda: f"({self.number(scope, depth + 1)})::text", lambda: f"lower({self.text(scope, depth + 1)})")()

    def condition(self, scope, depth=0):
        number = lambda: self.number(scope, depth + 1)
        if depth > 2 or self.chance(40):
            return f"{number()} {self.one('=', '<', '>=', '<>', 'is distinct from')} {number()}"
        return self.one(
            lambda: f"{self.condition(scope, depth + 1)} {self.one('and', 'or')} {self.condition(scope, depth + 1)}", lambda: f"not ({self.condition(scope, depth + 1)})",
            lambda: f"exists ({self.select(scope, depth + 1, 1)})", lambda: f"{number()} {self.one('in', 'not in', '= any', '< all')} ({self.select(scope, depth + 1, 1)})",
            lambda: f"{number()} between {number()} and {number()}", lambda: f"{self.text(scope, depth + 1)} like {self.text(scope, depth + 1)}",
            lambda: f"({number()}, {number()}) in ({self.select(scope, depth + 1, 2)})", lambda: f"({number()}) is not null", lambda: f"{number()} in ({number()}, {number()})")()

    # --- queries

    def scalar(self, outer, depth):
        return self.select(outer, depth, 1) + " limit 1"

    def from_one(self, outer, depth):
        scope = Scope(outer=outer)
        source = self.source(scope, depth)
        return f"{self.number(scope, 3)} from {source}"

    def table(self):
        name = self.random.choice(list(TABLES))
        written = ".".join(quoted(part) for part in name.split(".")) if name == "shop.person" else quoted(name)
        if "." not in name and self.chance(15):
            written = "public." + written
        if written.isalpha() and self.chance(10):
            written = written.upper() if self.chance(50) else f'"{written}"'
        return name, written

    def source(self, scope, depth):
        """One item of FROM; its columns come into scope."""
        alias = self.alias()
        add = lambda columns: scope.columns.extend((alias, column, column in TEXTS) for column in columns)
        as_ = f"{self.one('', 'as ')}{quoted(alias)}"
        kind = self.random.randrange(100)
        if self.ctes and kind < 20:
            name = self.random.choice(list(self.ctes))
            add(self.ctes[name])
            return f"{quoted(name)} {as_}"
        if kind < 30 and depth < 3:
            lateral = self.chance(50)
            query = self.select(Scope(scope.columns, scope.outer) if lateral else scope.outer, depth + 1, 1)
            add(["c"])
            return f"{'lateral ' if lateral else ''}({query}) {as_}(c)"
        if kind < 36:
            add(["n"])
            return f"{self.one('generate_series(1, 3)', 'shop.rows_of(2)', 'rows from (shop.rows_of(1))', 'unnest(array[1])')} {as_}(n)"
        if kind < 42:
            add(["v", "note"])
            return f"(values ({self.number(scope.outer, 3)}, 'v'), (2, 'w')) {as_}(v, note)"
        name, written = self.table()
        columns = TABLES[name]
        if self.chance(12):  # other names for the columns
            add(["k1", *columns[1:]])
            return f"{written} {as_}(k1)"
        add(columns)
        sampled = " tablesample system (50)" if self.chance(5) and name not in ("looked", "parted") else ""
        return f"{self.one('', '', '', 'only ') if name != 'looked' else ''}{written} {as_}{sampled}"

    def joined(self, scope, depth):
        text = self.source(scope, depth)
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            other = self.source(scope, depth)
            text += self.one(lambda: f", {other}", lambda: f" cross join {other}", lambda: f" join {other} on {self.condition(scope, 2)}",
                             lambda: f" left join {other} on {self.condition(scope, 2)}")()
        return text

    def select(self, outer=None, depth=0, columns=None):
        if depth < 2 and self.chance(12):
            width = columns or 1
            return f"{self.plain(outer, depth + 1, width)} {self.one('union', 'union all', 'intersect', 'except')} {self.plain(outer, depth + 1, width)}"
        return self.plain(outer, depth, columns)

    def plain(self, outer, depth, columns):
        scope = Scope(outer=outer)
        source = self.joined(scope, depth)
        if columns is None and self.chance(25):
            qualifier = self.random.choice(scope.columns)[0]
            outputs = self.one("*", f"{quoted(qualifier)}.*", quoted(qualifier), f"to_json({quoted(qualifier)})")
            grouped = False
        else:
            grouped = self.chance(15)
            outputs = ", ".join(f"{self.one('max', 'count', 'most')}({self.number(Scope(scope.columns), 3)})::int" if grouped else self.number(scope, depth)
                                for _ in range(columns or self.random.randrange(1, 4)))
            if columns is None and not grouped and self.chance(15):
                outputs += f", row_number() over (partition by {self.number(scope, 3)} order by {self.text(scope, 3)})"
        text = f"select {'distinct ' if self.chance(5) and not grouped and 'to_json' not in outputs else ''}{outputs} from {source}"
        if self.chance(60):
            text += f" where {self.condition(scope, depth)}"
        if grouped and self.chance(60):
            text += self.one(f" group by {self.column(Scope(scope.columns), False)}", f" group by rollup ({self.column(Scope(scope.columns), False)})") + (
                f" having count(*) > {self.number(outer, 3)}" if self.chance(40) else "")
        elif not grouped and depth == 0 and self.chance(20) and "distinct" not in text:
            text += f" order by {self.text(scope, 2)}" + (f" limit {self.random.randrange(5)}" if self.chance(50) else "")
        return text

    def with_(self):
        """WITH, sometimes; the names stay in scope for the statement."""
        parts = []
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            name = self.one("cte", "person", "Äh") + str(len(self.ctes) + 1)
            query = self.changing(returning=True) if self.chance(25) else self.select(columns=1)
            parts.append(f"{quoted(name)}(id) as {self.one('', 'materialized ', 'not materialized ')}({query})")
            self.ctes[name] = ["id"]
        return f"with {', '.join(parts)} " if parts else ""

    # --- changes

    def target(self):
        name = self.random.choice([name for name in TABLES if name != "looked"])
        return name, ".".join(quoted(part) for part in name.split(".")) if name == "shop.person" else quoted(name)

    def values_for(self, columns, scope):
        return ", ".join(self.text(scope, 2) if column in TEXTS else self.number(scope, 2) for column in columns)

    def changing(self, returning=False):
        name, written = self.target()
        columns, alias = TABLES[name], self.alias()
        scope = Scope((alias, column, column in TEXTS) for column in columns)
        back = f" returning {quoted(alias)}.id" if returning else self.one("", f" returning {self.number(scope, 2)}", " returning *")
        kind = self.random.randrange(4)
        if kind == 0:
            some = [columns[0], *self.random.sample(columns[1:], self.random.randrange(len(columns)))]
            rows = self.one(lambda: f"values ({self.values_for(some, None)})", lambda: f"select {self.values_for(some, Scope())} from {self.joined(Scope(), 1)}")()
            conflict = self.one("", "", " on conflict do nothing", f" on conflict (id) do update set {quoted(columns[1])} = excluded.{quoted(columns[1])} where {self.condition(scope, 2)}")
            return f"insert into {written} as {quoted(alias)} ({', '.join(map(quoted, some))}) {rows}{conflict}{back}"
        more = Scope(scope.columns)
        if kind == 1:
            source = f" from {self.source(more, 1)}" if self.chance(40) else ""
            changed = self.random.sample(columns[1:], self.random.randrange(1, len(columns)))
            sets = self.one(lambda: ", ".join(f"{quoted(c)} = {self.values_for([c], more)}" for c in changed),
                            lambda: f"({', '.join(map(quoted, changed))}) = row ({self.values_for(changed, more)})")()
            return f"update {written} {quoted(alias)} set {sets}{source}{f' where {self.condition(more, 1)}' if self.chance(70) else ''}{back}"
        if kind == 2:
            using = f" using {self.source(more, 1)}" if self.chance(40) else ""
            return f"delete from {written} {quoted(alias)}{using}{f' where {self.condition(more, 1)}' if self.chance(70) else ''}{back}"
        if returning:
            return self.changing(returning)
        source = self.source(more, 1)
        return (f"merge into {written} {quoted(alias)} using {source} on {self.condition(more, 2)} when matched and {self.condition(more, 2)} then "
                + self.one("delete", "do nothing", f"update set {quoted(columns[1])} = {self.values_for([columns[1]], more)}"))

    def statement(self):
        """One statement; the next one is written anew."""
        self.ctes, self.aliases = {}, 0
        query = lambda: f"{self.with_()}{self.select()}"
        kind = self.random.randrange(100)
        if kind < 45:
            return query()
        if kind < 72:
            return f"{self.with_()}{self.changing()}"
        return self.one(lambda: f"explain {query()}", lambda: f"copy ({query()}) to stdout", lambda: f"create temp table made as {self.with_()}{self.select(columns=1)}",
                        lambda: f"declare c cursor for {query()}", lambda: f"create temp view seen as {self.with_()}{self.select(columns=1)}",
                        lambda: f"lock table {self.table()[1]} in share mode", lambda: f"table {self.table()[1]}",
                        lambda: f"insert into orders (id) {self.select(columns=1)}", lambda: f"truncate {self.target()[1]}", lambda: f"create table copied (like {self.target()[1]})",
                        lambda: f"copy {self.one('person', 'orders', 'shop.person')} (id) to stdout", lambda: f"values ({self.number(Scope(), 0)})")()
