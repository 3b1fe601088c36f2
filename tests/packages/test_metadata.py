"""What the distributions say of themselves: one version, one licence, and requirements that fit each other."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
FOLDERS = {"neuroscope-speech": REPOSITORY} | {
    file.parent.name: file.parent for file in sorted(REPOSITORY.glob("plugins/*/pyproject.toml"))
}
PROJECTS = {name: tomllib.loads((folder / "pyproject.toml").read_text()) for name, folder in FOLDERS.items()}
CORE = PROJECTS["neuroscope-speech"]["project"]
SHARED = ("version", "readme", "requires-python", "license", "classifiers")
LEFT_OUT = {"neuroscope-toy", "neuroscope-espeak"}  # a test double; a synthesiser, whose library is under the GPL


def requirements(texts):
    return [Requirement(text) for text in texts]


def between(project):
    """Requirements of a project, with those of its extras, on distributions of this repository."""
    extras = project.get("optional-dependencies", {}).values()
    wanted = requirements([*project["dependencies"], *(text for extra in extras for text in extra)])
    return [each for each in wanted if each.name.startswith("neuroscope")]


@pytest.mark.parametrize("name", PROJECTS)
def test_a_distribution_is_named_as_its_folder_and_says_what_the_core_says(name):
    project = PROJECTS[name]["project"]
    assert project["name"] == name
    assert {key: project[key] for key in SHARED} == {key: CORE[key] for key in SHARED}
    assert PROJECTS[name]["build-system"] == PROJECTS["neuroscope-speech"]["build-system"]
    assert project["description"]


@pytest.mark.parametrize("name", PROJECTS)
def test_its_one_package_is_typed_and_holds_its_entry_points(name):
    project = PROJECTS[name]["project"]
    (package,) = [path for path in (FOLDERS[name] / "src").iterdir() if path.is_dir()]
    assert PROJECTS[name]["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [f"src/{package.name}"]
    assert (package / "py.typed").is_file()
    for target in project["entry-points"]["neuroscope"].values():
        file = FOLDERS[name] / "src" / target.replace(".", "/")
        assert file.with_suffix(".py").is_file() or (file / "__init__.py").is_file()


@pytest.mark.parametrize("name", PROJECTS)
def test_distributions_require_each_other_by_the_version_they_have(name):
    wanted = between(PROJECTS[name]["project"])
    assert {each.name for each in wanted} <= set(PROJECTS)
    assert {str(each.specifier) for each in wanted} == {f"~={CORE['version']}"}
    assert name == "neuroscope-speech" or "neuroscope-speech" in {each.name for each in wanted}


def test_the_extra_paper_names_every_plugin_but_the_double_and_the_synthesiser():
    named = {each.name for each in requirements(CORE["optional-dependencies"]["paper"])}
    assert named == set(PROJECTS) - LEFT_OUT - {"neuroscope-speech"}


def test_installing_from_a_clone_asks_no_index_for_what_is_here():
    makefile = (REPOSITORY / "Makefile").read_text()
    (asked,) = re.findall(r"--editable '\.\[(.+?)\]'", makefile)
    texts = [text for extra in asked.split(",") for text in CORE["optional-dependencies"][extra]]
    assert not [each.name for each in requirements([*CORE["dependencies"], *texts]) if each.name in PROJECTS]
