"""Readers of corpora, and questions about speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import neuroscope

if TYPE_CHECKING:
    from neuroscope import Manifest, Registrar, Task

_HERE = "neuroscope_speech_tasks"
_FORMATS = {
    "csv": ("table:read_table", "a manifest: .csv, .tsv or .jsonl, one row an utterance"),
    "folder": ("folder:read_folder", "audio files below a folder; class = the file's folder"),
    "audiofolder": ("audiofolder:read_audiofolder", "a folder with metadata.csv that has a column file_name"),
    "kaldi": ("kaldi:read_kaldi", "a Kaldi data folder: wav.scp, segments, utt2spk and other utt2X"),
    "lhotse": ("lhotse:read_lhotse", "Lhotse manifests: recordings and supervisions, or cuts"),
}
_CORPORA = {
    "voxceleb1": ("voxceleb1:read_voxceleb1", "VoxCeleb1: celebrities in interviews, English; gender, nationality"),
    "voxceleb2": ("voxceleb2:read_voxceleb2", "VoxCeleb2: celebrities in interviews, many languages; gender"),
    "common-voice": ("common_voice:read_common_voice", "Common Voice: read sentences in many languages"),
    "adi5": ("adi5:read_adi5", "ADI-5 (MGB-3, VarDial): five Arabic dialects of broadcasts"),
    "adi17": ("adi17:read_adi17", "ADI-17 (MGB-5): Arabic dialects of 17 countries"),
    "callhome": ("callhome:read_callhome", "CALLHOME Egyptian Arabic: telephone calls, cut into segments"),
    "librispeech": ("librispeech:read_librispeech", "LibriSpeech: read audio books, English; gender"),
    "fleurs": ("fleurs:read_fleurs", "FLEURS: the same sentences read in 102 languages"),
    "voxlingua107": ("voxlingua107:read_voxlingua107", "VoxLingua107: video sound in 107 languages"),
}

_TASKS = {
    "gc": ("classes:gender", "gender of unseen speakers (column gender)"),
    "sv": ("verification:verification", "is one speaker heard in both utterances? Of unseen speakers (column speaker)"),
    "lid": ("classes:language", "language, of unseen speakers (column language)"),
    "did": ("classes:dialect", "dialect (column dialect)"),
    "cc": ("classes:channel", "channel: how it was recorded and sent (column channel)"),
    "label:": ("classes:label", "label:COLUMN asks about any column of the manifest"),
}


@neuroscope.hookimpl
def register_datasets(register: Registrar[Manifest]) -> None:
    """Register the readers."""
    for folder, readers in (("formats", _FORMATS), ("corpora", _CORPORA)):
        for name, (factory, summary) in readers.items():
            register(name, f"{_HERE}.{folder}.{factory}", summary=summary)


@neuroscope.hookimpl
def register_tasks(register: Registrar[Task]) -> None:
    """Register the questions."""
    for name, (factory, summary) in _TASKS.items():
        register(name, f"{_HERE}.tasks.{factory}", summary=summary)
