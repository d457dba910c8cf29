"""Documents that cannot be read, by the cause that the person who sent them can mend."""

from bot.errors.jobs import JobError


class BadDocument(JobError):
    code = "bad_document"
    default_hint = (
        "I could not read that text. Send a text, Markdown, PDF, Word, OpenDocument, EPUB, HTML or subtitle file."
    )


class DocumentTooLong(BadDocument):
    code = "document_too_long"
    default_hint = "That text is too long: I read 200,000 characters. Send it in parts."


class TextTooLongToAsk(DocumentTooLong):
    code = "text_too_long_to_ask"
    default_hint = "That text is too long to go with a question: I take 100,000 characters. Send it in parts."


class EmptyDocument(BadDocument):
    code = "empty_document"
    default_hint = "There is nothing to read in that file."


class ScannedDocument(BadDocument):
    code = "scanned_document"
    default_hint = (
        "That file has pictures of pages and no text in it. Run text recognition (OCR) over it, then send it."
    )


class LockedDocument(BadDocument):
    code = "locked_document"
    default_hint = "That file opens with a password only. Save it without one, then send it."


class DamagedDocument(BadDocument):
    code = "damaged_document"
    default_hint = "That file is damaged or incomplete. Save or download it again, then send it."


class NotDocument(BadDocument):
    code = "not_document"
    default_hint = "That is no text. Send a text, Markdown, PDF, Word, OpenDocument, EPUB, HTML or subtitle file."


class NeitherTextNorSound(NotDocument):
    code = "neither_text_nor_sound"
    default_hint = (
        "There is no text and no sound in that file. Send a recording such as ogg or mp3, or a text, PDF, Word, EPUB "
        "or subtitle file."
    )


class ArchivedDocument(BadDocument):
    code = "archived_document"
    default_hint = "That file is an archive. Unpack it, and send what should be read."


class OldDocument(BadDocument):
    code = "old_document"
    default_hint = "That is an old Office file. Save it as docx, pptx or PDF, then send it."


class UnknownEncoding(BadDocument):
    code = "unknown_encoding"
    default_hint = "I cannot tell how the letters of that file are encoded. Save it as UTF-8, then send it."
