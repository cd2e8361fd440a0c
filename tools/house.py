"""Print measures of the code's size and of how easily it is found, one row each.

Usage: python tools/house.py [FOLDER]   (FOLDER: another checkout; the one of this file without)
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PACKAGES = {"host/scs": "scs", "sim/scs_sim": "scs_sim", "firmware": ""}  # folder: import name
QUESTION = re.compile(r"(What|How|Which|Whether)\b")
VAGUE = ("one", "found", "made", "told", "said")

Imports = dict[str, set[str]]


def main() -> int:
    """Print the table."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    root = root if root.is_dir() else root.parents[1]
    texts = sources(root)
    code = {path: text for path, text in texts.items() if not path.startswith("tests/")}
    trees = {path: ast.parse(text) for path, text in code.items()}
    imports = {package: graph(package, trees) for package in PACKAGES}
    rows: list[tuple[str, object]] = [
        ("lines of Python, tests aside", lines(code)),
        ("lines of Python, tests", lines(texts) - lines(code)),
        ("files of Python, tests aside", len(code)),
    ]
    for package, edges in imports.items():
        loops = [sorted(loop) for loop in components(edges) if len(loop) > 1]
        rows += [
            (f"{package}: modules at the top", at_the_top(package, code)),
            (f"{package}: import levels", levels(edges)),
            (f"{package}: import cycles", len(loops)),
            *((f"  {len(loop)} files", ", ".join(loop)) for loop in loops),
        ]
    strings = [text for tree in trees.values() for text in docstrings(tree)]
    questions = sum(QUESTION.match(text) is not None for text in strings)
    rows += [("docstrings", len(strings)), ("  that begin What/How/Which/Whether", questions)]
    names = Counter(name for tree in trees.values() for name in variables(tree))
    rows += [(f"uses of the variable `{name}`", names[name]) for name in VAGUE]
    width = max(len(label) for label, _value in rows if not label.startswith("  "))
    for label, value in rows:
        print(f"{label:{width}}  {value}")
    return 0


def sources(root: Path) -> dict[str, str]:
    """Return path and text of each tracked Python file."""
    command = ["git", "-C", str(root), "ls-files", "*.py"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {path: (root / path).read_text(encoding="utf-8") for path in listed.splitlines()}


def lines(texts: dict[str, str]) -> int:
    """Count the lines of all texts."""
    return sum(text.count("\n") for text in texts.values())


def at_the_top(package: str, code: dict[str, str]) -> int:
    """Count the modules directly in a folder, `__init__` aside."""
    paths = map(PurePosixPath, code)
    return sum(str(path.parent) == package and path.stem != "__init__" for path in paths)


def graph(package: str, trees: dict[str, ast.Module]) -> Imports:
    """Map each module below a folder to the modules there that it imports, in any branch."""
    name = PACKAGES[package]
    modules = {dotted(path, package): path for path in trees if path.startswith(f"{package}/")}
    edges: Imports = {}
    for module, path in modules.items():
        home = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
        wanted = set(imported(trees[path], home))
        whole = {one for one in wanted if one in modules}
        whole |= {one.rpartition(".")[0] for one in wanted - whole} & set(modules)
        edges[module] = {one for one in whole if one != name} - {module}
    return edges


def dotted(path: str, package: str) -> str:
    """Give the import name of a file below a folder that stands on the search path."""
    start = str(PurePosixPath(package).parent) if PACKAGES[package] else package
    parts = PurePosixPath(path).relative_to(start).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module, home: str) -> Iterator[str]:
    """Yield the full name of each imported module or member; home: the importing package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = home.split(".") if home else []
            parts = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def components(edges: Imports) -> list[set[str]]:
    """Group modules that import one another in a circle, each after those it imports."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[set[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for target in sorted(edges[module]):
            if target not in number:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in stack:
                lowest[module] = min(lowest[module], number[target])
        if lowest[module] == number[module]:
            at = stack.index(module)
            groups.append(set(stack[at:]))
            del stack[at:]

    for module in sorted(edges):
        if module not in number:
            visit(module)
    return groups


def levels(edges: Imports) -> int:
    """Return the length of the longest chain of imports; a circle counts as one level."""
    height: dict[str, int] = {}
    for group in components(edges):
        below = {target for module in group for target in edges[module]} - group
        level = 1 + max((height[target] for target in below), default=0)
        height.update(dict.fromkeys(group, level))
    return max(height.values(), default=0)


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and its functions."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield text


def variables(tree: ast.Module) -> Iterator[str]:
    """Yield every name and parameter, as often as it is written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


if __name__ == "__main__":
    sys.exit(main())
