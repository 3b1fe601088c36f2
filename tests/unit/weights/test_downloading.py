"""Files of plain addresses: whole, resumed or told in one line why not."""

import hashlib
from math import inf

import pytest

from neuroscope.errors import BadOption, MissingData
from neuroscope.weights import download

MODEL = bytes(range(256)) * 40
SHA256 = hashlib.sha256(MODEL).hexdigest()
PLACE = "owner/name/pytorch_model.bin"


@pytest.fixture
def url(hub):
    """Of the large file, behind a redirect to another host."""
    return f"{hub.endpoint}/owner/name/resolve/main/pytorch_model.bin?download=1"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "weights"


def refused(*given, error=MissingData, **options):
    with pytest.raises(error) as raised:
        download(*given, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def ranges(hub):
    return [each.range for each in hub.requests if each.path.startswith("/cdn")]


def test_a_file_comes_whole_and_is_fetched_once(hub, url, folder):
    path = download(url, folder, sha256=SHA256.upper())
    assert path == folder / "pytorch_model.bin"
    assert path.read_bytes() == MODEL
    assert names_in(folder) == ["pytorch_model.bin"]
    asked = len(hub.requests)
    assert download(url, folder, sha256=SHA256) == path
    assert len(hub.requests) == asked


def test_others_may_read_it_as_the_umask_allows(url, folder):
    path = download(url, folder)
    (folder / "plain").touch()
    assert path.stat().st_mode == (folder / "plain").stat().st_mode


def test_a_broken_connection_goes_on(hub, url, folder):
    hub.fault(PLACE, cut=1000)
    assert download(url, folder).read_bytes() == MODEL
    assert ranges(hub) == ["", "bytes=1000-"]


def test_a_download_that_ended_goes_on_in_the_next_call(hub, url, folder):
    hub.fault(PLACE, cut=1000)
    hub.fault(PLACE, cut=0, times=inf)
    said = refused(url, folder)
    assert "after 1,000 bytes of 10,240 bytes" in said
    assert "goes on from there" in said
    assert not (folder / "pytorch_model.bin").exists()
    hub.mend()
    hub.requests.clear()
    assert download(url, folder).read_bytes() == MODEL
    assert ranges(hub) == ["bytes=1000-"]
    assert names_in(folder) == ["pytorch_model.bin"]


def test_a_half_of_an_older_version_is_not_gone_on_from(hub, url, folder, repositories):
    hub.fault(PLACE, cut=1000)
    hub.fault(PLACE, cut=0, times=inf)
    refused(url, folder)
    hub.mend()
    newer = bytes(reversed(MODEL))
    (repositories / PLACE).write_bytes(newer)
    assert download(url, folder).read_bytes() == newer


@pytest.mark.parametrize("version", [None, ""])
def test_a_half_of_unknown_version_is_not_gone_on_from(hub, url, folder, version):
    folder.mkdir()
    (folder / "pytorch_model.bin.incomplete").write_bytes(b"something else")
    if version is not None:
        (folder / "pytorch_model.bin.incomplete.version").write_text(version)
    assert download(url, folder).read_bytes() == MODEL
    assert ranges(hub) == [""]


def test_a_file_that_had_come_whole_before_it_was_renamed(hub, url, folder):
    hub.fault(PLACE, cut=len(MODEL) - 1)
    hub.fault(PLACE, cut=0, times=inf)
    refused(url, folder)
    with (folder / "pytorch_model.bin.incomplete").open("ab") as stream:
        stream.write(MODEL[-1:])
    hub.mend()
    hub.requests.clear()
    assert download(url, folder, sha256=SHA256).read_bytes() == MODEL
    assert ranges(hub) == [f"bytes={len(MODEL)}-"]


def test_wrong_bytes_are_not_kept(hub, url, folder):
    hub.fault(PLACE, content=bytes(len(MODEL)))
    said = refused(url, folder, sha256=SHA256)
    assert SHA256 in said
    assert names_in(folder) == []
    assert download(url, folder, sha256=SHA256).read_bytes() == MODEL


def test_a_file_that_is_there_with_other_bytes_is_told(hub, url, folder):
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(b"mine")
    said = refused(url, folder, sha256=SHA256)
    assert f"Remove {folder / 'pytorch_model.bin'} to download it again" in said
    assert (folder / "pytorch_model.bin").read_bytes() == b"mine"
    assert hub.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_server_that_refuses(hub, url, folder, status):
    hub.fault(PLACE, status=status, times=inf)
    assert f"the server answers {status}" in refused(url, folder)
    assert not (folder / "pytorch_model.bin").exists()


def test_a_server_that_is_ill_is_asked_again(hub, url, folder):
    hub.fault(PLACE, status=503)
    assert download(url, folder).read_bytes() == MODEL
    hub.fault(PLACE, status=500, times=inf)
    assert "the server answers 500" in refused(url, folder / "other")


def test_a_server_that_cannot_be_reached(folder, monkeypatch):
    monkeypatch.setattr("neuroscope.weights.transfer.PAUSES", ())
    assert "Look at the connection" in refused("http://127.0.0.1:9/model.bin", folder)


def test_offline_nothing_is_asked_for(hub, url, folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = refused(url, folder)
    assert "HF_HUB_OFFLINE" in said
    assert f"Put the file at {folder / 'pytorch_model.bin'}" in said
    assert hub.requests == []
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(MODEL)
    assert download(url, folder, sha256=SHA256).read_bytes() == MODEL


def test_a_folder_that_cannot_be_made(url, tmp_path):
    (tmp_path / "file").touch()
    assert f"{tmp_path / 'file' / 'below'} cannot be written" in refused(url, tmp_path / "file" / "below")


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://x/y", "file:///etc/passwd", "http://x", "http://x/", "model.bin", "http://x/a/.."),
        *("http://[bad/x", "http://x:99999/y", "http://a b/y", "http://x/\n/y"),
    ],
)
def test_what_is_no_address_of_a_file(address, folder):
    refused(address, folder, error=BadOption)
    assert not folder.exists()


def test_a_redirect_out_of_the_web_is_not_followed(hub, folder, repositories, tmp_path, monkeypatch):
    from neuroscope.testing.hub import _Handler

    (tmp_path / "secret.bin").write_bytes(b"secret")
    monkeypatch.setattr(
        _Handler, "_answer", lambda self: self._say(302, b"", {"Location": (tmp_path / "secret.bin").as_uri()})
    )
    assert "302" in refused(f"{hub.endpoint}/model.bin", folder)
    assert not (folder / "model.bin").exists()
    monkeypatch.setattr(
        _Handler, "_answer", lambda self: self._say(302, b"", {"Location": "ftp://127.0.0.1/model.bin"})
    )
    assert "the server sends to ftp://127.0.0.1/model.bin" in refused(f"{hub.endpoint}/model.bin", folder)


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Sign in", b"\xef\xbb\xbf\n <html lang=en>"])
def test_a_page_in_place_of_the_file_is_not_kept(hub, url, folder, page):
    hub.fault(PLACE, content=page, times=9)
    assert "web page" in refused(url, folder)
    assert names_in(folder) == []
    hub.mend()
    assert download(url, folder).read_bytes() == MODEL
