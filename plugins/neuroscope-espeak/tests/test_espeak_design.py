import json
import subprocess
import sys
import typing

import pytest

import neuroscope_espeak
from neuroscope import BadOption
from neuroscope_espeak.corpus import espeak
from neuroscope_espeak.design import LANGUAGES, VOICES, checked, sentences

ONE = {"languages": ("en",), "voices": ("m1",), "texts": 1, "rates": (175,), "pitches": (50,)}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("languages", ("en", "xx"), "no xx. Known: ar, de, en, es, fr, ru, zh."),
        ("languages", ("cmn",), "Known: ar"),
        ("languages", (), "empty"),
        ("voices", ("m9",), "Known: m1, m2"),
        ("voices", ("m1", "m1"), "twice"),
        ("texts", 0, "1 to 20"),
        ("texts", 21, "1 to 20"),
        ("rates", (0,), "80 to 450"),
        ("rates", (175, 451), "451 is outside"),
        ("rates", (), "empty"),
        ("pitches", (-1,), "0 to 99"),
        ("pitches", (50, 50), "twice"),
        ("channels", ("gsm", "amr"), "no amr. Known: pcm16, pcm8, ulaw, gsm."),
        ("channels", ("gsm", "gsm"), "twice"),
    ],
)
def test_bad_values_are_refused_before_anything_is_written(option, value, said, tmp_path):
    with pytest.raises(BadOption, match=said) as raised:
        espeak(tmp_path / "new", **{**ONE, option: value})
    assert option in str(raised.value)
    assert not (tmp_path / "new").exists()


def test_design_is_every_combination_once():
    design = checked(("en", "zh"), VOICES, 20, (150, 200), (20, 80))
    assert len(design.items) == len({item.id for item in design.items}) == 2 * 13 * 20 * 2 * 2
    assert len({item.file for item in design.items}) == len(design.items)


def test_order_of_values_is_no_part_of_the_design():
    given = checked(("zh", "en"), ("f1", "m2"), 2, (200, 150), (80, 20))
    assert given == checked(("en", "zh"), ("m2", "f1"), 2, (150, 200), (20, 80))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("languages", ("de",)),
        ("voices", ("m2",)),
        ("texts", 2),
        ("rates", (176,)),
        ("pitches", (51,)),
        ("channels", ("gsm",)),
    ],
)
def test_digest_tells_options_apart(option, value):
    assert checked(**ONE).digest("1") != checked(**{**ONE, option: value}).digest("1")


def test_a_corpus_without_channels_has_the_name_that_it_had_before_there_were_any():
    assert checked(**ONE).digest("1") == checked(**ONE, channels=()).digest("1") == "c6075630331349b0"


def test_digest_tells_versions_and_sentences_apart(monkeypatch):
    before = checked(**ONE).digest("1")
    assert checked(**ONE).digest("2") != before
    monkeypatch.setattr("neuroscope_espeak.design.GENERATOR", 0)
    assert checked(**ONE).digest("1") != before
    monkeypatch.undo()
    monkeypatch.setitem(sentences(), "en", ["Other words.", *sentences()["en"][1:]])
    assert checked(**ONE).digest("1") != before


def test_sentences_are_as_many_in_every_language_and_in_its_script():
    scripts = {"ar": "\u0600\u06ff", "ru": "\u0400\u04ff", "zh": "\u3000\uffff"}
    assert set(sentences()) == set(LANGUAGES)
    for language, texts in sentences().items():
        assert len(texts) == len(set(texts)) == 20
        low, high = scripts.get(language, "A\u024f")
        letters = [letter for text in texts for letter in text if letter.isalpha()]
        assert all(low <= letter <= high or letter == "œ" for letter in letters), language


def test_plugin_registers_a_factory_whose_options_have_readable_types():
    seen = {}
    neuroscope_espeak.register_datasets(lambda name, factory, **rest: seen.update({name: (factory, rest)}))
    factory, rest = seen["espeak"]
    assert factory == "neuroscope_espeak.corpus:espeak"
    assert "espeakng-loader" in rest["install"]
    assert typing.get_type_hints(espeak)["rates"] == tuple[int, ...]
    assert espeak.__kwdefaults__["voices"] == VOICES


def test_import_is_light():
    code = "import json, sys, neuroscope_espeak; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "numpy", "scipy", "sklearn", "ctypes", "espeakng_loader"} & set(json.loads(done.stdout))
