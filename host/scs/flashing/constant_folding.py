"""Prepare firmware for MicroPython's compiler: fold constants, shorten private names.

Role: together(), for firmware_files.py, over all files at once. A constant of another module costs
two look-ups per use, and memory for name and value; MicroPython's const() works within one file
only. CPython has no const(), so the sources, which run on both, do without.
Invariant: the files compute the same; a name assigned twice is left alone, and so is a module
whose names are read by dir() or globals().
"""

from __future__ import annotations

import ast
import io
import operator
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.FloorDiv: operator.floordiv,
}
_FIELD = re.compile(r"\b\w+ (?=([ui]\d+|bytes)\b)")  # the name, before its type
_PRIVATE = re.compile(r"\b_[a-z]\w*")
PACKAGES = ("rp2_port", "stimcore")
_EVERY = "*"  # in place of a name: all of a module's


def together(texts: dict[str, str], kept: str) -> dict[str, str]:
    """Fold sources (file name -> text): numbers for other modules' constants, const() for own.

    kept: the source of a file that uses them and is copied unchanged.
    Constants no longer referenced elsewhere are renamed with a leading underscore, so
    MicroPython's const() drops them. Invalid Python is left for MicroPython's compiler to report.
    """
    stems = {name: PurePosixPath(name).stem for name in texts}
    known = {
        stems[name]: {constant: value for constant, value, _node in _assigned(text)}
        for name, text in texts.items()
    }
    out = {name: _replaced(text, known) for name, text in texts.items()}
    used = set(_used_names("", kept))
    for name, text in out.items():
        used.update(_used_names(stems[name], text))
    for name, text in out.items():
        wanted = {constant for module, constant in used if module == stems[name]}
        out[name] = folded(text, None if _EVERY in wanted else wanted)
    return shortened(out)


def digested(texts: dict[str, str], digest: int) -> dict[str, str]:
    """Return sources with the digest of all tables in place of what computes it.

    That needs the name of every limit, error, command, field and state, 6 kB of a board's memory,
    and nothing else does.
    """
    orders = _without(texts["stimcore/commands.py"], "tables_digest", "STOP_REASONS")
    orders = _FIELD.sub("x ", orders)
    out = {
        **texts,
        "stimcore/commands.py": _rewritten(orders, [(row[1], '""') for row in _rows(orders)]),
        "stimcore/limits.py": _without(texts["stimcore/limits.py"], "rows"),
        "stimcore/states.py": _without(texts["stimcore/states.py"], "NAMES"),
    }
    device = "stimcore/device.py"
    out[device] = texts[device].replace("commands.tables_digest()", str(digest))
    return out


def _without(text: str, *names: str) -> str:
    """Return a source without these of its functions and tables."""
    lines = text.splitlines(keepends=True)
    for node in _tree(text).body:
        name = getattr(node, "name", "")
        if isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0])
        if name in names:
            count = (node.end_lineno or 0) - node.lineno + 1
            lines[node.lineno - 1 : node.end_lineno] = ["\n"] * count
    return "".join(lines)


def _rows(text: str) -> Iterator[list[ast.expr]]:
    """Yield the fields of each row of a source's TABLE."""
    for node in _tree(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TABLE":
            for row in ast.iter_child_nodes(node.value):
                if isinstance(row, ast.Tuple):
                    yield row.elts


def shortened(texts: dict[str, str]) -> dict[str, str]:
    """Shorten private names, using the same short names in every file where possible.

    A board keeps every name it has loaded in memory: its letters plus eight bytes. A name that is
    also a word in a text, or in an f-string, stays.
    """
    trees = {name: _tree(text) for name, text in texts.items()}
    defined: set[str] = set()  # private functions, arguments, attributes in lower case
    quoted: set[str] = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            given = getattr(node, "name", getattr(node, "arg", None))
            if isinstance(getattr(node, "ctx", None), ast.Store):
                given = getattr(node, "id", getattr(node, "attr", None))
            if isinstance(given, str) and _PRIVATE.fullmatch(given):
                defined.add(given)
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                quoted.update(re.findall(r"\w+", node.value))
        quoted |= {getattr(node, "id", getattr(node, "attr", "")) for node in _in_texts(tree)}
    long = defined - quoted
    used = {name: long.intersection(_PRIVATE.findall(text)) for name, text in texts.items()}
    files = Counter(word for words in used.values() for word in words)
    shared = sorted(word for word in long if files[word] > 1)
    out = {}
    for name, text in texts.items():
        alone = sorted(word for word in used[name] if files[word] == 1)
        short = {word: f"_{number}" for number, word in enumerate(shared + alone)}
        out[name] = _renamed(text, short) if trees[name].body else text
    return out


def _renamed(text: str, names: dict[str, str]) -> str:
    lines = text.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):
        if token.type == tokenize.NAME and token.string in names:
            (row, begin), (_row, end) = token.start, token.end
            line = lines[row - 1]
            lines[row - 1] = line[:begin] + names[token.string] + line[end:]
    return "".join(lines)


