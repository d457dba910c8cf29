"""Files that the box gave up on, whatever they hold."""

from bot.errors.base import BotError


class FileError(BotError):
    code = "file"
    default_hint = "I couldn't open that file. Save it again and resend it."


class FileTooSlow(FileError):
    code = "file_too_slow"
    default_hint = "That file takes too long to read. Save it in another format, or send it in parts."


class FileTooHungry(FileError):
    code = "file_too_hungry"
    default_hint = "That file needs too much memory to read. Save it in another format, or send it in parts."


class ReaderDied(FileError):
    code = "reader_died"
    default_hint = "That file couldn't be read to the end. Save it in another format and resend it."


class FilesFull(FileError):
    code = "files_full"
    default_hint = "Too many files are waiting. Send it again in a minute."
