"""The order of a stream, its times, and each oddity that a parser must accept."""

import base64
import itertools
import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import ValidationError

from bot.audio import to_wav
from sandbox.model.behaviour import Break, Ending, Oddity, Speak
from sandbox.model.checks import ChatRequest, DialectRules, check_chat
from sandbox.model.dialect import OPENAI
from sandbox.model.stream import Pace, ResponseIds, StreamPiece, capped, pieces, words

from .model_helpers import Got, talk

STAMP = ResponseIds("chatcmpl-1", 1_800_000_000, "audio_1", 1_800_003_600)
ANSWER = Speak.clip("bot-rice")
AT_ONCE = Pace(0.4, 0)


def accepted(**changes: Any) -> ChatRequest:
    return check_chat(talk(**changes), True, lambda _: None, DialectRules())


def write(answer: Speak, pace: Pace = AT_ONCE, **changes: Any) -> list[StreamPiece]:
    return list(pieces(answer, accepted(**changes), STAMP, pace, OPENAI))


def events(written: list[StreamPiece]) -> list[str]:
    """Split a stream into the data of its events, by the rules of server-sent events."""
    text = b"".join(piece.data for piece in written).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line and not line.startswith((":", "event:", "id:"))]
    assert all(line.startswith("data:") for line in lines)
    return [line.removeprefix("data:").lstrip(" ") for line in lines]


def chunks(written: list[StreamPiece]) -> list[dict[str, Any]]:
    return [json.loads(event) for event in events(written) if event != "[DONE]"]


def got(answer: Speak, **changes: Any) -> Got:
    result = Got()
    for chunk in chunks(write(answer, **changes)):
        result.take(chunk)
    return result


def test_the_recorded_order():
    result = got(ANSWER)
    order = [kind for kind, _ in itertools.groupby(result.kinds)]
    assert order == ["role", "transcript", "heartbeat", "data", "usage", "expires_at"]
    assert events(write(ANSWER))[-1] == "[DONE]"
    assert (result.text, result.pcm) == (ANSWER.text, ANSWER.pcm)
    assert (result.finish, result.content, result.expires_at) == (None, "", STAMP.expires_at)
    assert set(result.ids) == {STAMP.audio_id}
    assert len(result.ids) == 1 + len(result.data), "in the first transcript delta, then in every data delta"


def test_all_but_heartbeats_are_chunks_of_the_sdk():
    for chunk in chunks(write(ANSWER)):
        if chunk["choices"] is None:
            with pytest.raises(ValidationError):
                ChatCompletionChunk.model_validate(chunk)
        else:
            ChatCompletionChunk.model_validate(chunk, strict=True)


def test_usage_is_null_until_the_usage_chunk():
    usages = [chunk["usage"] for chunk in chunks(write(ANSWER)) if chunk["usage"]]
    assert len(usages) == 1
    assert usages[0]["completion_tokens_details"]["audio_tokens"] == round(ANSWER.seconds * 20)
    assert usages[0]["prompt_tokens_details"]["audio_tokens"] == 35
    assert usages[0]["total_tokens"] == usages[0]["prompt_tokens"] + usages[0]["completion_tokens"]


def test_usage_only_when_asked_for():
    assert not any("usage" in chunk for chunk in chunks(write(ANSWER, stream_options=...)))


def test_obfuscation_can_be_declined():
    declined = {"include_usage": True, "include_obfuscation": False}
    assert all("obfuscation" in chunk for chunk in chunks(write(ANSWER)))
    assert not any("obfuscation" in chunk for chunk in chunks(write(ANSWER, stream_options=declined)))


def test_sound_comes_at_its_pace():
    sound = [piece for piece in write(ANSWER, Pace(0.4, 4.0)) if piece.sound]
    assert sound[0].at == 0.4
    assert sound[-1].at == pytest.approx(0.4 + sum(piece.sound for piece in sound[:-1]) / 4)


def test_words_run_ahead_of_the_sound():
    written = write(ANSWER, Pace(0.4, 4.0))
    said = [piece.at for piece in written if b"transcript" in piece.data]
    assert said[0] < 0.4
    assert said[-1] < max(piece.at for piece in written if piece.sound)
    assert [piece.at for piece in written] == sorted(piece.at for piece in written)


@pytest.mark.parametrize("text", [ANSWER.text, "今日は一日晴れて、気温は二十度くらい。", "a", "", "two  spaces "])
def test_words_add_up(text: str):
    assert "".join(words(text)) == text


def test_written_answers():
    result = got(ANSWER.with_(pcm=b""), modalities=["text"], audio=...)
    assert (result.content, result.finish, result.data) == (ANSWER.text, "stop", [])


def test_the_cap_cuts_the_sound():
    cut = capped(ANSWER, accepted(max_completion_tokens=58))
    assert cut.seconds == 2.0, "18 tokens of text leave 40 of sound"
    assert got(cut).finish == "length"
    assert capped(ANSWER.with_(uncapped=True), accepted(max_completion_tokens=58)).seconds == ANSWER.seconds


