#!/usr/bin/env python3
"""Writes nodes_NN.inc: for every parse-tree node of one PostgreSQL version, the fields that hold other nodes.

Usage: nodes.py INCLUDE_DIR > nodes_NN.inc   (INCLUDE_DIR holds nodes/parsenodes.h of that version)

The table is what makes the walk complete: a field that PostgreSQL adds is walked as soon as this is run on its headers.
"""
import re
import sys
from pathlib import Path

PLANNER_ONLY = {
    "Query", "RangeTblEntry", "RTEPermissionInfo", "RangeTblFunction", "TableSampleClause", "WithCheckOption", "SortGroupClause",
    "WindowClause", "RowMarkClause", "Var", "Const", "Param", "Aggref", "WindowFunc", "SubscriptingRef",
    "FuncExpr", "OpExpr", "ScalarArrayOpExpr", "SubPlan", "AlternativeSubPlan", "FieldSelect", "FieldStore", "RelabelType",
    "CoerceViaIO", "ArrayCoerceExpr", "ConvertRowtypeExpr", "CollateExpr", "CaseTestExpr", "ArrayExpr", "RowCompareExpr",
    "CoerceToDomain", "CoerceToDomainValue", "NextValueExpr", "InferenceElem", "TargetEntry", "RangeTblRef", "FromExpr",
    "OnConflictExpr", "MergeAction", "Expr", "RawStmt", "JsonConstructorExpr", "JsonExpr", "JsonBehaviorExpr",
    "JsonTablePath", "JsonTablePlan", "JsonTablePathScan", "JsonTableSiblingJoin", "JsonTableParent",
    "WindowFuncRunCondition", "TableFunc", "ReturningExpr",
}


def structs(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for match in re.finditer(r"(?:typedef )?struct (\w+)\s*\n\{(.*?)\n\}\s*(\w*);", text, flags=re.S):
        yield match.group(1), match.group(2)


def main():
    include = Path(sys.argv[1])
    text = "".join((include / "nodes" / name).read_text() for name in ("primnodes.h", "parsenodes.h"))
    bodies = dict(structs(text))
    nodes = {name for name, body in bodies.items()
             if re.search(r"^\s*(NodeTag\s+type|Expr\s+xpr|CreateStmt\s+base)\s*;", body, flags=re.M)}
    for name, body in bodies.items():
        if name not in nodes or name in PLANNER_ONLY:
            continue
        children = re.findall(r"^\s*(?:struct\s+)?(\w+)\s*\*\s*(\w+)(?:\s+pg_node_attr\([^)]*\))?\s*;", body, flags=re.M)
        fields = [field for kind, field in children if kind in nodes | {"List", "Node", "Expr"}]
        if re.search(r"CreateStmt\s+base", body):
            fields = [f"base.{field}" for kind, field in
                      re.findall(r"^\s*(?:struct\s+)?(\w+)\s*\*\s*(\w+)\s*;", bodies["CreateStmt"], flags=re.M)
                      if kind in nodes | {"List", "Node"}] + fields
        print(f"NODE({name}, {' '.join(f'CHILD({field})' for field in fields)})")


main()
