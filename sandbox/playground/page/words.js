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
    "This is a Discord server on your own machine, with the bot in a voice channel. Your voice takes the real path: Opus, end-to-end encryption, UDP, and back.",
    "ここは、あなたのパソコンの中だけで動く Discord サーバーです。ボイスチャンネルにボットがいます。声は Opus・エンドツーエンド暗号化・UDP を通り、本番と同じ道を往復します。",
  ],
  "welcome stand-in": [
    "No API key is set, so a stand-in answers: it says a sentence and plays back what it heard. Set OPENAI_API_KEY to talk to the real model.",
    "APIキーがないため、代役が答えます（決まった文のあと、聞こえた声をそのまま返します）。OPENAI_API_KEY を設定すると本物のモデルが答えます。",
  ],
  "welcome real": [
    "{model} answers. What you say is sent to the model's server, and each answer costs money. The total is shown at the top.",
    "{model} が答えます。話した内容はモデルのサーバーに送られ、料金がかかります。合計は画面の上に出ます。",
  ],
  "enter": ["Join with your microphone", "マイクで参加する"],
  "enter silent": ["Join without a microphone", "聞くだけ・書くだけ"],
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
    "Guests play a shipped sentence or an audio file you drop on them. Use them to try several speakers, interruptions and noise.",
    "用意された文か、ここに落とした音声ファイルを話します。複数人の会話・割り込み・雑音を試せます。",
  ],
  "say": ["Say it", "話す"],
  "hush": ["Stop", "停止"],
  "file": ["File…", "ファイル…"],
  "goodbye": ["Remove {name}", "{name}さんを外す"],
  "sentence of": ["What {name} says", "{name}さんが話す文"],
  "noises": ["Noises", "雑音"],
  "chat of": ["{channel} chat", "{channel} のチャット"],
  "write": ["Write, or / for a command", "メッセージ、または / でコマンド"],
  "send": ["Send", "送信"],
  "run": ["Run {command}", "{command} を実行"],
  "cancel": ["Cancel", "キャンセル"],
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
  "turns": ["Response times", "時間の内訳"],
  "turns hint": [
    "From your last packet to the first sound of the answer, in milliseconds. The page's own delay is not included.",
    "最後の音声パケットから、答えの最初の音が届くまで（ミリ秒）。このページ自身の遅れは含みません。",
  ],
  "no turns": ["Say something: each answer adds a row here.", "話しかけると、答えごとに1行ずつ出ます。"],
  "speech": ["speech", "発言"],
  "silence": ["silence", "沈黙"],
  "model": ["model", "モデル"],
  "path": ["to your ears", "耳まで"],
  "playing": ["playing", "再生"],
  "turn": ["Turn {number}", "ターン {number}"],
  "total": ["{ms} ms total", "全体 {ms} ms"],
  "own time": ["{ms} ms without the model", "モデルを除くと {ms} ms"],
  "goal": ["goal: ≤ 220", "目標 220 以下"],
  "talked over": ["interrupted: quiet after {ms} ms", "割り込まれて {ms} ms で停止"],
  "unheard": ["prepared early, not used", "先読みした回答（未使用）"],
  "refused": ["the model answered {status}", "モデルの応答 {status}"],
  "running": ["waiting for the answer", "答えを待っています"],
  "own path": ["The page's own delay", "このページ自身の遅れ"],
  "own path hint": ["This adds to the figures above. Discord's own app has a similar delay.", "上の数字に加わる分です。Discord アプリにも同じような遅れがあります。"],
  "own in": ["microphone → bot", "マイク → ボット"],
  "own out": ["bot → ears", "ボット → 耳"],
  "own sum": ["total", "合計"],
  "own gaps": ["gaps", "途切れ"],
  "line": ["Your connection", "回線の状態"],
  "line hint": ["Degrades your connection in both directions.", "回線の品質を、上り・下りとも下げます。"],
  "loss": ["Packet loss", "パケットロス"],
  "delay": ["Delay", "遅延"],
  "jitter": ["Jitter", "揺らぎ"],
  "tab room": ["Voice", "ボイス"],
  "tab chat": ["Chat", "チャット"],
  "tab timing": ["Timing", "時間"],
  "parts": ["Views", "画面の切り替え"],
  "state joining": ["Joining…", "入室中…"],
  "state listening": ["Listening", "聞いています"],
  "state thinking": ["Thinking", "考えています"],
  "state speaking": ["Speaking", "話しています"],
  "state leaving": ["Leaving", "退出中"],
  "state away": ["Not in the channel", "チャンネルにいません"],
  "state starting": ["Starting…", "起動中…"],
  "state stopped": ["Stopped", "停止しました"],
  "hint listening": ["Just talk. You can interrupt it at any time.", "そのまま話しかけてください。いつでも割り込めます。"],
  "hint thinking": ["", ""],
  "hint speaking": ["Start talking and it stops.", "話しかけると止まります。"],
  "hint away": ["Type /join to bring it in.", "/join と入力して呼んでください。"],
  "mic refused": [
    "Microphone access was denied. Allow it in the browser's site settings, then try again. You can still type and use guests.",
    "マイクの使用が許可されていません。ブラウザーのサイト設定で許可してから、もう一度お試しください。文字やゲストでも続けられます。",
  ],
  "mic none": [
    "No microphone found. Connect one and try again. You can still type and use guests.",
    "マイクが見つかりません。接続してからもう一度お試しください。文字やゲストでも続けられます。",
  ],
  "mic busy": ["The microphone couldn't be opened. Another program may be using it.", "マイクを開けません。ほかのアプリが使っているかもしれません。"],
  "mic lost": ["The microphone was disconnected.", "マイクが外れたか、使えなくなりました。"],
  "again": ["Try again", "もう一度"],
  "taken": ["The playground is already open in another tab. Only one tab can use the microphone.", "別のタブで開いています。マイクを使えるのは1つだけです。"],
  "moved": ["The playground has moved to another tab.", "別のタブに移りました。"],
  "use here": ["Use it here", "このタブで使う"],
  "stopped": ["The bot has stopped. {why}", "ボットが停止しました。{why}"],
  "start": ["Start it again", "もう一度起動"],
  "reconnecting": ["Connection lost. Reconnecting…", "接続が切れました。再接続しています…"],
  "ended": [
    "The playground isn't responding. If you stopped it, start it again in your terminal (python -m bot playground) and open the new link. Still reconnecting…",
    "プレイグラウンドが応答しません。終了した場合は、端末でもう一度 python -m bot playground を実行し、新しいリンクを開いてください。再接続を続けています…",
  ],
  "no answer": ["The application did not respond.", "アプリケーションが応答しませんでした。"],
  "bad audio": ["This file couldn't be read as audio.", "音声ファイルとして読めませんでした。"],
  "playground_guests": ["The room is full.", "これ以上ゲストは呼べません。"],
  "closed": ["Not connected to the playground.", "プレイグラウンドにつながっていません。"],
  "busy": ["Too many requests. Try again.", "処理が重なっています。もう一度お試しください。"],
  "too large": ["This file is too large or couldn't be sent.", "ファイルが大きすぎるか、送れませんでした。"],
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
