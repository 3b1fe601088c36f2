"""FLEURS: the same sentences, read in 102 languages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from neuroscope import BadManifest, Manifest, Utterance
from neuroscope_speech_tasks.reading.clips import Clips
from neuroscope_speech_tasks.reading.collected import ABSENT
from neuroscope_speech_tasks.reading.corpus import Corpus, check_parts
from neuroscope_speech_tasks.reading.file_names import without_ending
from neuroscope_speech_tasks.reading.listing import as_given, closed_folders_are_told, within
from neuroscope_speech_tasks.reading.metadata import Row, read_table

if TYPE_CHECKING:
    from neuroscope import Progress

CORPUS = Corpus(
    dataset="fleurs",
    title="FLEURS, Few-shot Learning Evaluation of Universal Representations of Speech",
    source="https://huggingface.co/datasets/google/fleurs",
    licence="CC BY 4.0",
    size="about 12 h a language, 102 languages; a language may be had alone",
    folder="the folder that holds data/, one of language folders, or a language's own",
    layouts=(
        "data/ar_eg/train.tsv, dev.tsv, test.tsv\ndata/ar_eg/audio/train/*.wav (unpacked; or data/ar_eg/train/*.wav)",
        "ar_eg/train.tsv, ...\nar_eg/audio/train/*.wav",
        "metadata/ar_eg/train.tsv, ... (Lhotse's copy)\nar_eg/train/*.wav",
    ),
    columns=(
        ("language", "code of language and place: ar_eg, en_us, es_419, cmn_hans_cn, ..."),
        ("gender", "MALE, FEMALE or OTHER"),
        ("text", "number of the sentence; the same in each language, and read by several people"),
        ("split", "train, dev or test"),
        ("seconds", "length of the recording, of its number of samples at 16 kHz"),
    ),
    notes=(
        "Nobody says who speaks: no split by speakers can be made, and no result of a split by utterances is one about "
        "unseen voices. group:text keeps a sentence on one side.",
        "Lhotse's copy says MALE where the source says OTHER.",
        "Transcriptions are not read.",
    ),
)
Part = Literal["train", "dev", "test"]
_PARTS: tuple[Part, ...] = ("train", "dev", "test")
_NAMES = (
    "af_za am_et ar_eg as_in ast_es az_az be_by bg_bg bn_in bs_ba ca_es ceb_ph ckb_iq cmn_hans_cn cs_cz cy_gb da_dk "
    "de_de el_gr en_us es_419 et_ee fa_ir ff_sn fi_fi fil_ph fr_fr ga_ie gl_es gu_in ha_ng he_il hi_in hr_hr hu_hu "
    "hy_am id_id ig_ng is_is it_it ja_jp jv_id ka_ge kam_ke kea_cv kk_kz km_kh kn_in ko_kr ky_kg lb_lu lg_ug ln_cd "
    "lo_la lt_lt luo_ke lv_lv mi_nz mk_mk ml_in mn_mn mr_in ms_my mt_mt my_mm nb_no ne_np nl_nl nso_za ny_mw oc_fr "
    "om_et or_in pa_in pl_pl ps_af pt_br ro_ro ru_ru sd_in sk_sk sl_si sn_zw so_so sr_rs sv_se sw_ke ta_in te_in "
    "tg_tj th_th tr_tr uk_ua umb_ao ur_pk uz_uz vi_vn wo_sn xh_za yo_ng yue_hant_hk zu_za"
)
LANGUAGES = frozenset(_NAMES.split())
"""The codes of the languages, which their folders are named after."""
_CELLS = ("id", "file_name", "raw_transcription", "transcription", "characters", "num_samples", "gender")
_GENDERS = {"MALE", "FEMALE", "OTHER"}
_RATE = 16_000
_SHOWN = 9


@CORPUS.describes
def read_fleurs(
    root: Path, *, progress: Progress, languages: tuple[str, ...] = (), parts: tuple[Part, ...] = _PARTS
) -> Manifest:
    """Read the recordings of some languages and parts.

    Args:
        root: the folder that holds ``data/``, one of language folders, or a language's own.
        progress: told of the files that are found.
        languages: codes as FLEURS writes them, ``ar_eg``; empty = all that are there.
        parts: of ``train dev test``.

    Raises:
        MissingData: there is no FLEURS, or not those languages or parts, or its audio is packed.
        BadOption: no part is named.
        BadManifest: folders of no language, or tables that were not understood; all problems are told at once.
    """
    check_parts(parts)
    with closed_folders_are_told(root):
        found = {place.language: place for place in reversed(list(_places(root)))}
    others = sorted(found.keys() - LANGUAGES)
    if others and not languages:
        told = [f"{each} is no language of FLEURS: name its folder as in ar_eg" for each in others]
        raise BadManifest(str(root), told)
    found = {code: place for code, place in found.items() if code in LANGUAGES}
    if not found:
        raise CORPUS.missing(root)
    CORPUS.check_has(root, "language", languages, found)
    places = [found[each] for each in sorted(set(languages or found))]
    parts = tuple(part for part in _PARTS if part in parts)
    _check_whole(root, places, parts)
    folders = {(place, part): place.folder(root, part) for place in places for part in parts}
    clips = Clips.look(CORPUS, root, list(folders.values()), progress)
    for (place, part), folder in folders.items():
        _read_part(root / place.table(part), place.language, part, clips, folder)
    return clips.manifest("audio without a row", (place.table(part) for place, part in folders))


@dataclass(frozen=True, slots=True)
class _Place:
    """A language: its code, the folder of its tables, and the folders that its parts may lie in, below the root."""

    language: str
    tables: str
    audio: tuple[str, ...]

    def table(self, part: Part) -> str:
        """The table of a part."""
        return f"{self.tables}{part}.tsv"

    def folder(self, root: Path, part: Part) -> str:
        """The folder of a part's audio; empty = there is none."""
        return next((f"{each}{part}" for each in self.audio if (root / f"{each}{part}").is_dir()), "")

    def lacking(self, root: Path, part: Part) -> list[str]:
        """Name what a part lacks."""
        table = [] if (root / self.table(part)).exists() else [self.table(part)]
        return table if self.folder(root, part) else [*table, f"{self.audio[0]}{part}/"]

    def archives(self, root: Path, part: Part) -> list[Path]:
        """Find the archive of a part whose folder is not there."""
        if self.folder(root, part):
            return []
        return [file for each in self.audio if (file := root / f"{each}{part}.tar.gz").is_file()][:1]


