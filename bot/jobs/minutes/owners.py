"""Whether somebody takes a thing on, or only asks others for it; pure. English and Japanese."""

import re
from collections.abc import Iterable, Set

_OWN_PATTERN = re.compile(
    r"\b(?:i|i['’]\w+|me|my|we|we['’]\w+|our|us|let['’]s|let me|yes|yeah|yep|sure|ok|okay|will do|on it"
    r"|gladly|of course|got it"
    r"|no problem|agreed|fine|done|absolutely|certainly|happy to)\b"
    r"|私|わたし|僕|ぼく|俺|おれ|自分|はい|うん|ええ|了解|承知|わかり|分かり|わかった|分かった|任せ|まかせ|おきます|ておく|してみます|います|ましょう|しよう"
)
_REQUEST_PATTERN = re.compile(
    r"\b(?:can|could|will|would|won['’]t) you\b|\bplease\b|\byou(?:['’]ll| will| should| have to| need to"
    r"| must| do| take)\b"
    r"|\bi (?:want|need|would like|['’]d like) you\b|\basks? you\b"
    r"|(?:て|で)(?:ください|下さい|くれ|もらえ|いただけ|ほしい|欲しい)|お願い|頼(?:む|みます|める|んで)"
)
_ORDER_TEMPLATE = (
    r"(?:^|[\s、。,.!?ぁ-ん])(?:{names})(?:さん|くん|君|ちゃん|様)?(?:\b\s*(?:will|should"
    r"|has to|must|needs to|can|is going to|does|takes)\b|\s*(?:が|は|に|、|,|:))"
)
_REASK_PATTERN = re.compile(
    r"\b(?:i (?:want|need|would like)|i['’]d like) you\b|\b(?:give|send|tell|show|bring|help) (?:me|us)\b"
    r"|\b(?:us|me)\b"
)


def takes_it_on(lines: Iterable[str], others: Set[str]) -> bool:
    """Whether any of somebody's own lines may be a promise. `others` are the names of those who are present, too.

    "Ben, can you write the notes?" is none of whoever says it, nor is "Ben will write them".
    """
    named = [re.escape(name.casefold()) for name in others if name.strip()]
    orders = re.compile(_ORDER_TEMPLATE.format(names="|".join(named))) if named else None
    return any(_may_be_promise(line.casefold(), orders) for line in lines)


def _may_be_promise(line: str, orders: re.Pattern[str] | None) -> bool:
    asked = _REQUEST_PATTERN.search(line) or (orders and orders.search(line))
    return not asked or _OWN_PATTERN.search(_REASK_PATTERN.sub(" ", line)) is not None
