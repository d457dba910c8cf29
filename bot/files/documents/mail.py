"""Mails, folders of mails (mbox) and web archives (MHTML) -> subjects and words. Attachments are left out."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from bot.errors import EmptyDocument
from bot.files.documents.document import Document, Note
from bot.files.documents.html import read_html
from bot.files.documents.plain import read_text
from bot.files.documents.scripts import folded

_HEADERS = re.compile(rb"(?:[A-Za-z][\w-]*:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*){3,}\r?\n")
_MORE_HEADERS = re.compile(rb"^(?:mime-version|content-type|content-transfer-encoding|message-id|received|date):", re.M)
"""One of them stands above every mail; people who write "From:" above a text know none."""
_SEPARATOR = re.compile(rb"^From [^\r\n]*\d{4}[^\r\n]*\r?\n(?=[A-Za-z][\w-]*:)", re.M)
"""Before each mail of a folder (RFC 4155)."""
_GUARDED_FROM = re.compile(rb"^>(>*From )", re.M)
_MAIL_HEAD_BYTES = 20_000
_MAX_MAILS = 1_000


def is_mail(data: bytes) -> bool:
    """Whether a file begins with the headers of a mail (RFC 5322 section 3.6)."""
    found = _HEADERS.match(data.lstrip()[:_MAIL_HEAD_BYTES])
    head = b"\n" + found.group().lower() if found else b""
    return b"\nfrom:" in head and _MORE_HEADERS.search(head) is not None


def is_mail_folder(data: bytes) -> bool:
    first = _SEPARATOR.match(data[:_MAIL_HEAD_BYTES])
    return first is not None and _HEADERS.match(data[first.end() : first.end() + _MAIL_HEAD_BYTES]) is not None


def read_mail_folder(data: bytes, name: str) -> Document:
    """Read a folder: a chapter for each mail, and who wrote it."""
    mails = [mail for mail in _SEPARATOR.split(data, maxsplit=_MAX_MAILS)[1:] if mail.strip()]
    blocks: list[str] = []
    subjects: list[str] = []
    notes: tuple[Note, ...] = ()
    for mail in mails:
        try:
            read = read_mail(_GUARDED_FROM.sub(rb"\1", mail), name)
        except EmptyDocument:
            continue
        subjects.append(read.title or "–")
        notes = notes or read.notes
        blocks += [f"# {subjects[-1]}", _writer(mail), read.text.strip()]
    return Document("", "\n\n".join(block for block in blocks if block), tuple(subjects), notes)


def _writer(mail: bytes) -> str:
    sender = message_from_bytes(mail, policy=policy.default)["from"]
    return f"{sender.addresses[0].display_name}:" if sender and sender.addresses[0].display_name else ""


def read_mail(data: bytes, name: str) -> Document:
    mail = message_from_bytes(data.lstrip(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html")) if not mail.get_content_type().startswith("multipart/related") else None
    part = body or next((item for item in mail.walk() if item.get_content_maintype() == "text"), None)
    if part is None:
        raise EmptyDocument
    content = part.get_payload(decode=True)
    if part.get_content_subtype() == "html" and isinstance(content, bytes):
        page = read_html(content, name)
        return Document(str(mail["subject"] or page.title).strip(), page.text, (), page.notes)
    assert isinstance(part, EmailMessage)
    title = str(mail["subject"] or "").strip()
    try:
        return Document(title, folded(str(part.get_content())))
    except LookupError:  # an encoding that Python does not know by this name, such as x-sjis
        text = read_text(content if isinstance(content, bytes) else b"", name)
        return Document(title, folded(text.text), (), text.notes)
