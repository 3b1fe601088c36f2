"""Registries of lazy factories, and choosing from them."""

import sys
import textwrap
import threading

import pytest

from neuroscope.errors import BadOption, DuplicateName, MissingDependency, PluginBroken, UnknownName
from neuroscope.plugin.registry import Contested, Entry, Registry, require


def make(*, width: int = 4, name: str = "x"):
    if width > 9:
        raise ValueError(f"width {width} is too much")
    return (width, name)


def find(what, *, seed: int = 0):
    return (what, seed)


def entry(name, factory=make, plugin="dist:plug", install=""):
    return Entry("gadget", name, factory, "", install, plugin)


@pytest.fixture
def registry():
    made = Registry("gadget")
    for each in (entry("toy"), entry("hf:", find), entry("adi:cnn")):
        made.add(each)
    return made


@pytest.fixture
def module(tmp_path, monkeypatch):
    """``module(source)``: a new importable module, by its name."""
    names = []

    def write(source):
        name = f"made_for_a_test_{len(names)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        names.append(name)
        return name

    monkeypatch.syspath_prepend(tmp_path)
    yield write
    for name in names:
        sys.modules.pop(name, None)


def test_the_canonical_text_has_the_factorys_order_and_no_defaults(registry):
    first = registry.choose("toy,name=a,,b,width=5")
    assert first.text == "toy,width=5,name=a,,b"
    assert registry.choose(first.text) == first
    assert registry.choose("toy,width= 4").text == "toy"


def test_a_factory_is_given_what_it_asks_for_and_nothing_else():
    made = Registry("gadget")
    made.add(entry("asks", lambda *, store, width=4: (store, width)))
    made.add(entry("family:", lambda store, *, width=4: (store, width)))
    made.add(entry("option", lambda *, store="its own": store))
    made.add(entry("anything", lambda **others: others))
    at_hand = {"store": "at hand", "other": 0}
    built = [made.choose(name).build(**at_hand) for name in ("asks,width=5", "family:x", "option", "anything")]
    assert built == [("at hand", 5), ("x", 4), "its own", {}]


def test_resolved_options_are_all_of_them(registry):
    assert registry.choose("toy,width=5").resolved == {"width": 5, "name": "x"}


def test_building_hands_over_only_what_was_given_after_the_familys_argument(registry):
    assert registry.choose("toy,width=5").build() == (5, "x")
    assert registry.choose("hf:a/b:c,seed=3").build() == ("a/b:c", 3)


def test_a_comma_in_a_familys_argument_survives(registry):
    chosen = registry.choose("hf:a,,b")
    assert chosen.argument == "a,b"
    assert registry.choose(chosen.text) == chosen


def test_a_name_with_a_colon_inside_is_no_family(registry):
    assert registry.choose("adi:cnn").argument is None
    with pytest.raises(UnknownName):
        registry.choose("adi:other")


def test_a_family_can_be_found_but_must_be_completed_to_be_chosen(registry):
    assert registry.find("hf:") == (registry.entries["hf:"], None)
    with pytest.raises(BadOption, match="family"):
        registry.choose("hf:")
    with pytest.raises(UnknownName):
        registry.choose("hf")


def test_extra_options_join_those_in_the_text_and_may_repeat_but_not_contradict(registry):
    assert registry.choose("toy,width=5", {"name": "y", "width": "5"}).build() == (5, "y")
    with pytest.raises(BadOption, match=r"'width'.*5 and 6"):
        registry.choose("toy,width=5", {"width": "6"})


def test_an_unknown_name_tells_the_known_ones_and_the_plugins_that_failed(registry):
    registry.failed = ("broken-one",)
    with pytest.raises(UnknownName) as caught:
        registry.find("toyy")
    for fact in ("unknown gadget 'toyy'", "Did you mean 'toy'?", "hf:", "broken-one", "neuroscope plugins"):
        assert fact in str(caught.value)


def test_a_value_error_of_the_factory_becomes_an_error_about_the_choice(registry):
    with pytest.raises(BadOption, match="toy,width=10: width 10 is too much"):
        registry.choose("toy,width=10").build()


