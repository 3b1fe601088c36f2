"""The releases that the two names stand for, brought from a server on this machine; and what is said without one."""

import hashlib
import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuroscope import MissingData
from neuroscope.testing.hub import LocalHub
from neuroscope_s3prl.mockingjay import spec as specs
from neuroscope_s3prl.mockingjay.published import BASE, LARGE
from neuroscope_s3prl.upstreams import describing, hubconfs
from neuroscope_s3prl.upstreams.spec import upstream

files = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("mockingjay_files.py"))))

REPOSITORY = "s3prl/mockingjay"
FILE = "mockingjay_logMelLinearLarge_T_AdamW_b32_500k_360hr_drop1/states-500000.ckpt"


@pytest.fixture
def hub(tmp_path):
    """A hub that has the large release, small, and the base one under its repository's address."""
    place = tmp_path / "repositories" / REPOSITORY / FILE
    place.parent.mkdir(parents=True)
    files.write(place, files.config_of("large"))
    shutil.copy(files.write(tmp_path / "base.ckpt", files.config_of("base")), place.parents[1] / "states-1000000.ckpt")
    with LocalHub(tmp_path / "repositories") as hub, hub.used(tmp_path / "home"):
        yield hub


def test_the_large_release_comes_from_the_hub_once(hub, tmp_path):
    spec = specs.mockingjay_large()
    content = (tmp_path / "repositories" / REPOSITORY / FILE).read_bytes()
    assert spec.origin.digest.startswith(f"{hashlib.sha256(content).hexdigest()}, s3prl ")
    assert "mockingjay_origin of s3prl" in spec.origin.source
    assert "commit " in spec.origin.source
    assert [layer.width for layer in spec.layers] == [32] * 12
    brought = sum(each.method == "GET" and FILE in each.path for each in hub.requests)
    again = specs.mockingjay_large().origin
    assert again == spec.origin
    assert sum(each.method == "GET" and FILE in each.path for each in hub.requests) == brought


def test_the_base_release_comes_from_its_address(hub, monkeypatch):
    url = f"{hub.endpoint}/{REPOSITORY}/resolve/main/states-1000000.ckpt?dl=1"
    monkeypatch.setattr(specs, "BASE", replace(BASE, url=url))
    spec = specs.mockingjay_base()
    assert "mockingjay_960hr of s3prl" in spec.origin.source
    assert spec.origin.files == ("states-1000000.ckpt",)
    assert len(spec.layers) == 3


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (specs.mockingjay_base, ("mockingjay-base", "mockingjay_960hr", "www.dropbox.com")),
        (specs.mockingjay_large, ("mockingjay-large", "mockingjay_origin", "states-500000.ckpt of s3prl/mockingjay")),
    ],
)
def test_without_a_connection_one_error_says_what_is_missing_and_how_to_get_it(make, names, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with LocalHub(tmp_path) as hub, hub.used(tmp_path / "home"):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(MissingData) as caught:
            make()
    message = str(caught.value)
    assert "\n" not in message
    assert all(name in message for name in (*names, "checkpoint=FILE", "weights=random"))
    assert not hub.requests


def test_both_names_of_a_release_share_its_download(hub, monkeypatch):
    url = f"{hub.endpoint}/{REPOSITORY}/resolve/main/states-1000000.ckpt?dl=1"
    monkeypatch.setattr(specs, "BASE", replace(BASE, url=url))
    entry = replace(hubconfs.find("mockingjay_960hr"), urls=(url,))
    monkeypatch.setattr(hubconfs, "find", lambda name: entry)
    found = describing.Description((), 400, 0, draws=False, side_by_side=True)
    monkeypatch.setattr("neuroscope_s3prl.upstreams.spec.describe", lambda *_, **__: found)
    specs.mockingjay_base()
    asked = len(hub.requests)
    assert upstream("mockingjay_960hr").origin.files == ("states-1000000.ckpt",)
    assert len(hub.requests) == asked


@pytest.mark.parametrize("published", [BASE, LARGE])
def test_the_addresses_are_those_of_s3prl(published):
    assert hubconfs.find(published.release).urls[0] == published.url


def test_random_weights_ask_nobody(hub):
    assert specs.mockingjay_large(weights="random").origin.digest.startswith("random:0:")
    assert not hub.requests


def test_a_hub_without_the_file_is_told(hub, tmp_path):
    (tmp_path / "repositories" / REPOSITORY / FILE).unlink()
    with pytest.raises(MissingData, match=r"mockingjay-large.*checkpoint=FILE"):
        specs.mockingjay_large()
