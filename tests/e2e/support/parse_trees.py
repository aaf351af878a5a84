"""What PostgreSQL itself says of a statement: the analysed query tree that `debug_print_parse` writes to its log, with the
privileges that the executor will check for each table and column.

One log entry is one query. Entries with a CONTEXT come from inside functions, triggers and foreign keys, which no text shows.
"""
import dataclasses
import re

TOKEN = re.compile(r'[{}()]|"(?:\\.|[^"\\])*"|(?:\\.|[^\s(){}"\\])+')
INSERT, SELECT, UPDATE, DELETE, TRUNCATE = 1, 2, 4, 8, 16
#: Columns are numbered from the first system column on (FirstLowInvalidHeapAttributeNumber); this one is the whole row.
WHOLE_ROW = 7


@dataclasses.dataclass
class Use:
    """A table as one query uses it; `name` is None where an alias hides it."""
    relid: int
    name: str | None
    columns: list | None
    permissions: int
    read: set
    written: set


def unescaped(token):
    text = token[1:-1] if token.startswith('"') else token
    return re.sub(r"\\(.)", r"\1", text)


def parse(text):
    """{NODE :field value ...} as (name, {field: [values]}); lists as Python lists. Iterative: trees are deep."""
    stack, root = [], None
    for token in TOKEN.findall(text):
        if token in "{(":
            stack.append(("{", [], {}, [None]) if token == "{" else ("(", []))
            continue
        if token in "})":
            done = stack.pop()
            value = (done[1][0] if done[1] else "", done[2]) if done[0] == "{" else done[1]
        else:
            value = token
        if not stack:
            root = value
            break
        top = stack[-1]
        if top[0] == "(":
            top[1].append(value)
        elif isinstance(value, str) and value.startswith(":") and len(value) > 1:
            top[3][0] = value[1:]
            top[2][value[1:]] = []
        elif top[3][0] is None:
            top[1].append(value)
        else:
            top[2][top[3][0]].append(value)
    return root


def attribute_numbers(field):
    """(b 8 9) -> {1, 2}; 0 stands for the whole row."""
    members = field[0][1:] if field and isinstance(field[0], list) else []
    return {int(member) - WHOLE_ROW for member in members}


def alias(field):
    """(name, columns) of an ALIAS node, None for <>."""
    if not field or not isinstance(field[0], tuple):
        return None
    fields = field[0][1]
    columns = fields.get("colnames", [[]])[0]
    return unescaped(fields["aliasname"][0]), [unescaped(one) for one in columns] if isinstance(columns, list) else []


def use_of(fields):
    given, effective = alias(fields["alias"]), alias(fields["eref"])
    named = lambda number: effective[1][number - 1] if 0 < number <= len(effective[1]) else "*" if number == 0 else None
    renamed = given is not None and given[1]
    columns = lambda field: {name for number in attribute_numbers(fields[field]) if (name := named(number))}
    return Use(relid=int(fields["relid"][0]), name=effective[0] if given is None else None,
               columns=None if renamed else effective[1], permissions=int(fields["requiredPerms"][0]),
               read=set() if renamed else columns("selectedCols"),
               written=set() if renamed else columns("insertedCols") | columns("updatedCols"))


def uses(tree):
    """Every table in the range tables of a query and of the queries inside it, whose privileges are checked."""
    found, todo = [], [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, tuple):
            name, fields = node
            if name == "RANGETBLENTRY" and fields["rtekind"] == ["0"] and fields["requiredPerms"] != ["0"]:
                found.append(use_of(fields))
            todo.extend(value for values in fields.values() for value in values if not isinstance(value, str))
    return found


def understood(tree):
    """None for a tree that cannot be read back: the server prints a quote within a name as if it ended the name."""
    try:
        return uses(parse(tree))
    except (KeyError, IndexError):
        return None


ENTRY = re.compile(r"^\d{4}-\S+ \S+ \S+ \[(\d+)\] (\w+):  (.*(?:\n\t.*)*)", re.M)


def queries(log):
    """(statement's text, its tables) for each query that a client's text itself shows."""
    tree, inside = None, False
    for _, kind, body in ENTRY.findall(log):
        if kind == "LOG":
            tree, inside = (body if body.startswith("parse tree:") else None), False
        elif tree is not None and kind == "DETAIL":
            tree = body.replace("\n\t", " ")
        elif kind == "CONTEXT":
            inside = True
        elif kind == "STATEMENT" and tree is not None and tree.startswith("{"):
            if not inside and (known := understood(tree)) is not None:
                yield body.replace("\n\t", "\n"), known
            tree = None
