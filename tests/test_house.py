"""The house keeps its rules: sizes, and one name for one thing."""

import ast
from collections import defaultdict

import pytest

from tests.sizes import sources, too_large


def test_no_file_and_no_class_is_too_large():
    assert too_large() == []


def test_a_class_name_stands_for_one_thing():
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for package in ("bot", "sandbox"):
        for path, tree in sources(package):
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    owners[node.name].add(path)
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("package", ["bot", "sandbox"])
def test_a_constant_stands_for_one_thing(package: str):
    """Within each package: the sandbox shares no code with the product, but the protocol's names are the same."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for path, tree in sources(package):
        for node in tree.body:
            for name in _assigned(node):
                if name.strip("_").isupper():
                    owners[name.lstrip("_")].add(path)
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    names = [name for target in targets for name in ([target] if isinstance(target, ast.Name) else ast.walk(target))]
    return [name.id for name in names if isinstance(name, ast.Name)]
