"""Reference pages are made from the code; these tests fail when they are out of date (`make generate` mends it)."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", generator().PAGES)
def test_the_page_is_what_the_code_says(name):
    assert (DOCS / name).read_text() == generator().PAGES[name](), "run `make generate`"


def test_every_hook_has_its_section():
    from neuroscope.plugin import hookspecs

    page = (DOCS / "reference" / "hooks.md").read_text()
    hooks = [name for name, value in vars(hookspecs).items() if hasattr(value, "neuroscope_spec")]
    assert hooks
    assert all(f"## {name}\n" in page for name in hooks)
