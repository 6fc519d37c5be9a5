"""The dataset of the demo: sixty short utterances, and the header and tables that a person wrote for them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO

from audiodvc.model.timetext import time_text

NAME = "emodemo"
EMOTIONS = ("anger", "happiness", "neutral", "sadness")

HEADER = """\
# Six synthetic voices say ten short things each; people said which emotion they hear.
name: emodemo
description: Synthetic utterances in four emotions, made by `audiodvc demo`.
source: made by a program, no person was recorded
usage: unrestricted
languages: [eng]
license: CC0-1.0
license_url: https://creativecommons.org/publicdomain/zero/1.0/

attachments:
  recording: {path: docs/recording.md, description: How the sound was made.}

media:
  microphone: {type: audio, format: wav, channels: 1, sampling_rate: 16000, bit_depth: 16}

raters:
  panel: {type: human, description: Five listeners.}

schemes:
  emotion: {dtype: str, labels: [anger, happiness, neutral, sadness]}
  # The share of listeners who heard that emotion.
  confidence: {dtype: float, minimum: 0, maximum: 1}
  # Who may speak stands in the misc table below.
  speaker: {dtype: str, labels: speaker}
  gender: {dtype: str, labels: [female, male]}
  age: {dtype: int, minimum: 18, maximum: 99}
  transcription: {dtype: str}
  voicing: {dtype: str, labels: [voiced, unvoiced]}

# No speaker is in two splits.
splits:
  train: {type: train}
  dev: {type: dev}
  test: {type: test}

tables:
  emotion.train:
    type: filewise
    split_id: train
    columns:
      emotion: {scheme_id: emotion, rater_id: panel}
      confidence: {scheme_id: confidence, rater_id: panel}
  emotion.dev:
    type: filewise
    split_id: dev
    columns:
      emotion: {scheme_id: emotion, rater_id: panel}
      confidence: {scheme_id: confidence, rater_id: panel}
  emotion.test:
    type: filewise
    split_id: test
    columns:
      emotion: {scheme_id: emotion, rater_id: panel}
      confidence: {scheme_id: confidence, rater_id: panel}
  files:
    type: filewise
    media_id: microphone
    columns:
      speaker: {scheme_id: speaker}
      transcription: {scheme_id: transcription}
  segments:
    type: segmented
    description: The two parts of each utterance.
    media_id: microphone
    columns:
      voicing: {scheme_id: voicing}

misc_tables:
  speaker:
    levels: {speaker: str}
    columns:
      gender: {scheme_id: gender}
      age: {scheme_id: age}
"""

RECORDING = """\
# How the sound was made

A program added up the harmonics of a voice. Its pitch depends on the speaker, and how the pitch moves on the
emotion. What follows the voice is breath: noise that fades.
"""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice: who it is, and its middle pitch in Hz."""

    name: str
    gender: str
    age: int
    pitch: float
    split: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One file: who says what in which emotion, and how long its two parts are, in milliseconds."""

    file: str
    speaker: Speaker
    emotion: str
    confidence: float
    transcription: str
    voiced: int
    unvoiced: int

    @property
    def parts(self) -> tuple[tuple[str, int, int], ...]:
        """Its two parts, with where they start and end."""
        middle = EDGE + self.voiced
        return ("voiced", EDGE, middle), ("unvoiced", middle + GAP, middle + GAP + self.unvoiced)

    @property
    def duration(self) -> int:
        """Its length, with the silence around the parts."""
        return self.parts[-1][-1] + EDGE


EDGE, GAP = 60, 20
"""The silence at either end and between the parts, in milliseconds."""

_SPEAKERS = (
    Speaker("ann", "female", 34, 208.0, "train"),
    Speaker("ben", "male", 41, 118.0, "train"),
    Speaker("eva", "female", 67, 176.0, "train"),
    Speaker("ida", "female", 25, 226.0, "dev"),
    Speaker("jon", "male", 58, 104.0, "train"),
    Speaker("tom", "male", 29, 131.0, "test"),
)
_SENTENCES = (
    "The train leaves at seven.",
    "I have seen it.",
    "No, not today.",
    "It is on the table.",
    "They said so yesterday.",
    "Tomorrow, then.",
    "She put the cup away.",
    "That was the last one.",
    "We will see.",
    "It was raining, as always.",
)
_SPLITS = ("train", "dev", "test")
# A listener took a while to say what is sad, and was short when angry.
_TEMPO = {"anger": 0.8, "happiness": 0.9, "neutral": 1.0, "sadness": 1.3}


MISHEARD, HEARD = "audio/ida-02.wav", "happiness"
MISHEARD_TABLE = "db.emotion.dev.csv"
"""A label that a listener corrects, and what it should be."""


def misspelled(table: str) -> str:
    """The table after a correction that was typed in a hurry."""
    return table.replace(f"{MISHEARD},anger", f"{MISHEARD},hapiness")


def utterances() -> tuple[Utterance, ...]:
    """All utterances, by file."""
    return tuple(
        _utterance(speaker, place, number)
        for place, speaker in enumerate(_SPEAKERS)
        for number in range(len(_SENTENCES))
    )


def _utterance(speaker: Speaker, place: int, number: int) -> Utterance:
    emotion = EMOTIONS[(number + place) % len(EMOTIONS)]
    sentence = _SENTENCES[number]
    return Utterance(
        f"audio/{speaker.name}-{number + 1:02}.wav",
        speaker,
        emotion,
        (3 + (number * 7 + place) % 3) / 5,
        sentence,
        voiced=round(_TEMPO[emotion] * (460 + 25 * len(sentence) + 7 * place)),
        unvoiced=180 + 9 * ((number + 2 * place) % 11),
    )


def tables(spoken: Iterable[Utterance]) -> dict[str, str]:
    """The tables as CSV, by id; `segments` as several hands left it, the others in canonical form."""
    spoken = tuple(spoken)
    labels = {
        f"emotion.{split}": _csv("file,emotion,confidence", _emotions(spoken, split)) for split in _SPLITS
    }
    files = [(one.file, one.speaker.name, one.transcription) for one in spoken]
    speakers = [(one.name, one.gender, str(one.age)) for one in _SPEAKERS]
    return {
        **labels,
        "files": _csv("file,speaker,transcription", files),
        "segments": _csv("file,start,end,voicing", _segments(spoken)),
        "speaker": _csv("speaker,gender,age", speakers),
    }


def _emotions(spoken: Sequence[Utterance], split: str) -> Iterator[tuple[str, ...]]:
    for one in spoken:
        if one.speaker.split == split:
            yield one.file, one.emotion, repr(one.confidence)


def _segments(spoken: Sequence[Utterance]) -> Iterator[tuple[str, ...]]:
    """All in canonical form but those of one file, which someone added last and by hand."""
    late = spoken[2]
    for one in spoken:
        if one is not late:
            yield from ((one.file, _time(start), _time(end), label) for label, start, end in one.parts)
    yield from ((late.file, f"{start / 1000}s", f"{end / 1000}s", label) for label, start, end in late.parts)


def _time(milliseconds: int) -> str:
    return time_text(milliseconds * 1_000_000)


def _csv(first: str, rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([first.split(","), *rows])
    return text.getvalue()
