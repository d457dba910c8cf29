"""Subtitles of every kind become what is said, once; a text that quotes a cue stays a text."""

import json

import pytest

from bot.errors import EmptyDocument
from bot.files.documents.formats import read

SRT = "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> there\n\n2\n00:00:02,000 --> 00:00:03,000\nHello there\nYou\n"
VTT = (
    "WEBVTT\n\nNOTE a note\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>Hello there\n\n00:02.000 --> 00:03.000\nYou\n"
)
ROLLING = (
    "WEBVTT\nKind: captions\n\n00:00:00.469 --> 00:00:03.169 align:start\n \n"
    "welcome<00:00:01.469><c> to</c><00:00:01.620><c> the</c> series\n\n"
    "00:00:03.169 --> 00:00:03.179\nwelcome to the series\n \n\n"
    "00:00:03.179 --> 00:00:05.000\nwelcome to the series\non<00:00:03.400><c> neural</c> nets\n\n"
    "00:00:05.000 --> 00:00:05.010\non neural nets\n \n\n"
    "00:00:05.010 --> 00:00:07.000\non neural nets\nand<00:00:05.400><c> &gt;&gt;</c> tea&nbsp;pots\n"
)
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:05.00,0:00:06.00,Default,Ann,0,0,0,,Later, with a comma\n"
    "Dialogue: 0,0:00:01.00,0:00:03.00,Default,Bob,0,0,0,,{\\i1}Hello{\\i0} there\\Nfriend\n"
    "Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,not shown\n"
    "Dialogue: 0,0:00:07.00,0:00:08.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}\n"
)
TTML = (
    '<?xml version="1.0" encoding="UTF-16"?><tt xmlns="http://www.w3.org/ns/ttml" '
    'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:tickRate="10000000"><body><div>'
    '<p begin="20000000t" end="30000000t">Second</p><p begin="1s" dur="1s">First &amp; foremost<br/>it\n  goes</p>'
    '<p begin="00:00:04:12" end="00:00:05:00">Third</p></div></body></tt>'
)
SAMI = (
    "<SAMI><HEAD><STYLE TYPE='text/css'><!-- P {} .ENCC {Name: English;} --></STYLE></HEAD><BODY><SYNC Start=1000>"
    "<P Class=ENCC>Hello there<SYNC Start=2000><P Class=ENCC>&nbsp;<SYNC Start=3000><P Class=ENCC>second</BODY></SAMI>"
)
TIMED = (
    '<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><head><pen id="0"/></head><body><w t="0" id="1"/>'
    '<p t="0" d="3000" w="1"><s>so</s><s t="300"> we</s></p><p t="1500" d="10" w="1" a="1">\n</p>'
    '<p t="3000" d="2000" w="1"><s>begin</s></p></body></timedtext>'
)
TRANSCRIPT = (
    '<transcript><text start="0.5" dur="2">so we &amp;amp; they</text><text start="3" dur="2">go</text></transcript>'
)
DRAWN = ASS + (
    "Dialogue: 0,0:00:08.00,0:00:09.00,Default,,0,0,0,,{\\an7\\p1}m 0 0 l 9 0{\\b1} 9 9{\\p0}{\\pos(1,2)}Words\\hhere\n"
)
SCC = (
    "Scenarist_SCC V1.0\n\n"
    "00:00:00:07\t94ae 94ae 9420 9420 9470 9470 c7ef ef64 206d eff2 6ee9 6e67 ae80 942c 942c 942f 942f\n\n"
    "00:00:02:14\t94ae 94ae 9420 9420 9470 9470 ad20 4973 20f4 68e5 20e3 61e6 dc20 ef70 e56e bf80 942c 942f 942f\n\n"
    "00:00:05:29\t942c 942c\n"
)
SUBVIEWER = (
    "[INFORMATION]\n[TITLE]Film\n[AUTHOR]\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[SIZE]18\n"
    "00:00:01.00,00:00:03.00\nHello there[br]friend\n\n00:00:04.00,00:00:05.50\nsecond\n"
)
OLD_SUBVIEWER = (
    "[TITLE]\nFilm\n[BEGIN]\n******** START SCRIPT ********\n[00:00:01]\nHello there|friend\n[00:00:03]\n\n"
    "[00:00:04]\nsecond\n[00:00:06]\n\n[END]\n"
)
SEGMENTS = [
    {"speaker": "Ann", "startTime": 0.5, "endTime": 1.0, "body": "Hello"},
    {"speaker": "Ann", "startTime": 1.0, "endTime": 2.0, "body": "there"},
    {"speaker": "Bob", "startTime": 2.5, "endTime": 3, "body": "Hi"},
]
JSON3 = json.dumps(
    {
        "wireMagic": "pb3",
        "events": [
            {"tStartMs": 0, "dDurationMs": 900, "segs": [{"utf8": "hello"}, {"utf8": " there", "tOffsetMs": 300}]},
            {"tStartMs": 900, "aAppend": 1, "segs": [{"utf8": "\n"}]},
            {"tStartMs": 950, "segs": [{"utf8": "you"}]},
        ],
    }
)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("film.srt", SRT, "Hello there\nYou"),
        ("film.vtt", VTT, "Ann: Hello there\n\nYou"),
        ("youtube.vtt", ROLLING, "welcome to the series\non neural nets\nand >> tea pots"),
        ("film.ass", ASS, "Bob: Hello there\nfriend\n\nAnn: Later, with a comma"),
        (
            "film.sbv",
            "0:00:01.000,0:00:03.000\nHello there\n\n0:00:03.000,0:00:05.000\nsecond\n",
            "Hello there\nsecond",
        ),
        ("film.ttml", TTML, "First & foremost\nit goes\nSecond\nThird"),
        ("film.sub", "{25}{50}Hello there\n{50}{75}second\n", "Hello there\nsecond"),
        ("video.json3", JSON3, "hello there\nyou"),
        ("film.smi", SAMI, "Hello there\nsecond"),
        ("video.srv3", TIMED, "so we\nbegin"),
        ("video.srv1", TRANSCRIPT, "so we & they\ngo"),
        ("film.txt", "[10][30]Hello|there\n[30][50]/second\n", "Hello\nthere\nsecond"),
        ("drawn.ass", DRAWN, "Bob: Hello there\nfriend\n\nAnn: Later, with a comma\n\nWords here"),
        ("video.sbv", "0:00:01.000,0:00:03.000\nHello[br]there\n", "Hello\nthere"),
        (
            "named.ttml",
            TTML.replace(
                "<body>", '<head><x:agent xmlns:x="ttm" xml:id="a"><x:name>Ann</x:name></x:agent></head><body>'
            ).replace('begin="1s"', 'begin="1s" x:agent="a" xmlns:x="ttm"'),
            "Ann: First & foremost\nit goes\n\nSecond\nThird",
        ),
        ("bare.vtt", "WEBVTT\n\n00:01 --> 00:03\nHello\n", "Hello"),
        ("film.scc", SCC, "Good morning.\n- Is the café open?"),
        ("film.sub", SUBVIEWER, "Hello there\nfriend\nsecond"),
        ("old.sub", OLD_SUBVIEWER, "Hello there\nfriend\nsecond"),
        ("film.tmp.txt", "00:00:01:<i>Hello</i>|there\n00:00:02:second\n", "Hello\nthere\nsecond"),
        ("rate.sub", "{1}{1}23.976\n{25}{50}Hello\n{50}{75}second\n", "Hello\nsecond"),
        ("spaced.txt", "[10][30] Hello\n[30][50] second\n", "Hello\nsecond"),
        ("whisper.tsv", "start\tend\ttext\n0\t900\tHello\n900\t1900\tthere\n", "Hello\nthere"),
        ("whisper.json", json.dumps({"text": " Hi", "segments": [{"start": 0, "end": 1, "text": " Hi"}]}), "Hi"),
        ("podcast.json", json.dumps({"version": "1.0.0", "segments": SEGMENTS}), "Ann: Hello\nthere\n\nBob: Hi"),
        ("mac.vtt", VTT.replace("\n", "\r"), "Ann: Hello there\n\nYou"),
    ],
)
def test_each_kind_is_read(name: str, content: str, expected: str) -> None:
    assert read(content.encode(), name).text == expected