def _replaced(text: str, known: dict[str, dict[str, int]]) -> str:
    """Replace constants of other modules (module -> name -> number) by their numbers."""
    tree = _tree(text)
    modules = _modules(tree)
    hidden = _assignments(tree)
    in_texts = set(map(id, _in_texts(tree)))
    numbers: list[tuple[ast.expr, str]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        constants = known.get(modules.get(node.value.id, ""), {})
        if id(node) not in in_texts and node.attr in constants and not hidden[node.value.id]:
            value = constants[node.attr]
            numbers.append((node, str(value) if value >= 0 else f"({value})"))
    return _rewritten(text, numbers)


def folded(text: str, wanted: set[str] | None = None) -> str:
    """Rewrite each integer constant as `NAME = const(value)`.

    wanted: the names used by other files, None for all; the rest get an underscore.
    """
    lines = text.splitlines(keepends=True)
    private = set()
    for name, value, node in _assigned(text):
        hidden = wanted is not None and name not in wanted
        lines[node.lineno - 1] = f"{name} = const({value})\n"
        lines[node.lineno : node.end_lineno] = [""] * ((node.end_lineno or 0) - node.lineno)
        if hidden and name[0] != "_" and f"_{name}" not in text:
            private.add(name)
    out = "".join(lines)
    tree = _tree(out)
    private -= {node.id for node in _in_texts(tree) if isinstance(node, ast.Name)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in private]
    return _rewritten(out, [(node, f"_{node.id}") for node in names])


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])


def _modules(tree: ast.Module) -> dict[str, str]:
    """Return name in this file -> module, for each import of a whole module."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if getattr(node, "module", None) in (None, *PACKAGES):
            modules.update({alias.asname or alias.name: alias.name for alias in node.names})
    return modules


def _assignments(tree: ast.Module) -> Counter[str]:
    """Count the assignments of each name, including arguments."""
    names = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.append(node.id)
    return Counter(names)


def _used_names(module: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of all names used from other modules, by attribute or import."""
    tree = _tree(text)
    modules = _modules(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield modules.get(node.value.id, ""), node.attr
        elif isinstance(node, ast.ImportFrom) and node.module not in (None, *PACKAGES):
            yield from ((str(node.module).rpartition(".")[2], alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "globals":
                yield module, _EVERY
            elif node.func.id == "dir":
                yield from ((modules.get(ast.unparse(of), ""), _EVERY) for of in node.args)


def _in_texts(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes in f-strings, whose positions are wrong in Python 3.11."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from ast.walk(node)


def _rewritten(text: str, words: list[tuple[ast.expr, str]]) -> str:
    """Replace expressions, each within one line, by other texts."""
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    for node, word in sorted(words, key=lambda pair: -pair[0].col_offset):
        line = lines[node.lineno - 1]
        rest = line[node.end_col_offset :]
        lines[node.lineno - 1] = line[: node.col_offset] + word.encode() + rest
    return b"".join(lines).decode()


def _assigned(text: str) -> Iterator[tuple[str, int, ast.Assign]]:
    """Yield (name, value, statement) of each integer constant of a module, assigned once."""
    tree = _tree(text)
    assignments = _assignments(tree)
    values: dict[str, int] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target = node.targets[0]
        if not isinstance(target, ast.Name) or not _CONSTANT.fullmatch(target.id):
            continue
        value = _value(node.value, values)
        if value is not None and assignments[target.id] == 1:
            values[target.id] = value
            yield target.id, value, node


def _value(node: ast.expr, known: dict[str, int]) -> int | None:
    """Evaluate an integer expression of numbers and known names; None if it is not one."""
    if isinstance(node, ast.Constant):
        return node.value if type(node.value) is int else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        below = _value(node.operand, known)
        return None if below is None else -below
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        left, right = _value(node.left, known), _value(node.right, known)
        if left is not None and right is not None:
            return int(_OPERATIONS[type(node.op)](left, right))
    return None
