"""Messages: what was asked, what exists, what to do next."""

import pytest

from neuroscope import errors


def test_every_error_is_a_neuroscope_error():
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(kinds) > 5
    assert all(issubclass(each, errors.NeuroscopeError) for each in kinds)


def test_close_names_are_proposed_and_all_names_listed_in_order():
    error = errors.UnknownName("backbone", "hubrt", {"wavlm", "hubert", "toy"}, "Try harder.")
    assert str(error) == "unknown backbone 'hubrt'. Did you mean 'hubert'? Known: hubert, toy, wavlm. Try harder."
    assert error.known == ("hubert", "toy", "wavlm")


def test_where_nothing_exists_the_message_says_so():
    assert str(errors.UnknownName("ranking", "mass", ())).endswith("There is none.")


def test_a_long_list_of_names_is_cut_and_the_rest_counted():
    message = str(errors.UnknownName("speaker", "nobody", [f"id{n:03d}" for n in range(100)]))
    assert "id029 and 70 more." in message
    assert "id030" not in message


def test_the_problems_of_a_manifest_are_told_at_once_twenty_at_most_and_the_rest_counted():
    error = errors.BadManifest("m.csv", [f"line {n}: bad" for n in range(1, 26)])
    lines = str(error).splitlines()
    assert len(error.problems) == 25
    assert "m.csv" in lines[0]
    assert lines[20].strip() == "line 20: bad"
    assert "5 more" in lines[21]
    assert len(lines) == 22


@pytest.mark.parametrize("install", ["", "pip install torch"])
def test_a_missing_dependency_says_how_to_get_it_where_that_is_known(install):
    message = str(errors.MissingDependency("torch", "OSError: libcuda.so", install))
    assert "torch" in message
    assert "libcuda.so" in message
    assert ("install" in message) == bool(install)


def test_unreadable_audio_keeps_its_reason_apart_from_the_detail():
    error = errors.BadAudio("cannot be decoded", "/a/b.wav: bad header")
    assert (error.reason, error.detail) == ("cannot be decoded", "/a/b.wav: bad header")
    assert str(error) == "cannot be decoded: /a/b.wav: bad header"