def test_other_exceptions_of_a_factory_are_told_with_their_line():
    def make():
        raise KeyError("odd")

    registry = Registry("gadget")
    registry.add(entry("bad", make))
    line = make.__code__.co_firstlineno + 1
    with pytest.raises(PluginBroken, match=rf"gadget bad cannot be built: KeyError: 'odd' \(.*py, line {line}\)$"):
        registry.choose("bad").build()


def test_a_factory_that_ends_the_process_or_has_no_message_is_told_too():
    def leave():
        raise SystemExit

    class Silent(Exception):
        def __str__(self):
            raise ValueError

    class End(BaseException):
        pass

    def fail():
        raise Silent

    def end():
        raise End

    registry = Registry("gadget")
    registry.add(entry("leaves", leave))
    registry.add(entry("fails", fail))
    registry.add(entry("ends", end))
    for name, kind in (("leaves", "SystemExit"), ("fails", "Silent"), ("ends", "End")):
        with pytest.raises(PluginBroken, match=rf"cannot be built: {kind} \(.*test_registry.py, line"):
            registry.choose(name).build()


def test_what_a_factory_prints_goes_to_stderr(capsys):
    registry = Registry("gadget")
    registry.add(entry("loud", lambda: sys.stdout.write("made\n")))
    registry.choose("loud").build()
    assert capsys.readouterr() == ("", "made\n")


def test_stdout_is_itself_again_when_several_threads_have_built(capsys):
    first, second, stdout = threading.Event(), threading.Event(), sys.stdout
    registry = Registry("gadget")
    registry.add(entry("one", lambda: (first.set(), second.wait(10))))
    registry.add(entry("two", lambda: (first.wait(10), second.set(), one.join(10))))
    one = threading.Thread(target=registry.choose("one").build)
    one.start()
    registry.choose("two").build()
    assert sys.stdout is stdout
    sys.stdout.write("here")
    assert capsys.readouterr() == ("here", "")


def test_a_name_that_nobody_has_is_told_with_all_who_register_it(registry):
    registry.contested["t"] = Contested("gadget", "t", ("one:a", "two:b"), "")
    registry.contested["f:"] = Contested("gadget", "f:", ("one:a", "one:b"), "")
    told = "'t' is registered by one:a and two:b, and none of them has it until one is switched off: "
    with pytest.raises(DuplicateName, match=f"{told}NEUROSCOPE_BLOCK_PLUGINS=one or NEUROSCOPE_BLOCK_PLUGINS=two"):
        registry.find("t")
    with pytest.raises(DuplicateName, match="NEUROSCOPE_BLOCK_PLUGINS=a or NEUROSCOPE_BLOCK_PLUGINS=b"):
        registry.choose("f:x")


def test_entries_cannot_be_changed_from_outside_and_iterate_by_name(registry):
    with pytest.raises(TypeError):
        registry.entries["new"] = entry("new")
    assert [each.name for each in registry] == ["adi:cnn", "hf:", "toy"]


def test_a_factory_named_by_a_string_is_imported_when_it_is_needed_and_no_earlier(module):
    name = module("def make(*, size: int = 2): return size")
    lazy = entry("lazy", f"{name}:make")
    registry = Registry("gadget")
    registry.add(lazy)
    assert name not in sys.modules
    assert registry.choose("lazy,size=3").build() == 3
    assert lazy.make is lazy.make


@pytest.mark.parametrize(
    "source",
    [
        "raise OSError('libfoo.so: undefined symbol')",
        "import surely_no_such_module",
        "import os; os.no_such_attribute",
        "def broken(:",
        "raise SystemExit(3)",
        "raise GeneratorExit",
    ],
)
def test_whatever_an_import_fails_with_is_a_missing_dependency_with_the_command(module, source):
    name = module(source)
    with pytest.raises(MissingDependency) as caught:
        _ = entry("x", f"{name}:make", install="pip install foo").make
    assert "pip install foo" in str(caught.value)
    assert caught.value.module == name
    with pytest.raises(MissingDependency):
        require(name)


@pytest.mark.parametrize("attribute", ["nothing", "number", ""])
def test_a_string_that_names_no_factory_is_a_broken_plugin(module, attribute):
    name = module("number = 3")
    with pytest.raises(PluginBroken, match="dist:plug"):
        _ = entry("x", f"{name}:{attribute}").options


def test_require_gives_the_module():
    assert require("json.decoder") is sys.modules["json.decoder"]