def _check_whole(root: Path, places: Sequence[_Place], parts: Sequence[Part]) -> None:
    """Raise MissingData where parts of languages lack something, with what to do where they are packed."""
    gone = {(place, part): lacking for place in places for part in parts if (lacking := place.lacking(root, part))}
    if not gone:
        return
    names = [name for lacking in gone.values() for name in lacking]
    text = f"{', '.join(names[:_SHOWN])}{', ...' if len(names) > _SHOWN else ''}"
    if whole := [part for part in _PARTS if not any(place.lacking(root, part) for place in places)]:
        text += f" (parts={'+'.join(whole)} does without)"
    archives = [file for place, part in gone for file in place.archives(root, part)]
    if len(archives) == 1:
        text += f", but its archive: tar -xzf {archives[0]} -C {archives[0].parent}"
    elif archives:
        text += (
            f", but {len(archives)} archives: find {shlex.quote(str(root))} -name '*.tar.gz' -execdir tar -xzf {{}} \\;"
        )
    raise CORPUS.missing(root, text)


def _places(root: Path) -> Iterator[_Place]:
    """Find languages: in data, in metadata (Lhotse's copy, audio beside it), in the root, or the root itself."""
    for base in ("data/", "metadata/", ""):
        for language in _languages(root / base):
            own = f"{base}{language}/"
            audio = (f"{language}/",) if base == "metadata/" else (f"{own}audio/", own)
            yield _Place(language, own, audio)
    if _is_language(root):
        yield _Place(as_given(root).name, "", ("audio/", ""))


def _languages(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if _is_language(each)) if folder.is_dir() else []


def _is_language(folder: Path) -> bool:
    return any((folder / f"{part}.tsv").exists() for part in _PARTS)


def _read_part(table: Path, language: str, part: Part, clips: Clips, folder: str) -> None:
    """Read a part of a language."""
    files, collected = clips.by_name(folder), clips.collected
    for number, row in read_table(table, collected.problems, delimiter="\t", names=_CELLS):
        if problem := _problem_with(row):
            collected.problems.add(table, problem, number)
        elif (name := without_ending(row["file_name"])) not in files:
            collected.left_out[ABSENT] += 1
        else:
            tags = {
                "language": language,
                "gender": row["gender"],
                "text": row["id"],
                "split": part,
                "seconds": f"{int(row['num_samples']) / _RATE:.3f}",
            }
            made = Utterance(id=f"{language}/{part}/{name}", path=files[name], tags=tags)
            collected.add(made, table, number)


def _problem_with(row: Row) -> str:
    if lacking := [name for name in ("id", "file_name", "num_samples", "gender") if name not in row]:
        return f"no {lacking[0]}"
    if row["gender"] not in _GENDERS:
        return f"gender {row['gender']} is none of {', '.join(sorted(_GENDERS))}"
    if not row["num_samples"].isascii() or not row["num_samples"].isdigit() or len(row["num_samples"]) > 12:
        return f"num_samples {row['num_samples']} is no number of samples"
    if within(Path(), row["file_name"]) is None:
        return f"file_name {row['file_name']} is no file's name"
    return ""
