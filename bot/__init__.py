"""Kikite (聞き手, "the listener"): a guest in a Discord voice channel who hears, answers aloud and writes along.

Ten words
---------
packet      an RTP datagram of one SSRC
frame       20 ms of one speaker's decoded audio
tick        20 ms, the clock of a call
utterance   one stretch of one person's speech
turn        the utterances the bot answers at once
reply       what the engine streams back
playback    the reply on its way to the loudspeaker
barge-in    someone speaks over it
call        the bot in one voice channel
floor       the right to speak
(Epoch means only the DAVE/MLS key epoch.)

Rooms, along the trip of the sound
----------------------------------
cli.py      the commands of `python -m bot`; the only sys.exit
config.py   Settings; nothing reads the environment at import
app.py      composition root: settings -> App; signals; drain
calls.py    guild -> Call: join, move, leave, one guarded task per call
call.py     one voice channel: ears, mouth, scribe and reply; owns the CallState
usage.py    what a turn may cost, and what it did
tally.py    what the process did, counted for the metrics
types.py    what crosses a room's wall      ports.py   what a room asks of another
errors.py   the tree of errors              audio.py   rates, frames, WAV
voice/      datagrams <-> frames: RTP, AEAD, DAVE, jitter, Opus, playback, pacer, link
talk/       frames -> turns: VAD, segmenter, floor, addressing, history
engine/     turns -> replies: prompt, the OpenAI stream, transcription, pricing
store/      what is remembered: tables, repository, migrations
chat/       Discord as people see it: client, commands, panel, transcript
jobs/       audio work outside a call
ops/        health, metrics, logs
sandbox/    a loopback Discord and model server, people, and the demo

Doors: imports point this way only (checked by import-linter)
-------------------------------------------------------------
cli -> sandbox -> app -> chat -> jobs -> calls -> call -> usage -> voice | talk | engine | store
                                                  all -> ports -> types -> audio, errors, config
"""

__version__ = "0.1.0"
