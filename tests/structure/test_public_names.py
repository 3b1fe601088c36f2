"""The public names of ``neuroscope``: one list, in three forms that agree, loaded when they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import neuroscope


def imported_for_type_checkers():
    """``{name: module}`` of the block under ``if TYPE_CHECKING``."""
    tree = ast.parse(Path(neuroscope.__file__).read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    assert len(blocks) == 1
    return {alias.asname or alias.name: node.module for node in blocks[0].body for alias in node.names}


def homes():
    return {name: home for home, names in neuroscope._HOMES.items() for name in names.split()}


def test_the_three_lists_agree():
    assert imported_for_type_checkers() == homes()
    assert sorted(neuroscope.__all__) == sorted(homes())
    assert list(neuroscope.__all__) == sorted(neuroscope.__all__)


def test_no_name_is_listed_twice():
    assert (
        len(neuroscope.__all__)
        == len(set(neuroscope.__all__))
        == sum(map(len, map(str.split, neuroscope._HOMES.values())))
    )


@pytest.mark.parametrize("name", neuroscope.__all__)
def test_a_public_name_is_there_and_defined_where_the_list_says(name):
    value = getattr(neuroscope, name)
    assert value is getattr(sys.modules[homes()[name]], name)
    assert name in dir(neuroscope)


def test_any_other_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = neuroscope.no_such_name
    assert not hasattr(neuroscope, "__wrapped__")


def test_importing_neuroscope_alone_loads_nothing_of_it_but_itself():
    script = "import neuroscope, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True, env=env())
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded - {"__main__"} == {"neuroscope"}


def env():
    """The source folder alone on the path, so that nothing of the environment is loaded at start."""
    return {"PYTHONPATH": str(Path(neuroscope.__file__).parents[1])}
