"""Which sentences wake the bot that should not, and which should and do not: `./dev python -m tests.bench.names`.

The sentences are what recognisers write for names, and what sounds or looks like them.
"""

from bot.talk.name_matching import mentions

CALLED = {
    "Kikite": (
        "Kikite, what time is it?",
        "Kit kite, what time is it?",
        "Kick it, eh, what time is it?",
        "Kikitay, tell us",
        "Kiki-te?",
        "Hey Kiki te, are you there?",
        "Kikki te what do you think",
        "キキテ、今日の天気は？",
        "聞き手、今日の天気は？",
        "きき手さん、教えて",
        "聞きてさん教えて",
        "ききて、どう思う？",
        "キキテー！",
        "Thanks, Keekite.",
        "What about you, Kikite?",
        "Hey Kikiteh, play it",
        "Kikiti, how far is it",
        "利き手さん、教えて",
        "Kekite, hello",
        "キキッテ、教えて",
    ),
    "Alexa": (
        "Alexa, stop the music",
        "Hey Alexa",
        "アレクサ、音楽",
        "Alexa?",
        "Elexa, what's up",
        "Alexa what's the weather",
        "アレクサー",
    ),
    "Jarvis": (
        "Jarvis, hello",
        "Jervis, what time is it",
        "Hey Jarvas",
        "ジャービス、起きて",
        "ジャーヴィス、今何時",
        "Javis, are you there?",
    ),
    "Luna": (
        "Luna, are you there?",
        "Hey Loona",
        "ルナ、聞いて",
        "Lunah, what now?",
        "ルーナ、ねえ",
    ),
    "Alex": (
        "Alex, hi",
        "Hey Alix",
        "アレックス、どう？",
        "Alec's, what time is it?",
    ),
    "Nova": (
        "Nova, what's next",
        "Hey Nova",
        "ノヴァ、どう？",
        "ノバ、教えて",
        "Nover, tell me",
    ),
    "Sakura": (
        "Sakura, good morning",
        "サクラ、おはよう",
        "さくらさん、元気？",
        "Sakurah, hello",
        "Hey Sakora",
    ),
    "Marvin": (
        "Marvin, help",
        "Hey Marven",
        "マービン、助けて",
    ),
    "Echo": (
        "Echo, what time is it",
        "Hey Ecko",
        "エコー、今何時",
    ),
    "Hal": (
        "Hal, open the door",
        "Hey Hal",
        "ハル、開けて",
    ),
    "Yuki Bot": (
        "Yuki Bot, hello",
        "yukibot are you there",
        "ユキボット、ねえ",
    ),
    "Computer": (
        "Computer, play",
        "コンピューター、再生",
        "Hey computer",
    ),
}
NOT_CALLED = {
    "Kikite": (
        "Kick it over to me",
        "Just kick it to me",
        "Look at the kite",
        "Here kitty kitty",
        "ちょっときいてよ",
        "誰に聞いたの？",
        "I bought a kit kat",
        "Can you kick it again?",
        "話を聞きてえな",
        "kick it out",
        "The kit, I think, is fine",
        "いま聞いてた？",
        "切手を買った",
        "来てください",
        "キッチンにいる",
        "He kicked it again",
        "kick it ahead",
        "It was quite kinky",
        "the quick kitten",
        "掃いて捨てる",
    ),
    "Alexa": (
        "I asked Alex yesterday",
        "Alex, are you coming?",
        "My friend Alexis called",
        "アレックスが来た",
        "a lexical error",
        "Alec said so",
    ),
    "Alex": (
        "Alexa, stop",
        "I met Alice yesterday",
        "Alexis is here",
        "relax, man",
        "アレクサ、止めて",
        "all ex boyfriends",
    ),
    "Jarvis": (
        "the service is bad",
        "Travis is here",
        "jar of peas",
        "harvest time",
        "nervous about it",
    ),
    "Luna": (
        "There is a lunar eclipse",
        "I had tuna for lunch",
        "Lena is here",
        "we ran a loop",
        "ルナティックな夜",
    ),
    "Nova": (
        "no, Eva is here",
        "never mind",
        "I know that",
        "over there",
        "November",
    ),
    "Sakura": (
        "a secure line",
        "the soccer match",
        "桜餅を食べた",
        "suckers",
    ),
    "Marvin": (
        "marvelous",
        "Martin is here",
        "moving on",
        "it is starving",
    ),
    "Echo": (
        "I heck know",
        "eco friendly",
        "there was an echoing sound",
        "エコバッグ",
    ),
    "Hal": (
        "half of it",
        "the hall is big",
        "how are you",
        "Hello there",
        "ハルマキ食べた",
    ),
    "Yuki Bot": (
        "the robot",
        "you keep it",
        "雪が降った",
    ),
    "Computer": (
        "commuter train",
        "he competes",
        "compute it",
        "the computation",
    ),
}


def missed() -> list[tuple[str, str]]:
    return [(name, text) for name, texts in CALLED.items() for text in texts if not mentions(text, (name,))]


def false() -> list[tuple[str, str]]:
    return [(name, text) for name, texts in NOT_CALLED.items() for text in texts if mentions(text, (name,))]


if __name__ == "__main__":
    for kind, wrong, table in (("missed", missed(), CALLED), ("false", false(), NOT_CALLED)):
        for name, text in wrong:
            print(f"{kind:6} {name}: {text}")
        print(f"{kind}: {len(wrong)} of {sum(map(len, table.values()))}")
