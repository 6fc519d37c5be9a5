"""The sound of the demo: harmonics of a pitch that moves with the emotion, then breath."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audiodvc.model.demo import EDGE, GAP, Utterance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

RATE = 16_000
_PER_MS = RATE // 1000
_HARMONICS = 14

# Emotion -> pitch at the start, in the middle and at the end, as shares of the speaker's own; loudness.
_CONTOURS = {
    "anger": ((1.15, 1.5, 0.95), 0.5),
    "happiness": ((1.05, 1.25, 1.45), 0.4),
    "neutral": ((1.05, 1.0, 0.9), 0.3),
    "sadness": ((0.95, 0.9, 0.8), 0.2),
}


def samples(spoken: Utterance) -> Samples:
    """The samples of an utterance, between -1 and 1; the same for the same utterance."""
    import numpy as np

    shape, loudness = _CONTOURS[spoken.emotion]
    voiced = _voice(spoken.voiced * _PER_MS, [share * spoken.speaker.pitch for share in shape])
    breath = _breath(spoken.unvoiced * _PER_MS, seed=list(spoken.file.encode()))
    edge, gap = np.zeros(EDGE * _PER_MS), np.zeros(GAP * _PER_MS)
    return np.concatenate([edge, loudness * voiced, gap, 0.3 * loudness * breath, edge])


def _voice(length: int, pitches: list[float]) -> Samples:
    """A voice whose pitch goes through these; like in a vowel, what is near 600 and 1,800 Hz is loudest."""
    import numpy as np

    pitch = np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(pitches)), pitches)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros(length)
    for number in range(1, _HARMONICS + 1):
        frequency = number * pitch
        vowel = np.exp(-(((frequency - 600) / 350) ** 2)) + 0.4 * np.exp(-(((frequency - 1800) / 500) ** 2))
        wave += (0.1 + vowel) / number * np.sin(number * phase)
    return _faded(wave / np.abs(wave).max())


def _breath(length: int, seed: list[int]) -> Samples:
    """Noise that fades; another seed makes another file, so that no two hold the same bytes."""
    import numpy as np

    noise = np.random.default_rng(seed).uniform(-1, 1, length)
    return _faded(noise * np.linspace(1, 0, length))


def _faded(wave: Samples) -> Samples:
    """Without the click that a sudden start or end would be."""
    import numpy as np

    ramp = np.minimum(1, np.arange(len(wave)) / (20 * _PER_MS))
    faded: Samples = wave * ramp * ramp[::-1]
    return faded
