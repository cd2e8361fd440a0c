"""Print measures of the code's size and of how easily it is found, one row each.

Usage: python tools/house.py [FOLDER]   (FOLDER: another checkout; the one of this file without)
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
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
    rows: list[tuple[str, object]] = [
        ("lines of Python, tests aside", lines(code)),
        ("lines of Python, tests", lines(texts) - lines(code)),
        ("files of Python, tests aside", len(code)),
    ]
    for package in PACKAGES:
        edges = graph(package, trees)
        loops = {frozenset(loop) for loop in circles(edges).values() if len(loop) > 1}
        at_the_top = [
            PurePosixPath(path).stem for path in code if path.rpartition("/")[0] == package
        ]
        rows += [
            (f"{package}: modules at the top", sum(stem != "__init__" for stem in at_the_top)),
            (f"{package}: import levels", levels(edges)),
            (f"{package}: import cycles", len(loops)),
            *((f"  {len(loop)} files", ", ".join(sorted(loop))) for loop in loops),
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


def graph(package: str, trees: dict[str, ast.Module]) -> Imports:
    """Map each module below a folder to the modules there that it imports, in any branch."""
    name = PACKAGES[package]
    modules = {dotted(path, package): path for path in trees if path.startswith(f"{package}/")}
    edges: Imports = {}
    for module, path in modules.items():
        home = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
        wanted = set(imported(trees[path], home))
        whole = wanted & set(modules)
        whole |= {member.rpartition(".")[0] for member in wanted - whole} & set(modules)
        edges[module] = whole - {name, module}
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


def circles(edges: Imports) -> Imports:
    """Map each module to those with which it stands in a circle of imports, itself included."""
    reached = {module: {module, *targets} for module, targets in edges.items()}
    for through in edges:
        for targets in reached.values():
            if through in targets:
                targets |= reached[through]
    return {
        module: {target for target in targets if module in reached[target]}
        for module, targets in reached.items()
    }


def levels(edges: Imports) -> int:
    """Return the length of the longest chain of imports; a circle counts as one level."""
    circle = circles(edges)

    @cache
    def height(module: str) -> int:
        """Return the level of a module's circle."""
        below = set().union(*(edges[member] for member in circle[module])) - circle[module]
        return 1 + max(map(height, below), default=0)

    return max(map(height, edges), default=0)


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
