"""A file that is another than the one that was digested is never read under that digest."""

import os
import shutil

import numpy as np
import pytest
import soundfile

from neuroscope.audio import files, waveforms
from neuroscope.audio.decoders import sndfile
from neuroscope.audio.spans import locate
from neuroscope.contracts.audio import Utterance
from neuroscope.errors import BadAudio


def write(path, seed, *, channels=1, seconds=1.0):
    samples = 0.1 * np.random.default_rng(seed).standard_normal((int(16_000 * seconds), channels))
    soundfile.write(path, samples, 16_000)


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "a.wav", 0)
    return tmp_path / "a.wav"


@pytest.fixture
def span(path):
    return locate(Utterance(id="u", path=path), waveforms.examine(path))


def reason(path, span):
    with pytest.raises(BadAudio) as caught:
        waveforms.read(path, span, 16_000)
    return caught.value.reason


def in_place(path):
    before = path.stat()
    write(path, 1)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def by_another(path):
    before = path.stat()
    write(path.with_name("b.wav"), 1)
    os.utime(path.with_name("b.wav"), ns=(before.st_atime_ns, before.st_mtime_ns))
    path.with_name("b.wav").replace(path)


def by_more_channels(path):
    write(path, 0, channels=2)


def by_a_longer_one(path):
    with path.open("ab") as stream:
        stream.write(bytes(100))


def by_text(path):
    path.write_text("text")


def by_a_folder(path):
    path.unlink()
    path.mkdir()


def by_a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def by_nothing(path):
    path.unlink()


CHANGES = [
    (in_place, "changed file"),
    (by_another, "changed file"),
    (by_more_channels, "changed file"),
    (by_a_longer_one, "changed file"),
    (by_text, "changed file"),
    (by_a_folder, "not a file"),
    (by_a_pipe, "not a file"),
    (by_nothing, "missing file"),
]


@pytest.mark.parametrize(("replace", "expected"), CHANGES)
def test_a_file_that_is_replaced_after_it_was_looked_at_is_not_read(path, span, replace, expected):
    replace(path)
    assert reason(path, span) == expected


@pytest.mark.parametrize("replace", [in_place, by_more_channels, by_a_longer_one, by_text])
def test_a_file_that_is_replaced_while_it_is_read_is_not_read(path, span, replace, monkeypatch):
    blocks = sndfile.SoundDecoder.blocks

    def interrupted(decoder, first, last):
        for block in blocks(decoder, first, last):
            yield block
            if not done:
                done.append(replace(path))

    done = []
    monkeypatch.setattr(sndfile, "BLOCK", 1_000)
    monkeypatch.setattr(sndfile.SoundDecoder, "blocks", interrupted)
    assert reason(path, span) == "changed file"
    assert done


def test_a_file_that_becomes_a_pipe_behind_the_first_look_is_not_waited_for(path, monkeypatch):
    status = path.stat()
    by_a_pipe(path)
    monkeypatch.setattr(type(path), "stat", lambda _: status)
    with pytest.raises(BadAudio, match="not a file"):
        waveforms.examine(path)


def test_a_file_that_changes_while_it_is_looked_at_is_refused(path, monkeypatch):
    digest_of = files.digest_of

    def digest_and_change(stream):
        digest = digest_of(stream)
        in_place(path)
        return digest

    monkeypatch.setattr(waveforms, "digest_of", digest_and_change)
    with pytest.raises(BadAudio, match="changed file"):
        waveforms.examine(path)


def touched(path):
    os.utime(path)


def with_other_rights(path):
    path.chmod(0o600)


def copied(path):
    shutil.copy(path, path.with_name("b.wav"))
    path.with_name("b.wav").replace(path)


@pytest.mark.parametrize("change", [touched, with_other_rights, copied])
def test_a_file_with_the_same_bytes_is_the_same_file(path, span, change):
    before = waveforms.read(path, span, 16_000)
    change(path)
    assert waveforms.examine(path).stamp != span.file.stamp
    np.testing.assert_array_equal(waveforms.read(path, span, 16_000), before)


def test_an_unchanged_file_is_not_digested_again(path, span, monkeypatch):
    monkeypatch.setattr(files, "digest_of", lambda stream: pytest.fail("digested"))
    waveforms.read(path, span, 16_000)
