"""Every check of distributions, proven by one that is broken in exactly that way and sound in every other."""

import sys
import textwrap

import pytest

from neuroscope import testing
from neuroscope.errors import UnknownName
from neuroscope.plugin.loading import Plugins

SOUND = """
    import neuroscope
    from neuroscope import BackboneSpec, LayerSpec, Origin

    neuroscope_api = 1

    @neuroscope.hookimpl
    def register_backbones(register):
        register("nsk", "nsk_mine:make", summary="a backbone")

    @neuroscope.hookimpl
    def register_datasets(register):
        register("nsk:", read, summary="a family of datasets")

    @neuroscope.hookimpl
    def register_tasks(register):
        register("nsk", lambda: None, summary="a task")

    def make(*, width: int = 4):
        origin = Origin(source="a", licence="MIT", digest="b")
        return BackboneSpec(sample_rate=16_000, layers=(LayerSpec("low", width),), origin=origin, load=None)

    def read(which, root, *, seed: int | None = None, tags: tuple[str, ...] = ()):
        return None
"""


@pytest.fixture
def outcomes(tmp_path, monkeypatch):
    """``outcomes(source)``: what the checks say about a distribution of one module."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("NEUROSCOPE_STRICT", raising=False)
    monkeypatch.delenv("NEUROSCOPE_BLOCK_PLUGINS", raising=False)
    before = set(sys.modules)

    def check(source, name="nsk-mine", more=""):
        (tmp_path / "nsk_mine.py").write_text(textwrap.dedent(source))
        info = tmp_path / "nsk_mine-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nsk-mine\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[neuroscope]\nnsk = nsk_mine\n{more}")
        return testing.run("plugin", name, plugins=Plugins.load())

    yield check
    for module in set(sys.modules) - before:
        if module.startswith("nsk_"):
            del sys.modules[module]


def changed(*replacements):
    source = SOUND
    for old, new in replacements:
        assert old in source
        source = source.replace(old, new)
    return source


BROKEN = [
    ("loads", changed(("import neuroscope\n", "import neuroscope, surely_not_there\n")), "surely_not_there"),
    ("loads", changed(("neuroscope_api = 1", "neuroscope_api = 99")), "99"),
    ("loads", changed(("register_tasks", "register_task")), "register_task"),
    ("loads", changed(("neuroscope_api = 1", "print('here')")), "prints to stdout"),
    (
        "has_its_names",
        changed(('"nsk", "nsk_mine:make"', '"ge2e", "nsk_mine:make"')),
        "backbone 'ge2e' is that of neuroscope-ge2e:ge2e; nsk-mine:nsk may not have the name",
    ),
    ("is_light_to_import", changed(("import neuroscope\n", "import neuroscope, numpy\n")), "imports numpy"),
    ("is_light_to_import", changed(("import neuroscope\n", "import neuroscope, torch\n")), "torch"),
    (
        "is_light_to_import",
        changed(('register("nsk", lambda', 'import sklearn\n        register("nsk", lambda')),
        "sklearn",
    ),
    ("has_its_factories", changed(("nsk_mine:make", "nsk_mine:nothing")), "nsk_mine:nothing does not exist"),
    ("has_its_factories", changed(("nsk_mine:make", "nsk_other:make")), "nsk_other"),
    ("takes_no_other_arguments", changed(("def make(*, ", "def make(*, folder, ")), "parameter folder"),
    ("takes_no_other_arguments", changed(("(which, root, ", "(which, root, third, ")), "parameter third"),
    ("takes_no_other_arguments", changed(("(which, root, ", "(which, root, store, ")), "parameter store"),
    ("takes_no_other_arguments", changed(("root, *, seed", "root, *, store, seed")), "parameter store"),
    ("has_options_that_can_be_written", changed(("width: int = 4", "width: int = 4, more: dict = {}")), "more"),
    ("has_options_that_can_be_written", changed(("int | None = None", "int = None")), "None of seed is not a whole"),
    ("has_options_that_can_be_written", changed(("seed: int | None = None", "seed: str = 1")), "read as '1'"),
    ("says_what_each_is", changed(('summary="a task"', 'summary=""')), "task nsk"),
    ("says_what_each_is", changed(('summary="a task"', 'summary="two\\nlines"')), "not one line"),
    ("makes_specs_lightly", changed(("    origin = ", "    import torch\n        origin = ")), "imports torch"),
]


def verdicts(found, verdict):
    return {each.check: each.reason for each in found if each.verdict == verdict}


def test_the_sound_one_passes_every_check(outcomes):
    found = outcomes(SOUND, name="NSK_mine")
    assert verdicts(found, "passed").keys() == {each.check for each in found}, found


@pytest.mark.parametrize(("check", "source", "reason"), BROKEN, ids=[f"{each[0]}: {each[2]}" for each in BROKEN])
def test_a_broken_one_fails_the_one_check_that_is_about_it(outcomes, check, source, reason):
    found = outcomes(source)
    failed = verdicts(found, "failed")
    assert failed.keys() == {check}, failed
    assert reason in failed[check]
    others = {each.check for each in found} - {check}
    skipped = verdicts(found, "skipped").keys()
    assert skipped == (others if check == "loads" else skipped - {check})


def test_every_check_has_its_broken_distribution():
    assert {check for check, *_ in BROKEN} == {check.__name__ for check in testing.checks_of("plugin")}


def test_a_backbone_may_ask_for_the_store(outcomes):
    found = outcomes(
        changed(('"nsk", "nsk_mine:make"', '"nsk:", "nsk_mine:make"'), ("make(*, ", "make(name, *, store, "))
    )
    assert verdicts(found, "failed") == {}


def test_a_spec_that_cannot_be_made_here_is_no_failure_of_the_distribution(outcomes):
    found = outcomes(changed(("    origin = ", "    raise neuroscope.MissingData('no weights')\n        origin = ")))
    assert verdicts(found, "skipped") == {"makes_specs_lightly": "nsk: MissingData: no weights"}
    assert verdicts(found, "failed") == {}


def test_specs_that_cannot_be_made_are_named_beside_those_that_can(outcomes):
    one = '    register("nsk", "nsk_mine:make", summary="a backbone")\n'
    more = '        register("nsk-other", "nsk_mine:other", summary="another")\n'
    fails = "    def other():\n        raise neuroscope.MissingData('no weights')\n\n    def read("
    found = outcomes(changed((one, one + more), ("    def read(", fails)))
    told = "nsk-other: MissingData: no weights; the other 1 are light"
    assert verdicts(found, "skipped") == {"makes_specs_lightly": told}


def test_a_distribution_that_brings_no_plugin_is_unknown():
    with pytest.raises(UnknownName, match="neuroscope-toy"):
        testing.checks("plugin", "pytest")


def test_every_entry_point_that_does_not_load_is_told(outcomes):
    failed = verdicts(outcomes(SOUND, more="two = nsk_nothing\nthree = nsk_mine:nothing\n"), "failed")
    assert failed.keys() == {"loads"}
    assert "plugin two: its entry point names the module nsk_nothing" in failed["loads"]
    assert "plugin three: AttributeError" in failed["loads"]


def test_every_name_that_it_has_not_got_is_told(outcomes):
    source = changed(('"nsk", "nsk_mine:make"', '"ge2e", "nsk_mine:make"'), ('"nsk", lambda', '"gc", lambda'))
    failed = verdicts(outcomes(source), "failed")
    assert failed.keys() == {"has_its_names"}
    assert [line.split(" is that of ")[0] for line in failed["has_its_names"].splitlines()] == [
        "backbone 'ge2e'",
        "task 'gc'",
    ]
