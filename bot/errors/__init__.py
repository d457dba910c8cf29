"""What can go wrong, as one tree; each branch has its file.

    BotError
    ├── ConfigError             settings missing or wrong (exit code 78)
    ├── StartError              the process cannot start or continue
    │   └── LoginError          Discord refuses the token
    ├── VoiceError
    │   ├── OpusMissing         no libopus could be loaded
    │   ├── JoinError           the voice channel could not be entered
    │   │   ├── MissingPermissions
    │   │   ├── ChannelFull
    │   │   ├── AlreadyInCall   another channel of this server has the bot
    │   │   ├── EncryptionRefused   close code 4017: DAVE was not negotiated
    │   │   ├── VoiceOutdated   4012, 4016: Discord does not know the bot's protocol or encryption mode
    │   │   ├── VoiceLimited    4021: too many connections
    │   │   └── Unwanted        somebody disconnected the bot on its way in
    │   ├── NotInCall
    │   ├── LinkLost            the voice connection could not be kept
    │   ├── LinkUnexplained     Discord ended it and never said why: it may have been a removal
    │   └── CallCrashed         a bug ended a call
    ├── EngineError             the model, see engine/
    │   ├── ModelAuth           401, 403: the operator must fix the key
    │   ├── OutOfCredit         429 with insufficient_quota or credit_balance_exhausted
    │   ├── RateLimited         other 429, 503 slow_down
    │   ├── ModelUnavailable    404 model_not_found
    │   │   └── DeafModel           it takes no audio
    │   ├── HistoryExpired      400 audio_not_found; the engine recovers, people never see it
    │   ├── RequestTooLarge     413: more bytes than the server, or a proxy before it, takes
    │   ├── BadRequest          other 400, 422: a bug in this bot
    │   ├── Unreachable         5xx, network, timeout
    │   ├── SlowAnswer          it is on its way
    │   ├── UnplayableSound     audio in a form that cannot be decoded, or noise of misread bytes
    │   └── Incomplete          cut off, filtered, or no audio
    ├── BadAudio                a recording that cannot be read
    │   ├── NotAudio            it has no sound track
    │   ├── EmptyAudio          its sound track is empty
    │   ├── SilentAudio         every sample is zero
    │   ├── LockedAudio         an archive of tracks with a password
    │   ├── TruncatedAudio      it ends before it says it does
    │   ├── AudioTooLong        more minutes than the bot accepts
    │   ├── AudioTooLarge       more bytes than the bot accepts
    │   └── AbsurdAudio         its header makes impossible claims
    ├── FileError               a file that the box gave up on, whatever it holds
    │   ├── FileTooSlow         out of time
    │   ├── FileTooHungry       out of memory
    │   ├── ReaderDied          its reader died
    │   └── FilesFull           too many files wait to be read
    ├── BudgetSpent
    │   ├── BudgetHeld          by requests that are under way
    │   └── BudgetTooSmall      for that job
    ├── JobError                work outside a call
    │   ├── JobsFull            too many jobs of one person or server
    │   ├── ShortOfMemory       the process is near its limit of memory
    │   ├── AlreadyAtIt         the same job is still running
    │   ├── JobCancelled        somebody pressed Cancel
    │   ├── PartFailed          one part of a long job failed
    │   ├── NothingSaid         nothing was said in that time
    │   └── BadDocument         a document that cannot be read, or has no text
    │       ├── DocumentTooLong     more characters than the bot reads
    │       │   └── TextTooLongToAsk    more than goes with a question
    │       ├── EmptyDocument       there are no words in it
    │       ├── ScannedDocument     pictures of pages without text
    │       ├── LockedDocument      it opens with a password only
    │       ├── DamagedDocument     its format is known and broken
    │       ├── NotDocument         a picture, a program, a sound
    │       │   └── NeitherTextNorSound nor a recording, where one would do
    │       ├── ArchivedDocument    an archive of files
    │       ├── OldDocument         an Office format of before 2007
    │       └── UnknownEncoding     no encoding makes its text readable
    └── StoreError
        ├── StoreUnavailable    locked, full or gone: the call continues without memory
        ├── BadBackup           a backup that is damaged, of another bot or of a newer version
        ├── Damaged             words at rest were changed or moved: they are lost, what is around them is not
        └── WrongKey            STORE_KEY does not decrypt what is stored

Each error has a `code`, by which chat/i18n.py finds the sentence in the reader's language, and a `hint`: one English
sentence that tells the person who meets it what to do. Messages never hold speech, names or secrets.
"""

