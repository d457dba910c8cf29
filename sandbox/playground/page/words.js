// All texts of the page, in its two languages.

const WORDS = {
  "skip": ["Skip to the command line", "コマンド入力へ移動"],
  "language": ["Language", "言語"],
  "microphone": ["Microphone", "マイク"],
  "real model": ["Real model: {model} · costs money", "本物のモデル：{model}（料金がかかります）"],
  "stand-in": ["Stand-in, not an AI · free", "代役（AIではありません・無料）"],
  "cost": ["so far ${sum}", "これまで ${sum}"],
  "welcome": ["Talk to Kikite", "聞き手と話してみよう"],
  "welcome text": [
    "This is a Discord server on your own machine, with a voice channel and the bot in it. Your voice takes the whole way: Opus, end-to-end encryption, UDP, and back.",
    "ここは、あなたのパソコンの中だけで動く Discord サーバーです。ボイスチャンネルにボットがいます。声は Opus・エンドツーエンド暗号化・UDP を通り、本番と同じ道を往復します。",
  ],
  "welcome stand-in": [
    "No key is set, so a stand-in answers: it says a sentence and plays back what it heard. With OPENAI_API_KEY set, the real model answers.",
    "APIキーがないため、代役が答えます（決まった文のあと、聞こえた声をそのまま返します）。OPENAI_API_KEY を設定すると本物のモデルが答えます。",
  ],
  "welcome real": [
    "{model} answers. What you say is sent to the model's server, and every answer costs money; the sum stands at the top.",
    "{model} が答えます。話した内容はモデルのサーバーに送られ、料金がかかります。合計は画面の上に出ます。",
  ],
  "enter": ["Enter with your microphone", "マイクで参加する"],
  "enter silent": ["Only listen and write", "聞くだけ・書くだけ"],
  "leave": ["Leave", "退出"],
  "nobody": ["Nobody is here yet.", "まだ誰もいません。"],
  "you": ["you", "あなた"],
  "bot": ["bot", "ボット"],
  "guest": ["guest", "ゲスト"],
  "speaking": ["speaking", "発言中"],
  "open mic": ["Open mic", "常時オン"],
  "push to talk": ["Push to talk", "押して話す"],
  "talk open": ["Microphone on · press to mute", "マイクはオン（押すとミュート）"],
  "talk muted": ["Muted · press to speak", "ミュート中（押すと話せます）"],
  "talk hold": ["Hold to talk (or the space bar)", "押している間だけ話せます（スペースキーでも）"],
  "talk held": ["You are speaking", "話しています"],
  "talk none": ["No microphone · try again", "マイクなし（もう一度試す）"],
  "level": ["Level of your microphone", "マイクの音量"],
  "threshold": ["Louder than this counts as speech", "この音量を超えると声として送ります"],
  "devices": ["Sound settings", "音の設定"],
  "default device": ["The system's microphone", "システムのマイク"],
  "volume": ["Volume", "音量"],
  "filters": ["The browser's echo and noise filters", "ブラウザーのエコー・雑音除去"],
  "guests": ["Guests", "ゲスト"],
  "add guest": ["Invite a guest", "ゲストを呼ぶ"],
  "guests hint": [
    "They say a shipped sentence, or an audio file you drop onto them: for rooms with several people, interruptions, noise.",
    "用意された文か、ここに落とした音声ファイルを話します。複数人の会話・割り込み・雑音を試せます。",
  ],
  "say": ["Say it", "話す"],
  "hush": ["Hush", "やめる"],
  "file": ["File…", "ファイル…"],
  "goodbye": ["Send {name} home", "{name}さんを帰す"],
  "sentence of": ["What {name} says", "{name}さんが話す文"],
  "noises": ["Noises", "雑音"],
  "chat of": ["Chat of {channel}", "{channel} のチャット"],
  "write": ["Write, or / for a command", "メッセージ、または / でコマンド"],
  "send": ["Send", "送信"],
  "run": ["Run {command}", "{command} を実行"],
  "cancel": ["Cancel", "やめる"],
  "required": ["required", "必須"],
  "choose": ["– choose –", "– 選択 –"],
  "yes": ["Yes", "はい"],
  "no": ["No", "いいえ"],
  "only you": ["Only you can see this", "あなただけに見えています"],
  "thinking": ["is thinking…", "考えています…"],
  "used": ["you used /{command}", "/{command} を使いました"],
  "in thread": ["in the thread {thread}", "スレッド「{thread}」"],
  "apps": ["Apps", "アプリ"],
  "download": ["Save {name}", "{name} を保存"],
  "turns": ["Where the time went", "時間の内訳"],
  "turns hint": [
    "From your last packet to the first sound of the answer in your ear, in milliseconds. The page itself is not in it.",
    "最後の音声パケットから、答えの最初の音が届くまで（ミリ秒）。このページ自身の遅れは含みません。",
  ],
  "no turns": ["Say something: each answer leaves a line here.", "話しかけると、答えごとに1行ずつ出ます。"],
  "speech": ["speech", "発言"],
  "silence": ["silence", "沈黙"],
  "model": ["model", "モデル"],
  "path": ["to your ear", "耳まで"],
  "playing": ["playing", "再生"],
  "turn": ["Turn {number}", "ターン {number}"],
  "total": ["{ms} ms in all", "全体 {ms} ms"],
  "own time": ["{ms} ms without the model", "モデルを除くと {ms} ms"],
  "goal": ["aim: ≤ 220", "目標 220 以下"],
  "talked over": ["talked over: quiet after {ms} ms", "割り込まれて {ms} ms で停止"],
  "unheard": ["asked early, not needed", "先回りの質問（不要に）"],
  "refused": ["the model answered {status}", "モデルの応答 {status}"],
  "running": ["waiting for the answer", "答えを待っています"],
  "own path": ["The page's own path", "このページ自身の遅れ"],
  "own path hint": ["Comes on top of the figures above: Discord's own app has such a path too.", "上の数字に加わる分です。Discord アプリにも同じような遅れがあります。"],
  "own in": ["microphone → bot", "マイク → ボット"],
  "own out": ["bot → ear", "ボット → 耳"],
  "own sum": ["together", "合計"],
  "own gaps": ["gaps heard", "途切れ"],
  "line": ["Your line", "回線の状態"],
  "line hint": ["Makes your connection worse, both ways.", "あなたの回線を、上り下りとも悪くします。"],
  "loss": ["Loss", "損失"],
  "delay": ["Delay", "遅延"],
  "jitter": ["Jitter", "揺らぎ"],
  "tab room": ["Voice", "ボイス"],
  "tab chat": ["Chat", "チャット"],
  "tab timing": ["Timing", "時間"],
  "parts": ["Parts of the page", "画面の切り替え"],
  "state joining": ["Coming…", "入室中…"],
  "state listening": ["Listening", "聞いています"],
  "state thinking": ["Thinking", "考えています"],
  "state speaking": ["Speaking", "話しています"],
  "state leaving": ["Leaving", "退出中"],
  "state away": ["Not in the channel", "チャンネルにいません"],
  "state starting": ["Starting…", "起動中…"],
  "state stopped": ["Stopped", "停止しました"],
  "hint listening": ["Just talk. You can interrupt it at any time.", "そのまま話しかけてください。いつでも割り込めます。"],
  "hint thinking": ["", ""],
  "hint speaking": ["Talk over it and it stops.", "話しかけると止まります。"],
  "hint away": ["Type /join to call it in.", "/join と入力して呼んでください。"],
  "mic refused": [
    "The microphone was refused. Allow it for this address in the browser's site settings, then try again. You can go on by writing and with guests.",
    "マイクの使用が許可されていません。ブラウザーのサイト設定で許可してから、もう一度お試しください。文字やゲストでも続けられます。",
  ],
  "mic none": [
    "No microphone was found. Plug one in and try again. You can go on by writing and with guests.",
    "マイクが見つかりません。接続してからもう一度お試しください。文字やゲストでも続けられます。",
  ],
  "mic busy": ["The microphone could not be opened: another program may be using it.", "マイクを開けません。ほかのアプリが使っているかもしれません。"],
  "mic lost": ["The microphone is gone: it was unplugged or taken away.", "マイクが外れたか、使えなくなりました。"],
  "again": ["Try again", "もう一度"],
  "taken": ["The playground is already open in another tab. Only one can hold the microphone.", "別のタブで開いています。マイクを使えるのは1つだけです。"],
  "moved": ["The playground has moved to another tab.", "別のタブに移りました。"],
  "use here": ["Use it here", "このタブで使う"],
  "stopped": ["The bot has stopped. {why}", "ボットが停止しました。{why}"],
  "start": ["Start it again", "もう一度起動"],
  "ended": [
    "The playground has ended. Start it again in your terminal: python -m bot playground — and open the link it prints.",
    "プレイグラウンドは終了しました。端末でもう一度 python -m bot playground を実行し、表示されたリンクを開いてください。",
  ],
  "no answer": ["The application did not respond.", "アプリケーションが応答しませんでした。"],
  "bad audio": ["This file could not be read as audio.", "音声ファイルとして読めませんでした。"],
  "playground_guests": ["There are as many guests as the room has chairs for.", "これ以上ゲストは呼べません。"],
  "closed": ["There is no connection to the playground.", "プレイグラウンドにつながっていません。"],
  "busy": ["Too much at once; try again.", "処理が重なっています。もう一度お試しください。"],
  "too large": ["This file is too large or could not be sent.", "ファイルが大きすぎるか、送れませんでした。"],
  "seconds": ["{n} s", "{n} 秒"],
};

const LANGUAGES = ["en", "ja"];
let language = LANGUAGES[0];

export const current = () => language;
export const locale = () => (language === "ja" ? "ja" : "en-US");

/** Return the text of a key. An unknown key is a sentence already, and is returned as it is. */
export function t(key, values = {}) {
  const found = WORDS[key]?.[LANGUAGES.indexOf(language)] ?? key;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const known = (key) => key in WORDS;

/** Set the language, and every text and label in the page's HTML. */
export function setLanguage(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : LANGUAGES[0];
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of document.querySelectorAll("[data-i18n-label]")) node.setAttribute("aria-label", t(node.dataset.i18nLabel));
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(node.dataset.language === language));
  }
}
