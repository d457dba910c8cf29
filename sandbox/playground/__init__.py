"""The playground: the sandbox Discord, the App that `run` starts, and a local page to talk to it by.

    browser: microphone -> AudioWorklet -> WebSocket -> BrowserPerson -> Opus -> DAVE -> UDP -> the bot
    the bot -> UDP -> DAVE -> Opus -> Loudspeaker (everyone mixed) -> WebSocket -> AudioWorklet -> speakers

backend.py         everything that runs: sandbox, model, bot and people
browser_person.py  the person in the browser
extra_people.py    more people, who say recordings
loudspeaker.py     what the person in the browser hears, mixed into one stream
timeline.py        where the time of each turn went
view.py            the state of the room and its chat, as JSON
requests.py        what the page can ask for
session.py         the connection of one page
server.py          the local web server, its access checks and `run_playground`
page/              the front end: plain ES modules, no build step
"""
