"""The page about models names every backbone and every family that there is, and none that is not."""

import re
from pathlib import Path

from neuroscope.plugin.loading import Plugins

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "models.md"


def rows_under(heading):
    """The cells of each row of the table under a heading, the head left out."""
    part = PAGE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names_in(cell):
    return set(re.findall(r"`([^`]+)`", cell))


def test_every_backbone_is_in_the_table_and_no_other():
    named = set().union(*(names_in(row[0]) for row in rows_under("All of them")))
    registered = {entry.name for entry in Plugins.load().backbones}
    assert {name.partition(":")[0] for name in named} == {name.removesuffix(":") for name in registered}


def test_every_family_of_the_hugging_face_library_is_in_the_table_with_its_licence():
    from neuroscope_transformers.families.table import FAMILIES

    rows = {name: row for row in rows_under("Families of `hf:`") for name in names_in(row[0])}
    assert list(rows) == [family.model_type for family in FAMILIES]
    for family in FAMILIES:
        assert family.licence.startswith(rows[family.model_type][4])


def test_families_are_said_to_run_as_they_do():
    """What the table says of utterances side by side, of a group norm in front and of layer norms."""
    from neuroscope_transformers.families.settings import Settings
    from neuroscope_transformers.families.table import FAMILIES

    said = {name: row[3] for row in rows_under("Families of `hf:`") for name in names_in(row[0])}
    for family in FAMILIES:
        batchable = set()
        for norm in ("group", "layer"):
            anatomy = family.anatomy(
                Settings({"feat_extract_norm": norm}, "config.json"), Settings({}, "p.json"), "hidden"
            )
            batchable.add(anatomy.batchable)
        expected = {True: "of any lengths", False: "of exactly one length"}
        found = "by the front: see below" if len(batchable) == 2 else expected[batchable.pop()]
        assert said[family.model_type] == found, family.model_type


def test_families_have_the_layers_that_are_said():
    from neuroscope_transformers.families.settings import Settings
    from neuroscope_transformers.families.table import FAMILIES

    said = {
        name: names_in(row[2]) | ({"norm?"} if "where" in row[2] else set())
        for row in rows_under("Families of `hf:`")
        for name in names_in(row[0])
    }
    for family in FAMILIES:
        beside = []
        for stable in (False, True):
            config = Settings({"do_stable_layer_norm": stable}, "config.json")
            layers = family.anatomy(config, Settings({}, "p.json"), "hidden").layers
            beside.append({layer.name for layer in layers if not layer.in_all})
        named = {name for name in said[family.model_type] if not name.startswith("L") and name != "norm?"}
        assert named == beside[0] | beside[1], family.model_type
        assert ("norm?" in said[family.model_type]) is (beside[0] != beside[1]), family.model_type
