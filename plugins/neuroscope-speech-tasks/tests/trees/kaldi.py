"""Kaldi data folders: eight speakers of two genders, six utterances each."""

import numpy as np
import soundfile

SPEAKERS, EACH, RATE = 8, 6, 16_000


def write(root, *, layout="files"):
    """Write the tree.

    Layouts: ``files`` has a wav for each utterance; ``segments`` one recording for each speaker, cut by ``segments``;
    ``calls`` has two speakers a call, on the two tracks of a SPHERE file in mu-law, with ``reco2file_and_channel``.
    """
    (root / "audio").mkdir(parents=True)
    lists = {name: [] for name in ("wav.scp", "utt2spk", "utt2lang", "utt2dur", "text", "spk2gender")}
    voices = [np.concatenate([_wave(speaker, each) for each in range(EACH)]) for speaker in range(SPEAKERS)]
    for speaker in range(SPEAKERS):
        lists["spk2gender"].append(f"spk{speaker} {'mf'[speaker % 2]}")
        for each in range(EACH):
            name, span = f"spk{speaker}-{each:03d}", slice(each * RATE // 2, (each + 1) * RATE // 2)
            lists["utt2spk"].append(f"{name} spk{speaker}")
            lists["utt2lang"].append(f"{name} {'ar' if each % 2 else 'en'}")
            lists["utt2dur"].append(f"{name} 0.5")
            lists["text"].append(f"{name} words that nobody said")
            if layout == "files":
                soundfile.write(root / "audio" / f"{name}.wav", voices[speaker][span], RATE)
                lists["wav.scp"].append(f"{name} audio/{name}.wav")
            else:
                lists.setdefault("segments", []).append(f"{name} rec{speaker} {each / 2} {(each + 1) / 2}")
        if layout == "segments":
            soundfile.write(root / "audio" / f"rec{speaker}.flac", voices[speaker], RATE)
            lists["wav.scp"].append(f"rec{speaker} audio/rec{speaker}.flac")
        elif layout == "calls":
            lists["wav.scp"].append(f"rec{speaker} audio/call{speaker // 2}.sph")
            line = f"rec{speaker} call{speaker // 2} {'AB'[speaker % 2]}"
            lists.setdefault("reco2file_and_channel", []).append(line)
    if layout == "calls":
        for call in range(SPEAKERS // 2):
            sides = np.stack(voices[2 * call : 2 * call + 2], axis=1)
            path = root / "audio" / f"call{call}.sph"
            soundfile.write(path, sides, RATE, format="NIST", subtype="ULAW")
    for name, lines in lists.items():
        (root / name).write_text("".join(f"{line}\n" for line in lines))


def _wave(speaker, each):
    random = np.random.default_rng(10 * speaker + each)
    time = np.arange(RATE // 2) / RATE
    pitch = (120 if speaker % 2 == 0 else 210) + 5 * speaker
    return 0.1 * sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 9)) + 0.01 * random.standard_normal(
        len(time)
    )
