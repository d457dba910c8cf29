"""Whether a line says a thing or denies it: "We will not buy it" bears out no decision to buy it. Pure.

English and Japanese. Words tell this only roughly: a clause that may be read both ways counts as both, and speaks
against nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Set
from typing import Literal

Polarity = Literal["yes", "no", "either"]
Content = Callable[[str], set[str]]
"""Gives what a text is about, as stems."""

_IDIOM_PATTERN = re.compile(
    r"\bno (?:problem|worr\w+|doubt|later|earlier|more(?! \w+ing\b)|less|fewer|longer than|matter|way around|idea)\b"
    r"|\bnot (?:only|just|bad|least)\b"
    r"|\bwhy (?:don['’]t|not|do not)\b|\b(?:can['’]?t|cannot) wait\b|\b(?:don['’]t|do not) (?:forget"
    r"|worry|mind|hesitate)\b"
    r"|\bnever mind\b|\b(?:if|or|whether or) not\b|\bnot (?:until|before|sooner|later)\b"
    r"|\b(?:isn|aren|don|doesn|won|shouldn|can|couldn|wouldn|didn|hasn|haven)['’]?t (?:it|we|you|they|he"
    r"|she|i|that)\b"
    r"|なければ(?:なら|いけ)(?:ない|ません)|な(?:いと(?!思|考|言|聞|い[うっわ])|きゃ|くちゃ)(?:いけ(?:ない|ません)|だめ|ダメ|ならない)?"
    r"|なくては(?:なら|いけ)(?:ない|ません)|ざるを得(?:ない|ません)|かもしれ(?:ない|ません)|(?:間)?違い(?:ない|ありません)"
    r"|しか(?:ない|ありません)|問題(?:は)?(?:ない|ありません)|構(?:わない|いません)|かまわない|仕方(?:が)?(?:ない|ありません)"
    r"|忘れない|だけ(?:で|じゃ)(?:は)?なく|すみません|つまらない|少ない|危ない|くだらない|差し支え(?:ない|ありません)|無料"
)
"""What sounds like a denial and is none."""
_OPINION_PATTERN = re.compile(
    r"\b(?:do(?:es)?n['’]t|do not|does not|never|wouldn['’]t) (?:think|believe|suppose|guess|feel like"
    r"|see why|see that)"
    r"(?: that)?(?: (?:we|i|you|they|he|she|it|there))?\b"
    r"|\bno way(?! (?:around|to|of))(?: that)?(?: (?:we|i|you|they|he|she|it))?\b"
    r"|\b(?:under|in) no (?:circumstances?|case|event|way)\b(?: \w+ (?:we|i|you|they|he|she|it)\b)?"
)
"""Denies what follows."""
_CLAUSE_PATTERN = re.compile(
    r"[.!?;:,…。！？；、，\n]+|\s[-–—]\s|\b(?:but|however|although|though|because|since|unless|until|which|who"
    r"|while|whereas)\b"
    r"|\b(?:and|or)(?= (?:we|i|they|you|he|she|it|let['’]s|then|not|never|don['’]t|won['’]t|will|can"
    r"|\w+ will)\b)"
    r"|\b(?:if|when)\b|\bthat (?=(?:is|are|was|were|do|does|did|can|has|have|will|would|won['’]t|don['’]t"
    r"|doesn['’]t|isn['’]t)\b)"
    r"|(?:けれども|けれど|けど|ですが|ますが|だが|ので|だから|から(?!の)|たら|なら(?=[、 ])|のに)"
)
_SUBJECT_PATTERN = re.compile(r"(?<=\w)\s+(?=(?:we|i|they|let['’]s|then|we['’]ll|i['’]ll|nobody|no one)\s)")
"""Within a clause without a comma: "it does not rain | we go hiking", "the printer | nobody uses"."""
_QUESTION_PATTERN = re.compile(
    r"[^.!?。！？\n]*[?？]|[^。！？\n]*(?:ですか|ますか|ませんか|でしょうか|しようか)[。\n]?"
)
_DENIAL_PATTERN = re.compile(
    r"\b(?:not|never|no|none|nobody|neither|nor|cannot|\w+n['’]t|ain['’]t|dont|wont|cant|isnt|doesnt"
    r"|didnt|wouldnt|shouldnt)\b"
    r"|(?:ない|なかった)(?!(?!方|予定|計画|前提|案|旨|件)[一-龯ァ-ヴー])"  # not within "the chairs nobody uses"
    r"|ません|ずに|まい(?=[。、 ]|$)|(?<=[わかさたなまらがば])ず(?=[、。 ]|$)|わけにはいか"
    r"|なくて(?:も)?(?:いい|良い|よい|大丈夫)"
)
_REFUSING_PATTERN = re.compile(
    r"\b(?:cancel|reject|refus|declin|skip|abandon|scrap)\w*(?: to)?\b|\bdoubt\w*(?: that)?"
    r"(?: (?:we|i|you|they|he|she|it))?\b"
    r"|\b(?:drop|scrap|bury|give up|forget)\w* (?:about )?(?:the|that|this|our) (?:plan|idea|proposal|project)s?\b"
    r"(?: (?:to|of|for|that)\b)?"
    r"|\b(?:stop\w*|quit\w*|forget about|g[ia]ve up)(?= \w+ing\b)"
    r"|\b(?:decid|vot|agre)\w+ against\b|\brul\w+ out\b|\boff the table\b|\bcall\w* off\b"
)
_REFUSING_JAPANESE_PATTERN = re.compile(
    r"(?:やめ|止め|中止|見送|断[るりっわ]|却下|取りや|取り消|キャンセル)(?:に?(?:し)?て)?"
)
"""Verbs that deny what they are about, as "not" does."""
_BOTH_PATTERN = re.compile(r"(\bnot [^.,;]*?) and ")
_REVERSAL_PATTERN = re.compile(
    r"\b(cancel|drop|reject|refus|declin|skip|abandon|avoid|stop|scrap|postpon|delay|forgo|giv\w+ up"
    r"|call\w* off|rul\w+ out"
    r"|against|instead|rather than|without|no longer|anymore|remov|delet|withdr|end|quit|leave out|cut"
    r"|un\w+ed|ban|forbid"
    r"|prohibit|exclud|deny|oppos|fail|lack)\w*\b"
    r"|(やめ|止め|中止|見送|断[るりっわ]|却下|禁止|不要|不可|無し|なし|取りや|取り消|キャンセル|延期|反対|廃止|撤回|外[さしすせそ]|諦め|あきらめ|なく(?:な|す|し))"
)
"""Words that deny without a "not": what they stand in may be told with one or without."""
_KEEPING_PATTERN = re.compile(
    r"\b(?:keep|stay|stick|remain|continu|leave|wait|still|only|except|until|late|later)\w*\b"
    r"|まま|続け|残[すしるりっ]|継続|維持|だけ|しか|以外|足り"
)
"""Words of claims that may put a denial into other words: "not a new one" -> "keep the old one"."""
_OBJECT_PATTERN = re.compile(r"(?<=\w )(?:it|them|that|one)\b")
"""Stands for what another clause names: "We won't buy it, the printer is too loud"."""
_REFUSAL_PATTERN = re.compile(
    r"\s*(?:(?:well|hm+|um+|sorry|i|i'd|i would|we'd|we)[ ,]+)*(?:no|nope|nah|never|(?:certainly "
    r"|absolutely )?not"
    r"|disagree|(?:rather|better|let's) not|won't|can't)\b|\s*(?:うーん|ええと)?[、 ]*"
    r"(?:いや|いいえ|いえ|だめ|ダメ|駄目|無理|反対|やめ(?:よう|ておこう|ましょう)|しない|しません|やらない|やりません|ない)"
)
_ASSENT_PATTERN = re.compile(
    r"\b(?:yes|yeah|yep|sure|ok|okay|agreed|fine|right|great|good|deal|do it|let['’]s|will do)\b|はい|うん|ええ"
    r"|了解|賛成|そうしよう|いいですね|いいね"
)


def denied(claim: str, cited: Iterable[str], around: Iterable[str], content: Content) -> bool:
    """Whether the lines say the contrary of a claim: nothing that speaks of it says it, and something denies it.

    `around` are the lines near those that are cited, for answers that say little by themselves.
    """
    plain, cited = _plain(claim), list(map(_plain, cited))
    shared = _reversals(plain).intersection(*map(_reversals, cited))  # "The budget is cut": it is what both speak of
    plain, cited = _ready(plain, shared), [_ready(line, shared) for line in cited]
    parts = {polarity for clause, polarity in _clauses(plain, shared) if content(clause)}
    own = parts.pop() if len(parts) == 1 else "either"
    if own == "either" or _KEEPING_PATTERN.search(plain):
        return False
    said = content(claim)
    found = list(_nearest(said, cited, content, shared))
    if not found or (set(found) == {"either"} and any(_QUESTION_PATTERN.search(line) for line in cited)):
        answers = [line for line in cited if not _QUESTION_PATTERN.search(line)]
        asked_against = any(
            _REVERSAL_PATTERN.search(asked) for line in cited for asked in _QUESTION_PATTERN.findall(line)
        )
        refused = [] if asked_against else [line for line in answers if _REFUSAL_PATTERN.match(line)]
        if refused:
            return own == "yes" and not any(_ASSENT_PATTERN.search(line) for line in answers if line not in refused)
    if not found:
        found = list(_nearest(said, [_ready(_plain(line), set()) for line in around], content))
    contrary: Polarity = "no" if own == "yes" else "yes"
    return contrary in found and own not in found


def _nearest(
    said: set[str], lines: Iterable[str], content: Content, shared: Set[str] = frozenset()
) -> Iterator[Polarity]:
    """Yield the polarity of the clauses that share most with a claim."""
    most, nearest = 0, list[Polarity]()
    for line in lines:
        for clause, polarity in _clauses(line, shared):
            common = len(said & content(clause))
            common *= not shared or not shared.isdisjoint(_reversals(clause))
            common += common > 0 and _OBJECT_PATTERN.search(clause) is not None
            if common > most:
                most, nearest = common, []
            if common == most > 0:
                nearest.append(polarity)
    yield from nearest


def _reversals(text: str) -> set[str]:
    """Return the stems of what denies in a text without a "not"."""
    return {english or japanese[0] for english, japanese in _REVERSAL_PATTERN.findall(text)}


def _clauses(line: str, shared: Set[str]) -> Iterator[tuple[str, Polarity]]:
    """Yield the clauses of a line; of what is asked, either may be true. `shared` are reversals that deny nothing."""
    for question in _QUESTION_PATTERN.findall(line):
        yield question, "either"
    for part in _CLAUSE_PATTERN.split(_QUESTION_PATTERN.sub(" . ", line)):
        for clause in _SUBJECT_PATTERN.split(part):
            yield clause, _polarity(clause, shared)


def _polarity(clause: str, shared: Set[str]) -> Polarity:
    denials = len(_DENIAL_PATTERN.findall(clause))
    if _reversals(clause) - shared:
        return "either"
    return "no" if denials % 2 else "either" if denials else "yes"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _ready(plain: str, shared: Set[str]) -> str:
    """Return a line without idioms, and with "I don't think we should" and "we refuse to" as "not"."""

    def refusing(found: re.Match[str]) -> str:
        return found[0] if _reversals(found[0]) & shared else "not" if found[0].isascii() else "ない、"

    plain = _IDIOM_PATTERN.sub(" ", _OPINION_PATTERN.sub(" not ", plain))
    if (refused := _REFUSING_PATTERN.sub(refusing, plain)) != plain:  # "We reject the offer and hire Tom"
        plain = _BOTH_PATTERN.sub(r"\1. ", refused)
    return _REFUSING_JAPANESE_PATTERN.sub(refusing, plain)
