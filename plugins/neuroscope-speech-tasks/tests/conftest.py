"""What the tests of several readers share. A module names its DATASET, and reads it by ``read(root, **options)``."""

from functools import partial

import pytest

from neuroscope import BadManifest


@pytest.fixture
def made(tmp_path):
    """``made("wav/ALG/v.wav", **{"data/dev/segments": "text"})``: a folder with empty files, and texts."""

    def make(*names, **texts):
        for name in (*names, *texts):
            path = tmp_path / "made" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts.get(name, ""))
        return tmp_path / "made"

    return make


@pytest.fixture
def names(tree, request):
    """``names(layout="old")``: the root of the dataset's tree, whose audio files are empty."""
    return partial(tree, request.module.DATASET, audio=False)


@pytest.fixture
def expected(tmp_path, names, request):
    """What the tree as published is read as, which is gone by the time that the test makes its own."""
    manifest = request.module.read(names())
    names().rename(tmp_path / "as published")
    return manifest


@pytest.fixture
def told(request):
    """``told(root, error=BadManifest, **options)``: the message that a root is refused with."""

    def message(root, error=BadManifest, **options):
        with pytest.raises(error) as caught:
            request.module.read(root, **options)
        return str(caught.value)

    return message


@pytest.fixture
def edit():
    """``edit(file, change)``: a file's text is changed."""
    return lambda file, change: file.write_text(change(file.read_text()))
