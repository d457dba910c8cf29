"""What a name looks like: two names of one skeleton can be taken for each other. Pure; after Unicode TR39."""

import re
import unicodedata

_LOOK_ALIKES = {
    "2": "ƨϩꙅꝛ",
    "3": "ȝɜʒзӡⳍꝫ",
    "4": "Ꮞ",
    "6": "бᏮⳓ",
    "8": "ȣ",
    "9": "ⳋꝯ",
    "a": "ɑαаᎪꓮᴀⲁᗅᗩ𐊠",
    "b": "ƅβвьᏏᏴꓐꞵʙƀᗷ𐊂𐊡",
    "c": "ϲсᏟᴄⲥꓚᑕ𐊢𐌂",
    "d": "ԁᎠᏧꓒꓓᴅđᗞᗪ",
    "e": "εеҽᎬꓰꬲᴇⲉєɘɇᗴ𐊆",
    "f": "ϝքẝꓝꞙꬵꜰᖴ𐊇𐊥",
    "g": "ƍɡԍցᏀᏳᶃꓖɢ",
    "h": "ηнһհᎻᏂⲏꓧʜħᕼ",
    "j": "ʝϳјᎫꓙᴊɉᒍ",
    "k": "κкᏦⲕꓗᴋ",
    "l": "ıǀɩɪͺιіӏᎥᏞⲓⳑꓡꓲꙇʟłƚᒪ𐊊𐌉|∣❘│ا",
    "m": "μϻмᎷⲙꓟᴍᗰ𐊰𐌑",
    "n": "ոռⲛꓠɴᑎ",
    "o": "οσоօᴏᴑⲟꓳꬽø٥०੦૦௦౦೦൦๐໐၀ഠဝ𐊒𐊫𐐬ס",
    "p": "ρрᏢⲣꓑᴘᑭ𐊕",
    "q": "ԛգզǫᑫ",
    "r": "ʀгᎡᎱᏒᴦⲅꓣꭇꭈᖇ",
    "s": "ƽѕտᏕᏚꓢꜱ𐊖𐑈",
    "t": "τтᎢⲧꓔŧ𐊗𐊱𐌕",
    "u": "ʋυսᴜꓴꞟꭎꭒᑌ",
    "v": "νѵᏙᴠꓦᐯ",
    "w": "ɯѡԝաᎳᏔᴡꓪᗯ",
    "x": "χхⲭꓫꭓ᙭𐊐𐊴𐌗",
    "y": "ɣʏγϒуүᎩᎽᶌỿⲩꓬꭚ𐊲",
    "z": "ζᏃᴢꓜ𐋵ƶᘔ",
    "ي": "یى",
    "ك": "کڪ",
    "ه": "ہەھ",
    **{chr(0x660 + digit): chr(0x6F0 + digit) for digit in (0, 1, 2, 3, 7, 8, 9)},
    "イ": "亻",
    "エ": "工",
    "オ": "才",
    "カ": "力",
    "タ": "夕",
    "チ": "千",
    "ト": "卜",
    "ニ": "二",
    "ヌ": "又",
    "ノ": "丿",
    "ハ": "八",
    "ヒ": "匕",
    "ヘ": "へ",
    "ヨ": "彐",
    "リ": "り",
    "ロ": "口囗",
    "ー": "一",
}
"""Shape -> other letters of it, lower case; fullwidth and mathematical letters are decomposed before."""
_LETTERS_OF_SYMBOLS = {
    chr(first + index): letter
    for first in (0x1F150, 0x1F170, 0x1F1E6)
    for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
}
"""White letters on black circles and squares, and those that flags are made of."""
_FOLDED = str.maketrans(
    {other: shape for shape, others in _LOOK_ALIKES.items() for other in others}
    | _LETTERS_OF_SYMBOLS
    | {"i": "l", "1": "l", "0": "o"}
)
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys('"“”„‟«»〝〞〟″', "'"))
"""The model reads single quotes for double ones."""
_PAIRS = (("rn", "m"), ("vv", "w"))
"""Two letters that look like one."""
_CAPITALS = str.maketrans("ΝΥ", "NY")
"""Greek capitals of another shape than their small letters."""
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159"
"""Letters and symbols without a shape: a name made of them would look empty."""
_UNSEEN_PATTERN = re.compile("[\u2065\u17b4\u17b5\ufff0-\ufff8\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]")
"""Vowels without a shape, and what no letter may ever be given to but is left out when shown (Default_Ignorable)."""
INVISIBLE_CATEGORIES = ("Cc", "Cf", "Cs", "Co")
"""Unicode categories that show nothing, such as bidirectional overrides; apart from KEPT_FORMAT_CHARACTERS."""
KEPT_FORMAT_CHARACTERS = "\u200c\u200d"
"""Joiners, which scripts and emoji need."""
_DIACRITICS_PATTERN = re.compile(
    "[\u180b-\u180d\u180f\U00016fe4\U000e0100-\U000e01ef"
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f"
    "\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]"
)
"""Marks that decorate a letter, among them the points of Hebrew and Arabic, which most people leave out, and Arabic's
line that makes a word longer, and those that choose among shapes of a letter; those of other scripts are vowels and
sounds."""
_LAST_WESTERN = "\u058f"
"""Up to here letters are Latin, Greek, Cyrillic or Armenian: whatever mark they bear decorates them."""


def visible(name: str) -> str:
    """Return `name` on one line without what nobody can see; empty if nothing is left."""
    kept = "".join(map(_shown, _UNSEEN_PATTERN.sub("", unicodedata.normalize("NFC", name))))
    seen = any(unicodedata.category(letter)[0] not in "MZ" and letter not in KEPT_FORMAT_CHARACTERS for letter in kept)
    return " ".join(kept.split()) if seen else ""


def skeleton(name: str) -> str:
    """Return what `name` looks like, without case, accents, spaces and, unless it has nothing else, punctuation."""
    letters = _undecorated(_DIACRITICS_PATTERN.sub("", unicodedata.normalize("NFKD", visible(name))))
    folded = letters.translate(_CAPITALS).casefold().translate(_FOLDED)
    for pair, shape in _PAIRS:
        folded = folded.replace(pair, shape)
    return "".join(filter(_is_shape, folded)) or "".join(folded.translate(_DOUBLE_QUOTES).split())


def _undecorated(letters: str) -> str:
    """Return western letters without the marks of other scripts."""
    kept: list[str] = []
    base = ""
    for letter in letters:
        if unicodedata.category(letter) not in ("Mn", "Me"):
            base = letter
        elif base and base <= _LAST_WESTERN:
            continue
        kept.append(letter)
    return "".join(kept)


def _shown(letter: str) -> str:
    if letter.isspace():
        return " "
    hidden = unicodedata.category(letter) in INVISIBLE_CATEGORIES and letter not in KEPT_FORMAT_CHARACTERS
    return "" if hidden or letter in BLANK_LETTERS else letter


def _is_shape(letter: str) -> bool:
    """Whether it is more than spacing, punctuation, or a modifier such as an emoji's skin tone."""
    category = unicodedata.category(letter)
    return category[0] not in "PZ" and category not in ("Sk", *INVISIBLE_CATEGORIES)