ENDINGS = {Ending.EXPIRES: None, Ending.STOP: "stop", Ending.LENGTH: "length", Ending.CONTENT_FILTER: "content_filter"}


@pytest.mark.parametrize(("ending", "finish"), ENDINGS.items())
def test_endings(ending: Ending, finish: str | None):
    assert got(ANSWER.with_(ending=ending)).finish == finish


class TestOddities:
    def test_base64_cut_anywhere(self):
        result = got(ANSWER.with_(Oddity.SPLIT_BASE64))
        assert any(len(part) % 4 for part in result.data)
        assert base64.b64decode("".join(result.data), validate=True) == ANSWER.pcm

    def test_padding_in_mid_stream(self):
        result = got(ANSWER.with_(Oddity.PADDED))
        assert all(part.endswith("=") for part in result.data[:-1])
        assert result.pcm == ANSWER.pcm

    def test_odd_bytes(self):
        result = got(ANSWER.with_(Oddity.ODD_BYTE))
        assert all(len(base64.b64decode(part)) % 2 for part in result.data[:-1])
        assert result.pcm == ANSWER.pcm

    def test_wav_header(self):
        assert got(ANSWER.with_(Oddity.RIFF_HEADER)).pcm == to_wav(ANSWER.pcm, 24_000)

    def test_no_usage(self):
        assert got(ANSWER.with_(Oddity.NO_USAGE)).usage is None

    def test_no_expiry(self):
        result = got(ANSWER.with_(Oddity.NO_EXPIRY))
        assert (result.expires_at, result.finish) == (None, "stop")

    def test_empty_content(self):
        deltas = [
            chunk["choices"][0]["delta"]
            for chunk in chunks(write(ANSWER.with_(Oddity.EMPTY_CONTENT)))
            if chunk["choices"]
        ]
        assert all(delta["content"] == "" for delta in deltas)

    def test_text_beside_the_sound(self):
        result = got(ANSWER.with_(Oddity.TEXT_BESIDE))
        assert (result.text, result.content, result.pcm) == ("", ANSWER.text, ANSWER.pcm)

    def test_choices_missing(self):
        assert any("choices" not in chunk for chunk in chunks(write(ANSWER.with_(Oddity.CHOICES_MISSING))))

    def test_late_transcript(self):
        kinds = got(ANSWER.with_(Oddity.LATE_TRANSCRIPT)).kinds
        assert kinds.index("transcript") > kinds.index("data")

    def test_id_once(self):
        assert got(ANSWER.with_(Oddity.ID_ONCE)).ids == [STAMP.audio_id]

    @pytest.mark.parametrize("oddity", [Oddity.COMMENTS, Oddity.CRLF, Oddity.NO_SPACE, Oddity.SPLIT_WRITES])
    def test_writing(self, oddity: Oddity):
        plain, odd = write(ANSWER), write(ANSWER.with_(oddity))
        assert b"".join(piece.data for piece in odd) != b"".join(piece.data for piece in plain) or len(odd) > len(plain)
        assert chunks(odd) == chunks(plain)

    def test_writes_are_cut_inside_characters(self):
        written = write(Speak.clip("bot-tenki").with_(Oddity.SPLIT_WRITES))
        with pytest.raises(UnicodeDecodeError):
            [piece.data.decode() for piece in written]

    def test_all_at_once(self):
        other_base64 = {Oddity.SPLIT_BASE64, Oddity.PADDED, Oddity.UNPADDED, Oddity.SPACES, Oddity.URL_SAFE}
        together = {*Oddity} - other_base64 - {Oddity.RIFF_HEADER, Oddity.DATA_URL, Oddity.TEXT_BESIDE}
        result = got(ANSWER.with_(*together))
        assert (result.text, result.pcm) == (ANSWER.text, ANSWER.pcm)


class TestBreaks:
    @pytest.mark.parametrize("kind", [Break.STALL, Break.RESET, Break.CUT])
    def test_break_off_after_so_much_sound(self, kind: Break):
        written = write(ANSWER.with_(breaks=kind, break_after=1.0))
        assert written[-1].breaks is kind
        assert sum(piece.sound for piece in written) == pytest.approx(1.0, abs=0.2)
        assert "[DONE]" not in events(written)

    def test_error_event(self):
        last = events(write(ANSWER.with_(breaks=Break.ERROR)))[-1]
        assert json.loads(last)["error"]["type"] == "server_error"

    def test_bad_json(self):
        bad = [event for event in events(write(ANSWER.with_(breaks=Break.BAD_JSON))) if event != "[DONE]"]
        with pytest.raises(json.JSONDecodeError):
            [json.loads(event) for event in bad]

    def test_at_once(self):
        written = write(ANSWER.with_(breaks=Break.CUT, break_after=0))
        assert [len(piece.data) > 0 for piece in written] == [True, False], "the role, then nothing"

    def test_after_the_end(self):
        written = write(ANSWER.with_(breaks=Break.CUT, break_after=60))
        assert sum(piece.sound for piece in written) == pytest.approx(ANSWER.seconds)
        assert "[DONE]" not in events(written)
