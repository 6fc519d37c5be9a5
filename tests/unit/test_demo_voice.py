"""The sound of the demo depends on speaker and emotion, and on nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audiodvc.model import demo, demo_voice
from audiodvc.model.demo import EDGE, Utterance

SPOKEN = demo.utterances()


def pitch(spoken: Utterance, at: float) -> float:
    """The pitch in Hz at a place of the voiced part, between 0 and 1, by autocorrelation."""
    first = round((EDGE + at * spoken.voiced) * demo_voice.RATE / 1000) - 400
    frame = demo_voice.samples(spoken)[first : first + 800]
    likeness = np.correlate(frame, frame, "full")[len(frame) - 1 :]
    shortest, longest = demo_voice.RATE // 450, demo_voice.RATE // 70
    return demo_voice.RATE / float(shortest + np.argmax(likeness[shortest:longest]))


def test_an_utterance_sounds_the_same_each_time() -> None:
    """So that two runs of the demo make the same dataset."""
    assert np.array_equal(demo_voice.samples(SPOKEN[0]), demo_voice.samples(SPOKEN[0]))


def test_no_two_utterances_have_the_same_samples() -> None:
    """Not even where one speaker says a sentence of the same length."""
    one = SPOKEN[0]
    other = replace(one, file="audio/another.wav")
    assert not np.array_equal(demo_voice.samples(one), demo_voice.samples(other))


@pytest.mark.parametrize("spoken", SPOKEN[::7], ids=lambda spoken: spoken.file)
def test_samples_are_as_many_as_the_duration_says_and_in_range(spoken: Utterance) -> None:
    """The tables are right about the sound, and nothing is clipped."""
    samples = demo_voice.samples(spoken)
    assert len(samples) * 1000 == spoken.duration * demo_voice.RATE
    assert 0.1 < np.abs(samples).max() < 1


@pytest.mark.parametrize("spoken", SPOKEN[::7], ids=lambda spoken: spoken.file)
def test_sound_is_in_the_parts_and_silence_around_them(spoken: Utterance) -> None:
    """What the table of segments says can be heard."""
    samples = demo_voice.samples(spoken)
    outside = np.ones(len(samples), dtype=bool)
    for _, start, end in spoken.parts:
        part = slice(start * demo_voice.RATE // 1000, end * demo_voice.RATE // 1000)
        outside[part] = False
        assert np.sqrt(np.mean(samples[part] ** 2)) > 0.005
    assert not samples[outside].any()


def test_pitch_depends_on_the_speaker() -> None:
    """The same words in the same emotion are higher in a higher voice."""
    low, high = (
        next(one for one in SPOKEN if one.speaker.name == name and one.emotion == "neutral")
        for name in ("jon", "ida")
    )
    assert pitch(low, 0.5) == pytest.approx(low.speaker.pitch, rel=0.05)
    assert pitch(high, 0.5) == pytest.approx(high.speaker.pitch, rel=0.05)


def test_pitch_moves_with_the_emotion() -> None:
    """It rises in happiness, falls in sadness, and is highest in the middle of anger."""
    moves = {emotion: replace(SPOKEN[0], emotion=emotion) for emotion in demo.EMOTIONS}
    assert pitch(moves["happiness"], 0.9) > 1.2 * pitch(moves["happiness"], 0.1)
    assert pitch(moves["sadness"], 0.9) < 0.95 * pitch(moves["sadness"], 0.1)
    assert pitch(moves["anger"], 0.5) > 1.2 * max(pitch(moves["anger"], at) for at in (0.1, 0.9))
