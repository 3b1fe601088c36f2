"""The questions, and the plugin that brings them."""

from pathlib import Path

import pytest

from neuroscope import BadOption, Plugins, Utterance
from neuroscope.contracts.progress import silent


@pytest.fixture(scope="module")
def plugins():
    return Plugins.load()


def asked(plugins, text, speaker=None, **tags):
    return plugins.tasks.choose(text).build().label(Utterance(id="u", path=Path("u.wav"), speaker=speaker, tags=tags))


@pytest.mark.parametrize(
    ("written", "gender"),
    [
        ("m", "male"),
        ("F", "female"),
        (" Male ", "male"),
        ("female_feminine", "female"),
        ("male_masculine", "male"),
        ("other", None),
        ("", None),
        ("mf", None),
    ],
)
def test_gender_is_understood_as_corpora_write_it(plugins, written, gender):
    assert asked(plugins, "gc", gender=written) == gender


def test_gender_of_an_utterance_without_one_is_not_known(plugins):
    assert asked(plugins, "gc") is None
    assert plugins.tasks.choose("gc").build().columns == ("gender",)


def test_any_column_can_be_asked_about(plugins):
    assert asked(plugins, "label:accent", accent="us") == "us"
    assert asked(plugins, "label:accent", gender="f") is None
    assert asked(plugins, "label:speaker", speaker="s") == "s"
    task = plugins.tasks.choose("label:a:b,,c")
    assert (task.text, task.build().columns) == ("label:a:b,,c", ("a:b,c",))
    with pytest.raises(BadOption, match="label:"):
        plugins.tasks.choose("label:")


def test_the_readers_take_their_options_from_the_command_line(plugins, tmp_path):
    (tmp_path / "ann_f.wav").touch()
    choice = plugins.datasets.choose(r"folder,label_from=(?P<speaker>\w+)_(?P<gender>[mf]),column=x")
    (only,) = choice.build(tmp_path, progress=silent)
    assert (only.speaker, only.tags) == ("ann", {"gender": "f"})
    (tmp_path / "m.csv").write_text("path\na.wav\n")
    assert len(plugins.datasets.choose("csv").build(tmp_path / "m.csv")) == 1
