"""No module of the packages imports itself through others.

Imports for typing and those inside functions count: they too make a file impossible to read without the other.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def module_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(package: str, root: Path = ROOT) -> dict[str, set[str]]:
    """Module -> the modules of the same tree that it imports, wherever in the file the import stands."""
    files = {module_name(file, root): file for file in sorted((root / package).rglob("*.py"))}
    return {name: set(_imported(name, file, files)) for name, file in files.items()}


def _imported(name: str, file: Path, known: Mapping[str, Path]) -> Iterator[str]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            origin = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                submodule = f"{origin}.{alias.name}"
                imported = submodule if submodule in known else origin
                if imported in known:
                    yield imported


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other (Tarjan's strongly connected components), and self-imports."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = lowest[module] = len(index)
        path.append(module)
        for other in sorted(arrows.get(module, ())):
            if other not in index:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in path:
                lowest[module] = min(lowest[module], index[other])
        if lowest[module] == index[module]:
            start = path.index(module)
            group, path[start:] = path[start:], []
            if len(group) > 1 or module in arrows.get(module, ()):
                found.append(sorted(group))

    for module in sorted(arrows):
        if module not in index:
            visit(module)
    return found


@pytest.mark.parametrize("package", ["bot", "sandbox"])
def test_no_import_circle(package: str) -> None:
    arrows = imports(package)
    assert sum(map(len, arrows.values())) > 100, "the walk sees too few imports to prove anything"
    assert circles(arrows) == []


def test_the_walk_sees_every_kind_of_import(tmp_path: Path) -> None:
    package = tmp_path / "p"
    (package / "wing").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "wing" / "__init__.py").write_text("")
    (package / "a.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.wing import b\n")
    (package / "wing" / "b.py").write_text("def f():\n    from ..c import x\n")
    (package / "c.py").write_text("import p.a\nimport json\nx = 1\n")
    (package / "d.py").write_text("import p.c\n")
    arrows = imports("p", tmp_path)
    assert arrows["p.a"] == {"p.wing.b"}
    assert arrows["p.wing.b"] == {"p.c"}
    assert circles(arrows) == [["p.a", "p.c", "p.wing.b"]]


def test_only_the_command_line_imports_the_sandbox() -> None:
    """And only inside functions: the product runs without the sandbox's package."""
    for file in sorted((ROOT / "bot").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        nodes = [node for node in ast.walk(tree) if _names_sandbox(node)]
        if file != ROOT / "bot" / "cli" / "main.py":
            assert nodes == [], f"{file.relative_to(ROOT)} imports the sandbox"
            continue
        inside = {
            node
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        assert nodes, "the command line no longer offers the sandbox's commands"
        assert set(nodes) <= inside, f"{file.relative_to(ROOT)} imports the sandbox when it is itself imported"


def _names_sandbox(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "sandbox" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "sandbox"
