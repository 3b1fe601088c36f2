"""The questions, and the plugin that brings them."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from neuroscope import BadManifest, BadOption, Manifest, Plugins, Utterance
from neuroscope.contracts.progress import silent
from neuroscope_speech_tasks import corpora
from neuroscope_speech_tasks.activity import network

HERE = Path(__file__).parent
MODULES = [
    importlib.import_module(f"{corpora.__name__}.{each.name}") for each in pkgutil.iter_modules(corpora.__path__)
]
CORPORA = {each.CORPUS.dataset: each.CORPUS for each in MODULES if hasattr(each, "CORPUS")}


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


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en_us", "en"),
        ("sv-SE", "sv"),
        ("sv_se", "sv"),
        ("zh-CN", "zh"),
        ("cmn_hans_cn", "zh"),
        ("zh-Hans", "zh"),
        ("zh-TW", "zh-TW"),
        ("zh-HK", "zh-HK"),
        ("yue_hant_hk", "yue"),
        ("", None),
    ],
)
def test_a_language_is_one_class_however_corpora_write_it(plugins, written, language):
    assert asked(plugins, "lid", language=written) == language


def of_speakers(count, each, **tags):
    """Speakers with so many utterances each, of a minute; tags are made of the speaker's number."""
    return Manifest(
        tuple(
            Utterance(
                id=f"s{speaker}u{take}",
                path=None,
                speaker=f"s{speaker}",
                tags={"seconds": "60"} | {name: value(speaker) for name, value in tags.items() if value(speaker)},
            )
            for speaker in range(count)
            for take in range(each)
        ),
        "corpus",
    )


def pairs(plugins, text, manifest):
    return plugins.tasks.choose(text).build().trials(manifest)


def test_each_language_has_as_many_trials_whatever_genders_it_tells(plugins):
    genders = ["male", "female_feminine", "do_not_wish_to_say", "", "m", "female"]
    data = of_speakers(
        60, 4, language=lambda n: "zh-CN" if n < 48 else "ru", gender=lambda n: "" if 12 <= n < 40 else genders[n % 6]
    )
    made = pairs(plugins, "sv,pairs=10", data)
    column = {each.id: (each.tags["language"], each.tags.get("gender")) for each in data}
    told = {("zh-CN", True): 10, ("zh-CN", False): 10, ("ru", True): 10, ("ru", False): 10}
    assert {key: sum((column[t.enrolment][0], t.target) == key for t in made) for key in told} == told
    same = {"male": "male", "m": "male", "female_feminine": "female", "female": "female"}
    assert all(same[column[t.enrolment][1]] == same[column[t.test][1]] for t in made)


def test_hours_are_of_utterances_that_can_be_in_a_trial(plugins):
    data = of_speakers(200, 4, language=lambda n: "ru", gender=lambda n: "f" if n % 4 == 0 else "")
    made = pairs(plugins, "sv,hours=0.2,pairs=1000", data)
    compared = {name for each in made for name in (each.enrolment, each.test)}
    assert 12 <= len(compared) <= 15


def test_a_language_without_pairs_stands_aside_unless_none_has_any(plugins):
    one_of_each = of_speakers(2, 3, language=lambda n: "de", gender=lambda n: "mf"[n])
    with pytest.raises(BadManifest, match="no trials can be made of 6 utterances of 2 speakers"):
        pairs(plugins, "sv", one_of_each)
    without = of_speakers(9, 3, language=lambda n: ["de", "fr", "ru"][n % 3], gender=lambda n: ["m", "", "f"][n % 3])
    languages = {each.id: each.tags["language"] for each in without}
    assert {languages[each.enrolment] for each in pairs(plugins, "sv,pairs=3", without)} == {"de", "fr", "ru"}
    mixed = Manifest((*one_of_each, *(u for u in without if u.tags["language"] == "ru")), "corpus")
    mixed = Manifest(tuple({u.id: u for u in mixed}.values()), "corpus")
    assert {languages[each.enrolment] for each in pairs(plugins, "sv,pairs=3", mixed)} == {"ru"}


def test_without_genders_speakers_of_any_are_compared(plugins):
    assert len(pairs(plugins, "sv,pairs=7", of_speakers(6, 3))) == 14


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


@pytest.mark.parametrize("name", CORPORA)
def test_a_reader_says_what_is_told_of_its_corpus(plugins, name):
    corpus, said = CORPORA[name], plugins.datasets.find(name)[0].documentation
    facts = [corpus.title, corpus.source, corpus.licence, corpus.size, corpus.folder, *corpus.notes]
    facts += [line for layout in corpus.layouts for line in layout.splitlines()]
    facts += [f"{column}: {what}" for column, what in corpus.columns]
    assert [fact for fact in facts if fact not in said.text] == []
    assert said.text.startswith("Read ")
    assert said.arguments["root"]


def test_the_detector_is_installed_by_one_line():
    line = "pip install --no-deps silero-vad==6.2.3"
    assert str(network._missing("it is not installed")).endswith(f"To install it: {line}")
    assert f"`{line}`" in (HERE.parent / "README.md").read_text()
