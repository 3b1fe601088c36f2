"""``list``, ``show`` and ``plugins``."""

import json
import sys
from importlib import metadata

import pytest
from typer.testing import CliRunner

from neuroscope.cli.main import build
from neuroscope.plugin.loading import KINDS, Plugins


def run(*arguments, load=Plugins.load):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(build(load), list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_names_every_kind():
    text = run("list")
    assert all(f"{kind}s" in text for kind in KINDS)
    assert all(
        name in text for name in ("ge2e", "toy", "espeak", "csv", "folder", "gc", "label:", "meanstd", "elasticnet")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_list_one_kind(kind):
    assert run("list", f"{kind}s") == run("list", kind)


def test_show_gives_options_with_defaults_and_what_they_expect():
    text = run("show", "backbone", "ge2e")
    assert "neuroscope-ge2e" in text
    assert "pretrained" in text
    assert "one of pretrained, random" in text


def test_show_a_family():
    assert "any column" in run("show", "task", "label:channel")


def test_show_says_what_the_factory_says_of_itself_and_of_each_option():
    text = run("show", "backbone", "ge2e")
    assert "The speaker encoder of Resemblyzer 0.1.4" in text
    (line,) = [line for line in text.splitlines() if line.startswith("seed")]
    assert line.split(None, 5)[-1].rstrip() == "of the random weights; the pretrained ones know none."
    assert text.endswith("Its layers: `neuroscope show backbone ge2e,weights=pretrained`\n")


def test_show_with_options_gives_the_layers_and_where_the_weights_come_from():
    text = run("show", "backbone", "sre-cnn,weights=random,seed=3")
    (line,) = [line for line in text.splitlines() if line.startswith("seed")]
    assert line.split()[:3] == ["seed", "0", "3"]
    assert "sre-cnn,weights=random,seed=3: ALL has 11,100 neurons" in text
    rows = {
        line.split()[0]: line.split()[1:] for line in text.splitlines() if line.startswith(("CNN1 ", "CNN4", "FC2 "))
    }
    assert rows["CNN1"] == ["1,000", "meanstd", "2,000", "yes"]
    assert rows["CNN4"] == ["3,000", "its", "own", "(mean,", "std)", "3,000", "yes"]
    assert rows["FC2"] == ["600", "its", "own", "600", "yes"]
    facts = dict(
        line.split(": ", 1) for line in text.splitlines() if line.startswith(("Source", "Lic", "Dig", "Short"))
    )
    assert facts["Source"] == "random weights of seed 3, in the shapes of sre-cnn"
    assert (facts["Licence"], facts["Digest"]) == ("none", "random:3:1:sre:1211")
    assert facts["Shortest"] == "201 samples of 16,000 Hz (0.013 s)"


def test_a_model_that_cannot_be_built_is_one_line():
    shown = CliRunner().invoke(build(), ["show", "backbone", "sre-cnn,weights=pretrained"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert len(shown.stderr.splitlines()) == 1


def test_show_with_options_of_what_is_no_model_checks_them():
    assert "0.5" in run("show", "probe", "elasticnet,l1=0.5")
    shown = CliRunner().invoke(build(), ["show", "probe", "elasticnet,l1=x"])
    assert (shown.exit_code, "l1=x: expected a number" in shown.stderr) == (2, True)


FAMILY = """
import neuroscope

@neuroscope.hookimpl
def register_backbones(register):
    register("nss:", "nss_made:make", summary="any of a kind", members="nss_members:{function}")
    register("nss-bare:", "nss_made:make", summary="any of another kind")
"""
MADE = """
from neuroscope import BackboneSpec, LayerSpec, Origin

def make(place: str, *, weights: str = "pretrained"):
    '''Make whatever lies there; it stands for the paper's.

    Args:
        place: a folder.
        weights: nothing else.
    '''
    layers = (LayerSpec("one", 3), LayerSpec("two", 5, in_all=False))
    origin = Origin(source=f"from {place}", licence="MIT", digest="d", files=("a", "b"))
    known = {"batchable": False, "precision": "bfloat16"}
    return BackboneSpec(sample_rate=8_000, layers=layers, origin=origin, load=print, **known)
"""
MEMBERS = """
import sys
from neuroscope import MissingData, Member

def members():
    print("loud")
    return [Member("a", "the first"), Member("b\\x1b", "the second", "needs c; pip install c")]

def none(): return []
def spaced(): return [Member('a name of words', 'said at some length, so that it wraps')]
def fails(): raise ValueError("one\\ntwo")
def refuses(): raise MissingData("there is no folder of members; make one")
def exits(): sys.exit(3)
def wrong(): return "abc"
def strange(): return [Member("a", "one"), "b"]
def untold(): return [Member("a", None)]
"""


@pytest.fixture
def family(tmp_path, monkeypatch):
    """``family(function)``: how to load the plugins where one brings a family whose members this function lists."""
    monkeypatch.syspath_prepend(tmp_path)

    def made(function):
        for name, text in (("nss", FAMILY.format(function=function)), ("nss_made", MADE), ("nss_members", MEMBERS)):
            (tmp_path / f"{name}.py").write_text(text)
        info = tmp_path / "nss-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nss\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[neuroscope]\nnss = nss\n")
        return Plugins.load

    yield made
    for name in ("nss", "nss_made", "nss_members"):
        sys.modules.pop(name, None)


def test_a_list_of_components_says_how_to_see_the_members_of_a_family(family):
    load = family("members")
    for kinds in ([], ["backbones"]):
        text = run("list", *kinds, load=load)
        assert "nss:" in text
        assert "To see its members: " in text.splitlines()[-1]
        assert "`neuroscope list nss:`" in text.splitlines()[-1]
        assert "list nss-bare:" not in text
    assert "nss_members" not in sys.modules


def test_the_members_of_a_family_are_listed_with_what_is_wrong_with_them(family):
    lines = run("list", "nss:", load=family("members")).splitlines()
    assert lines[:3] == ["backbone nss: any of a kind", "from nss:nss", ""]
    assert [line.split("  ")[0] for line in lines[3:]] == ["name", "nss:a", "nss:b\\x1b"]
    assert lines[5].rstrip().endswith("the second  needs c; pip install c")


def test_the_members_of_a_family_as_json(family):
    (found,) = json.loads(run("list", "nss:", "--json", load=family("members")))["families"]
    assert found.pop("members") == [
        {"name": "a", "summary": "the first", "problem": ""},
        {"name": "b\x1b", "summary": "the second", "problem": "needs c; pip install c"},
    ]
    about = {"kind": "backbone", "name": "nss:", "summary": "any of a kind", "plugin": "nss:nss", "family": True}
    assert found == about


def test_components_as_json():
    found = json.loads(run("list", "--json"))["components"]
    by_name = {(each["kind"], each["name"]): each for each in found}
    assert by_name["backbone", "toy"]["family"] is False
    assert by_name["task", "label:"]["family"] is True
    assert json.loads(run("list", "tasks", "--json"))["components"] == [
        each for each in found if each["kind"] == "task"
    ]


def test_a_family_without_a_list_says_so(family):
    load = family("members")
    said = "It does not list its members: `neuroscope show backbone nss-bare:` says what it takes."
    assert said in run("list", "nss-bare:", load=load)
    (found,) = json.loads(run("list", "nss-bare:", "--json", load=load))["families"]
    assert found["members"] is None


def test_a_family_whose_members_are_not_here_says_so(family):
    assert "It has no members here." in run("list", "nss:", load=family("none"))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("fails", "the function that lists the members of backbone 'nss:' fails: ValueError: one\\ntwo ("),
        ("exits", "fails: SystemExit: 3 ("),
        ("refuses", "there is no folder of members; make one"),
        ("absent", "nss_members:absent, does not exist, or cannot be called"),
        ("wrong", "returns a str, not a list of Member"),
        ("strange", "returns a list with a str in it, not a Member"),
        ("untold", "returns a Member with None, which is no text"),
    ],
)
def test_a_list_that_fails_is_one_line(family, function, said):
    shown = CliRunner().invoke(build(family(function)), ["list", "nss:"])
    assert (shown.exit_code, shown.stdout) == (2, "")
    (line,) = shown.stderr.splitlines()
    assert said in line


def test_a_family_that_does_not_exist_is_told_with_those_that_do(family):
    shown = CliRunner().invoke(build(family("members")), ["list", "nothing:"])
    assert shown.exit_code == 2
    assert "unknown family 'nothing:'" in shown.stderr
    assert "nss:" in shown.stderr


def test_show_a_family_and_one_of_it(family):
    load = family("members")
    text = run("show", "backbone", "nss:", load=load)
    assert "Make whatever lies there; it stands for the paper's." in text
    assert "A family: nss:PLACE (a folder)\nIts members: `neuroscope list nss:`" in text
    assert text.endswith("Its layers: `neuroscope show backbone nss:NAME`\n")
    of_one = run("show", "backbone", "nss:here", load=load)
    assert "nss:here\nlayer" in of_one  # one layer is no ALL
    assert [line.split() for line in of_one.splitlines() if line.startswith("two")] == [["two", "5", "mean", "5", "no"]]
    assert "Source: from here\nLicence: MIT\nFiles: a, b\nDigest: d\n" in of_one
    assert "Side by side: utterances of exactly one length\n" in of_one
    assert "Computes in: bfloat16\n" in of_one


@pytest.mark.parametrize(
    ("name", "members", "said"),
    [("nss", "a:b", "backbone 'nss' has members, and is no family"), ("nss:", "a", "are no package.module:function")],
)
def test_members_that_cannot_be_are_told_when_the_plugin_is_loaded(tmp_path, monkeypatch, name, members, said):
    hook = f"\n@neuroscope.hookimpl\ndef register_backbones(register):\n    register({name!r}, print, summary='x', "
    (tmp_path / "nsm.py").write_text(f"import neuroscope\n{hook}members={members!r})\n")
    (tmp_path / "nsm-1.0.dist-info").mkdir()
    (tmp_path / "nsm-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: nsm\nVersion: 1.0\n")
    (tmp_path / "nsm-1.0.dist-info" / "entry_points.txt").write_text("[neuroscope]\nnsm = nsm\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert said in run("plugins", load=lambda: Plugins.load(strict=False))
    sys.modules.pop("nsm", None)


def test_plugins_tells_what_each_brings():
    text = run("plugins")
    assert "neuroscope-toy" in text
    assert "backbone toy, dataset toy, task toy" in text


@pytest.fixture
def with_broken(tmp_path, monkeypatch):
    """How to load the plugins where one of them cannot be."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "nsl_broken.py").write_text("import nsl_missing")
    (tmp_path / "nsl_broken-1.0.dist-info").mkdir()
    info = tmp_path / "nsl_broken-1.0.dist-info"
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: nsl-broken\nVersion: 1.0\nRequires-Dist: nsl-missing\n"
    )
    (info / "entry_points.txt").write_text("[neuroscope]\nbroken = nsl_broken\n")
    yield lambda: Plugins.load(metadata.entry_points(group="neuroscope"), strict=False)
    sys.modules.pop("nsl_broken", None)


REASON = "there is no module nsl_missing. nsl-broken requires it; to install it: pip install nsl-broken"


def test_plugins_tells_why_one_failed_beneath_the_table(with_broken):
    text = run("plugins", load=with_broken)
    assert "nothing: it failed to load" in text
    assert text.endswith(f"\nbroken of nsl-broken failed to load: {REASON}\n")
    assert "backbone toy, dataset toy, task toy" in text


def test_plugins_as_json(with_broken):
    found = json.loads(run("plugins", "--json", load=with_broken))
    assert found["api"] == 1
    plugins = {plugin["name"]: plugin for plugin in found["plugins"]}
    about = {"name": "broken", "distribution": "nsl-broken", "version": "1.0"}
    assert plugins["broken"] == {**about, "registers": [], "contested": [], "error": REASON}
    assert {"kind": "backbone", "name": "toy"} in plugins["toy"]["registers"]
    assert plugins["toy"]["error"] == ""


def test_help_of_every_command():
    assert "layer" in run("--help")
    for command in ("probe", "extract", "list", "show", "plugins", "new"):
        assert "--help" in run(command, "--help")


def test_a_family_without_its_colon_is_pointed_to(family):
    load = family("members")
    for command in (["list", "nss"], ["list", "nss:a"], ["show", "backbone", "nss"]):
        shown = CliRunner().invoke(build(load), command)
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert "nss:" in shown.stderr.split("family")[0]
        assert "is a family" in shown.stderr


PLAIN = """
import neuroscope
from neuroscope import BackboneSpec, LayerSpec, Origin
def make():
    origin = Origin(source="s", licence="l", digest="d")
    return BackboneSpec(sample_rate=8_000, layers=(LayerSpec("only", 3),), origin=origin, load=print)
@neuroscope.hookimpl
def register_backbones(register):
    register("plain", make, summary="takes no option")
"""


def test_a_model_without_options_shows_its_layers_at_once(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "plain_model.py").write_text(PLAIN)
    info = tmp_path / "plain-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[neuroscope]\nplain = plain_model\n")
    text = run("show", "backbone", "plain")
    assert "It has no options." in text
    assert [line.split()[0] for line in text.splitlines() if line.startswith("only")] == ["only"]
    assert "Its layers: " not in text


def test_what_was_asked_of_a_family_is_shown():
    assert run("show", "task", "label:gender").startswith("task label:gender: ")
    assert run("show", "task", "label:").startswith("task label: ")


def test_names_are_whole_in_a_narrow_terminal(family):
    shown = CliRunner(env={"COLUMNS": "30"}).invoke(build(family("spaced")), ["list", "nss:"])
    assert "nss:a name of words" in shown.stdout