TRANSCRIPTS: dict[str, tuple[dict[str, object], str]] = {
    "amazon": (
        {"jobName": "x", "results": {"transcripts": [{"transcript": "Good morning."}], "items": [{"type": "x"}]}},
        "Good morning.",
    ),
    "amazon with speakers": (
        {
            "results": {
                "transcripts": [{"transcript": "Good morning. Hello."}],
                "audio_segments": [
                    {"id": 0, "transcript": "Good morning.", "speaker_label": "spk_0"},
                    {"id": 1, "transcript": "Hello.", "speaker_label": "spk_1"},
                ],
            }
        },
        "spk_0: Good morning.\n\nspk_1: Hello.",
    ),
    "assemblyai": (
        {
            "text": "Good morning. Hello.",
            "words": [{"text": "Good", "start": 1}] * 300,
            "utterances": [{"speaker": "A", "text": "Good morning."}, {"speaker": "B", "text": "Hello."}],
        },
        "A: Good morning.\n\nB: Hello.",
    ),
    "azure": (
        {
            "combinedRecognizedPhrases": [{"display": "Good morning. Hello."}],
            "recognizedPhrases": [
                {"speaker": 1, "nBest": [{"display": "Good morning."}]},
                {"speaker": 2, "nBest": [{"display": "Hello."}]},
            ],
        },
        "Speaker 1: Good morning.\n\nSpeaker 2: Hello.",
    ),
    "deepgram": (
        {"metadata": {}, "results": {"channels": [{"alternatives": [{"transcript": "Good morning.", "words": []}]}]}},
        "Good morning.",
    ),
    "google": (
        {
            "results": [
                {"alternatives": [{"transcript": "Good morning."}]},
                {"alternatives": [{"transcript": " Hello."}]},
            ]
        },
        "Good morning.\nHello.",
    ),
    "deepgram with speakers": (
        {
            "results": {
                "channels": [{"alternatives": [{"transcript": "Good morning. Hello."}]}],
                "utterances": [{"transcript": "Good morning.", "speaker": 0}, {"transcript": "Hello.", "speaker": 1}],
            }
        },
        "Speaker 0: Good morning.\n\nSpeaker 1: Hello.",
    ),
    "azure, fast": (
        {
            "combinedPhrases": [{"text": "Good morning. Hello."}],
            "phrases": [
                {"speaker": 1, "offsetMilliseconds": 0, "text": "Good morning."},
                {"speaker": 2, "offsetMilliseconds": 900, "text": "Hello."},
            ],
        },
        "Speaker 1: Good morning.\n\nSpeaker 2: Hello.",
    ),
    "ibm": (
        {
            "result_index": 0,
            "results": [{"final": True, "alternatives": [{"transcript": "good morning ", "confidence": 0.9}, {}]}],
        },
        "good morning",
    ),
    "whisper": (
        {
            "text": " Good morning. Hello." * 1_000,
            "segments": [
                {"id": 0, "start": 0, "end": 2, "text": " Good morning."},
                {"id": 1, "start": 7.5, "end": 8, "text": " Hello."},
            ],
        },
        "Good morning.\n\nHello.",
    ),
    "openai": (
        {
            "messages": [
                {"role": "user", "name": "Anna", "content": "Good morning"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "user", "content": "Bye"},
            ]
        },
        "Anna: Good morning\n\nassistant: Hello\n\nuser: Bye",
    ),
    "whisper.cpp": (
        {
            "model": {"type": "base"},
            "transcription": [
                {"offsets": {"from": 0, "to": 900}, "text": " Good morning."},
                {"offsets": {"from": 900, "to": 1500}, "text": " Hello."},
            ],
        },
        "Good morning.\nHello.",
    ),
    "discord": (
        {
            "guild": {"name": "g"},
            "messages": [
                {"content": "Good morning", "author": {"name": "anna", "nickname": "Anna"}},
                {"content": "Good morning all", "author": {"name": "anna", "nickname": "Anna"}},
                {"content": "", "author": {"name": "ben"}},
                {"content": "Hello", "author": {"name": "ben"}},
            ],
        },
        "Anna: Good morning\nGood morning all\n\nben: Hello",
    ),
    "telegram": (
        {
            "name": "Group",
            "messages": [
                {"type": "message", "from": "Anna", "from_id": "user1", "text": "Good morning"},
                {"type": "service", "actor": "Ben", "action": "pin_message", "text": ""},
                {
                    "type": "message",
                    "from": "Ben",
                    "from_id": "user2",
                    "text": ["so ", {"type": "bold", "text": "loud"}, "!"],
                },
            ],
        },
        "Anna: Good morning\n\nBen: so loud!",
    ),
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_transcripts_in_json_are_what_is_said(name: str, indent: int | None) -> None:
    content, expected = TRANSCRIPTS[name]
    assert read(json.dumps(content, indent=indent).encode(), "x.json").text == expected


@pytest.mark.parametrize(
    "content",
    [
        {"messages": 3},
        {"transcripts": []},
        {"results": {"messages": [{"id": 1}]}},
        {"a": 1},
        {"results": [{"alternatives": ["a", "b"]}]},
        {"results": [{"title": "Pond", "content": "Long words", "price": 3}], "total": 1},
        {"results": [{"text": "hit", "url": "u"}]},
        {"results": [{"transcripts": [{"transcript": "a"}]}, {"title": "b"}]},
        {"results": [{"alternatives": [{"transcript": "a"}]}, "b"]},
        {"phrases": [{"text": "Hallo", "translation": "Hello"}]},
        {"utterances": [{"text": "book a flight", "intent": "BookFlight"}]},
        {"transcription": [{"text": "rain", "phonetic": "ɹeɪn"}]},
        {"channels": [{"content": "News", "topic": "t"}]},
        {"messages": [{"from": "a", "to": "b", "subject": "Pond", "text": "Words"}]},
        {"messages": [{"role": "Gardener", "content": "Words", "team": "Pond"}]},
        {"messages": [{"role": "user", "content": "Words"}, {"content": "More", "key": "v"}]},
        {"segments": [{"text": "intro", "color": "red"}]},
        {"segments": [{"start": "soon", "text": "intro"}]},
        {"segments": ["a", {"text": "b"}]},
        {"data": {"segments": [{"start": 0, "text": "a"}]}},
        {"events": [{"name": "a", "segs": "none"}]},
    ],
)
def test_other_json_stays_as_it_is(content: dict[str, object]) -> None:
    text = json.dumps(content)
    assert read(text.encode(), "x.json").text == text


def test_speakers_are_kept_and_named_when_they_change() -> None:
    cues = (
        "<v Alice Example>Good morning.</v>",
        "<v Alice Example>All here?</v>",
        "<v.loud Bob>Good &amp; <i>well</i>.\n<v Eve>Yes.",
    )
    content = "WEBVTT\n\n" + "\n\n".join(f"00:0{n}.000 --> 00:0{n + 1}.000\n{cue}" for n, cue in enumerate(cues))
    assert read(content.encode()).text == "Alice Example: Good morning.\nAll here?\n\nBob: Good & well.\n\nEve: Yes."


def srt(*cues: tuple[float, float, str]) -> bytes:
    return "\n\n".join(
        f"{number}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{words}".replace(".", ",")
        for number, (start, end, words) in enumerate(cues, 1)
    ).encode()


def test_what_rolls_is_said_once_and_what_is_repeated_twice() -> None:
    rolling = srt((0, 3, "first"), (3, 3.01, "first"), (3.01, 6, "first\nsecond"), (6.01, 9, "second\nthird"))
    assert read(rolling).text == "first\nsecond\nthird"
    repeated = srt((1, 2, "- Who?\n- Me"), (2, 3, "No"), (3, 4, "No"), (4, 5, "Oh"))
    assert read(repeated).text == "- Who?\n- Me\nNo\nNo\nOh"
    chorus = srt((1, 2, "No"), (2, 3, "No"), (3, 4, "No"), (4, 5, "No\nYes"))
    assert read(chorus).text == "No\nNo\nNo\nNo\nYes"


def test_captions_that_grow_word_by_word_are_said_once() -> None:
    assert read(srt((0, 1, "so"), (1, 2, "so we"), (2, 3, "so we begin"), (3, 4, "now"))).text == "so we begin\nnow"


def test_a_blank_line_in_a_cue_loses_nothing() -> None:
    assert (
        read(srt((1, 3, "First\n\nsecond after a blank"), (3, 4, "Third"))).text == "First\nsecond after a blank\nThird"
    )


@pytest.mark.parametrize("form", ["{},500 --> {},900\n{}", "{}.500,{}.900\n{}", "[{}.500 --> {}.900]  {}"])
def test_what_is_said_after_the_hundredth_hour_comes_last(form: str) -> None:
    """As in archives of streams, and where time codes count from elsewhere."""
    cues = (("99:30:58", "first"), ("100:00:01", "second"), ("123:45:06", "third"))
    content = "\n\n".join(form.format(time, time, words) for time, words in cues) + "\n"
    assert read(content.encode()).text == "first\n\nsecond\n\nthird"


def test_lyrics_come_in_the_order_of_singing() -> None:
    found = read(b"[ti:Song]\n[ar:Someone]\n[00:10.00][00:14.00]Chorus\n[00:12.00]Verse <00:12.50>one\n", "x.lrc")
    assert (found.title, found.text) == ("Song", "Chorus\nVerse one\nChorus")


@pytest.mark.parametrize(
    "content",
    [
        "# Notes on subtitles\n\nA cue:\n\n00:00:01.000 --> 00:00:03.000\nHello\n\nAll the rest is prose.",
        "[0:30] is where it starts.\n\nAnd this is an essay that goes on.\n\nIt has many lines.\n\nNone is sung.",
        '{"events": ["a", "b"], "more": 1}',
        '{"segments": [{"name": "a"}]}',
    ],
)
def test_a_text_that_quotes_a_cue_stays_a_text(content: str) -> None:
    assert read(content.encode()).text == content


def test_subtitles_of_broadcasters_are_read_from_their_blocks() -> None:
    """EBU Tech 3264: a head of 1,024 bytes, then 128 bytes for each cue."""
    assert read(stl("Good morning", "Is the caf\xc2e open?"), "a.stl").text == "Good morning\nIs the café open?"


def stl(*cues: str) -> bytes:
    head = bytearray(b" " * 1024)
    head[:16] = b"850STL25.01" + b"0" + b"00" + b"09"
    head[238:256] = b"%05d%05d" % (len(cues), len(cues)) + b"001" + b"40" + b"23" + b"1"
    head[256:274] = b"00000000" * 2 + b"11"
    return bytes(head) + b"".join(
        b"\0"
        + number.to_bytes(2, "little")
        + bytes([0xFF, 0, 0, 0, number, 0, 0, 0, number + 1, 0, 20, 2, 0])
        + words.encode("latin-1").ljust(112, b"\x8f")
        for number, words in enumerate(cues)
    )


LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "Ann"
        xmin = 0
        xmax = 4
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "Hello, say ""moon"" 3 times"
        intervals [2]:
            xmin = 1.5
            xmax = 4
            text = ""
    item [2]:
        class = "IntervalTier"
        name = "Bob"
        xmin = 0
        xmax = 4
        intervals: size = 1
        intervals [1]:
            xmin = 1.6
            xmax = 4
            text = "Moon."
"""
SHORT_GRID = (
    'File type = "ooTextFile"\n"TextGrid"\n\n0\n4\n<exists>\n3\n"IntervalTier"\n"Ann"\n0\n4\n1\n0\n1.5\n'
    '"Hello, say ""moon"" 3 times"\n"IntervalTier"\n"phones"\n0\n4\n1\n0\n1.5\n"h e l"\n'
    '"TextTier"\n"Bob"\n0\n4\n1\n1.6\n"Moon."\n'
)
ELAN = (
    '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT><TIME_ORDER>'
    '<TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="0"/>'
    '<TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="1500"/><TIME_SLOT TIME_SLOT_ID="c" TIME_VALUE="1600"/></TIME_ORDER>'
    '<TIER TIER_ID="t2" PARTICIPANT="Bob"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="b" TIME_SLOT_REF2="c">'
    "<ANNOTATION_VALUE>Moon.</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"
    '<TIER TIER_ID="Ann"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>'
    'Hello, say "moon" 3 times</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>'
    '<TIER TIER_ID="gloss" PARENT_REF="Ann"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b">'
    "<ANNOTATION_VALUE>x</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)
PREMIERE = (
    '"Speaker Name","Start Time","End Time","Text"\n"Ann","00:00:00:00","00:00:01:12","Hello, say ""moon"" 3 times"\n'
    '"Bob","00:00:01:14","00:00:02:00","Moon."\n'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.TextGrid", LONG_GRID), ("b.TextGrid", SHORT_GRID), ("a.eaf", ELAN), ("a.csv", PREMIERE)],
    ids=["TextGrid", "short TextGrid", "ELAN", "Premiere"],
)
def test_annotations_of_sound_are_who_says_what(name: str, content: str) -> None:
    assert read(content.encode(), name).text == 'Ann: Hello, say "moon" 3 times\n\nBob: Moon.'


def test_a_grid_without_tiers_is_empty_and_not_broken() -> None:
    with pytest.raises(EmptyDocument):
        read(b'File type = "ooTextFile"\n"TextGrid"\n\n0\n4\n<absent>\n', "a.TextGrid")


def test_labels_of_audacity_are_what_they_say() -> None:
    labels = "0.000000\t1.500000\tHello there\n\\\t120.5\t4000.0\n1.600000\t2.000000\tMoon.\n"
    assert read(labels.encode(), "labels.txt").text == "Hello there\nMoon."


@pytest.mark.parametrize(
    "table",
    [
        "start,end,rain\n1.0,2.0,3\n",
        "start,end,text\n9:00,9:30,Tea\n",
        "start,end,text,mood\n1.0,2.0,hello,good\n",
        "text,mood\nhello,good\n",
        "35.1\t139.2\tTokyo\n34.7\t135.5\tOsaka\n",
    ],
)
def test_a_table_of_other_things_stays_one(table: str) -> None:
    assert read(table.encode(), "a.csv").text.split() == table.split()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\r\r\n00:00:01,000 --> 00:00:02,000\r\r\nHello\r\r\n\r\r\n", "Hello"),
        ("1\n1000:00:01,000 --> 1000:00:02,000\nHello\n", "Hello"),
        ("[00:00.000 --> 00:04.000]  Hello\n[01:02:04.000 --> 01:02:06.500]  there\n", "Hello\n\nthere"),
        ("[00:12.00]Hello\n[bg: <00:13.00>and <00:14.00>again]\n[00:15.00]there\n", "Hello\n(and again)\nthere"),
        ("{0}{50}/Hello|/there\n{60}{90}again\n", "Hello\nthere\nagain"),
    ],
    ids=["line-breaks-doubled", "after-a-thousand-hours", "printed-by-whisper", "backing-vocals", "slanted"],
)
def test_rarer_ways_to_write_them_are_known(text: str, words: str) -> None:
    assert read(text.encode()).text == words


def test_a_paragraph_without_times_is_where_its_first_part_is() -> None:
    spans = '<p><span begin="6s" end="7s">third</span></p><p begin="4s" end="5s">second</p>'
    text = f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="2s">first</p>{spans}</div></body></tt>'
    assert read(text.encode()).text.split() == ["first", "second", "third"]
