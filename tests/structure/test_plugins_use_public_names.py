"""Our plugins use what a stranger may use: public names of ``neuroscope``, and a few of its modules."""

import ast
import re
from pathlib import Path

import pytest

import neuroscope

REPOSITORY = Path(__file__).parents[2]
FILES = sorted([*REPOSITORY.glob("plugins/*/src/**/*.py"), *REPOSITORY.glob("src/neuroscope/extraction/poolings/*.py")])
FACTORY = re.compile(r"neuroscope\.[\w.]+:\w+")
OPEN_MODULES = {"capture", "splits", "trials", "waves", "report", "testing", "commands", "weights"}


def foreign(source):
    """What a module takes from ``neuroscope`` that is not public."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                alias.name for alias in node.names if alias.name.startswith("neuroscope.") and closed(alias.name)
            )
            yield from (
                f"neuroscope as {each.asname}" for each in node.names if each.name == "neuroscope" and each.asname
            )
        elif isinstance(node, ast.ImportFrom) and node.module == "neuroscope":
            yield from (each.name for each in node.names if private(each.name))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("neuroscope.") and closed(node.module):
            yield node.module
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "neuroscope" and private(node.attr):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and FACTORY.fullmatch(node.value):
            yield from [node.value] if closed(node.value.partition(":")[0]) else []


def private(name):
    return name not in {*neuroscope.__all__, *OPEN_MODULES}


def closed(module):
    return module.split(".")[1] not in OPEN_MODULES


def test_the_plugins_are_found():
    assert len({path.relative_to(REPOSITORY).parts[1] for path in FILES}) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_plugin_uses_public_names_alone(path):
    assert list(foreign(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from neuroscope import LayerSpec, splits\nfrom neuroscope.testing.backbone import check", []),
        ("import neuroscope\n@neuroscope.hookimpl\ndef f(): pass", []),
        ("import neuroscope_other.store\nfrom neuroscope_other import x", []),
        ("from neuroscope import Store", ["Store"]),
        ("from neuroscope.store import Store", ["neuroscope.store"]),
        ("def f():\n    import neuroscope.contracts.audio as a", ["neuroscope.contracts.audio"]),
        ("import neuroscope\nneuroscope.options", ["options"]),
        ("import neuroscope as n", ["neuroscope as n"]),
        ("register('x', 'neuroscope.store.shards:write')", ["neuroscope.store.shards:write"]),
        ("register('x', 'neuroscope.testing.cases:Case')", []),
    ],
)
def test_a_private_name_would_be_seen(source, names):
    assert list(foreign(source)) == names
