"""CALLHOME as it lies on disk: SPHERE files in mu-law at 8 kHz, two tracks, and transcripts with times."""

import numpy as np
import soundfile

CALLS = {"train": ("4012", "4015", "4028"), "devtest": ("4101",), "evltest": ("4201", "4205")}
SUPPLEMENTS = {"LDC2002S37": ("4571",), "LDC2002S22": ("4822",)}
TRANSCRIPTS = {
    "roman": [("roman", "txt")],
    "script": [("script", "txt")],
    "scr": [("script", "scr")],
    "both": [("roman", "txt"), ("script", "scr")],
    "none": [],
}
RATE, SECONDS, EACH = 8_000, 11.5, 4


def segments(side):
    """Start and end of what a side says, in seconds."""
    begin = 0.25 if side == "A" else 0.5
    return [(begin + 2.75 * each, begin + 2.75 * each + 2.6) for each in range(EACH)]


def write(root, *, layout="upper", transcripts="roman", supplements=False, speech=()):
    """Write the tree.

    Args:
        root: its folder.
        layout: ``upper`` is that of the discs, ``lower`` the same in lower case.
        transcripts: ``roman``, ``script`` (in Arabic letters, ISO 8859-6), ``scr`` (the same with another ending),
            ``both`` or ``none``.
        supplements: whether those have calls, too.
        speech: waveforms at 8 kHz, of at most 4 s each, which the sides say instead of a buzz: each side two of them.
    """
    places = {call: f"CALLHOME/ARABIC/{part.upper()}" for part, calls in CALLS.items() for call in calls}
    texts = {
        call: f"callhome_arabic_trans_970711/transcrp/{'evaltest' if part == 'evltest' else part}"
        for part, calls in CALLS.items()
        for call in calls
    }
    if supplements:
        places |= {call: f"{disc}/SPEECH" for disc, calls in SUPPLEMENTS.items() for call in calls}
        texts |= {call: "LDC2002T38/ch_ara_transcr_suppl/transcr" for calls in SUPPLEMENTS.values() for call in calls}
    for call, place in places.items():
        name = f"{place}/AR_{call}.SPH"
        tracks = _said(int(call), speech) if speech else _buzz(int(call))
        _write_call(root / (name if layout == "upper" else name.lower()), tracks)
        for alphabet, ending in TRANSCRIPTS[transcripts]:
            folder = root / texts[call] / ("" if "SPEECH" in place else alphabet)
            _write_transcript(folder / f"ar_{call}.{ending}", alphabet)


def _write_transcript(path, alphabet):
    said = "la ana baqu-" if alphabet == "roman" else "لا انا"
    lines = [(start, end, f"{start:.2f} {end:.2f} {side}: {said}") for side in "AB" for start, end in segments(side)]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(line for _, _, line in sorted(lines)) + "\n"
    path.write_bytes(text.encode("ascii" if alphabet == "roman" else "iso-8859-6"))


def _said(call, speech):
    """What two sides say at once, each twice, on noise that is of the call alone."""
    tracks = 0.0002 * np.random.default_rng(call).standard_normal((2, round(RATE * SECONDS)))
    for turn in range(4):
        words = speech[(call + turn) % len(speech)]
        begin = round(RATE * (1 + 5 * (turn // 2)))
        tracks[turn % 2, begin : begin + len(words)] += words
    return tracks


def _buzz(call):
    random = np.random.default_rng(call)
    time = np.arange(round(RATE * SECONDS)) / RATE
    tracks = []
    for side in "AB":
        pitch = 100 + call % 100 + (60 if side == "B" else 0)
        buzz = 0.1 * sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 7))
        speaks = sum(((start <= time) & (time < end)).astype(float) for start, end in segments(side))
        tracks.append(buzz * speaks + 0.002 * random.standard_normal(len(time)))
    return tracks


def _write_call(path, tracks):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack(tracks, axis=1), RATE, format="NIST", subtype="ULAW")