from bot.errors.audio import (
    AbsurdAudio,
    AudioTooLarge,
    AudioTooLong,
    BadAudio,
    EmptyAudio,
    LockedAudio,
    NotAudio,
    SilentAudio,
    TruncatedAudio,
)
from bot.errors.base import BotError, BudgetHeld, BudgetSpent, BudgetTooSmall, ConfigError, LoginError, StartError
from bot.errors.documents import (
    ArchivedDocument,
    BadDocument,
    DamagedDocument,
    DocumentTooLong,
    EmptyDocument,
    LockedDocument,
    NeitherTextNorSound,
    NotDocument,
    OldDocument,
    ScannedDocument,
    TextTooLongToAsk,
    UnknownEncoding,
)
from bot.errors.engine import (
    BadRequest,
    BlamedModel,
    DeafModel,
    EngineError,
    HistoryExpired,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    RateLimited,
    RequestTooLarge,
    SlowAnswer,
    UnplayableSound,
    Unreachable,
)
from bot.errors.files import FileError, FilesFull, FileTooHungry, FileTooSlow, ReaderDied
from bot.errors.jobs import (
    AlreadyAtIt,
    JobCancelled,
    JobError,
    JobsFull,
    NothingSaid,
    PartFailed,
    ShortOfMemory,
)
from bot.errors.store import BadBackup, Damaged, StoreError, StoreUnavailable, WrongKey
from bot.errors.voice import (
    AlreadyInCall,
    CallCrashed,
    ChannelFull,
    EncryptionRefused,
    JoinError,
    LinkLost,
    LinkUnexplained,
    MissingPermissions,
    NotInCall,
    OpusMissing,
    Unwanted,
    VoiceError,
    VoiceLimited,
    VoiceOutdated,
)

__all__ = [
    "AbsurdAudio",
    "AlreadyAtIt",
    "AlreadyInCall",
    "ArchivedDocument",
    "AudioTooLarge",
    "AudioTooLong",
    "BadAudio",
    "BadBackup",
    "BadDocument",
    "BadRequest",
    "BlamedModel",
    "BotError",
    "BudgetHeld",
    "BudgetSpent",
    "BudgetTooSmall",
    "CallCrashed",
    "ChannelFull",
    "ConfigError",
    "Damaged",
    "DamagedDocument",
    "DeafModel",
    "DocumentTooLong",
    "EmptyAudio",
    "EmptyDocument",
    "EncryptionRefused",
    "EngineError",
    "FileError",
    "FileTooHungry",
    "FileTooSlow",
    "FilesFull",
    "HistoryExpired",
    "Incomplete",
    "JobCancelled",
    "JobError",
    "JobsFull",
    "JoinError",
    "LinkLost",
    "LinkUnexplained",
    "LockedAudio",
    "LockedDocument",
    "LoginError",
    "MissingPermissions",
    "ModelAuth",
    "ModelUnavailable",
    "NeitherTextNorSound",
    "NotAudio",
    "NotDocument",
    "NotInCall",
    "NothingSaid",
    "OldDocument",
    "OpusMissing",
    "OutOfCredit",
    "PartFailed",
    "RateLimited",
    "ReaderDied",
    "RequestTooLarge",
    "ScannedDocument",
    "ShortOfMemory",
    "SilentAudio",
    "SlowAnswer",
    "StartError",
    "StoreError",
    "StoreUnavailable",
    "TextTooLongToAsk",
    "TruncatedAudio",
    "UnknownEncoding",
    "UnplayableSound",
    "Unreachable",
    "Unwanted",
    "VoiceError",
    "VoiceLimited",
    "VoiceOutdated",
    "WrongKey",
]
