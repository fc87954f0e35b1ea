// The stream of events over fetch, not EventSource: an API key is a header, and a refusal can be read.

export const KEY = "fraudstream-key";
const FIRST_MS = 500;
const LONGEST_MS = 8_000;
const SILENT_MS = 25_000;

export function key() {
  try { return sessionStorage.getItem(KEY) || ""; } catch { return ""; }
}

export function headers(more = {}) {
  return key() ? { ...more, authorization: `Bearer ${key()}` } : more;
}

export async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: headers(options.headers), cache: "no-store" });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(body.message || `the server answers ${answer.status}`), { status: answer.status, code: body.error_code });
  return body;
}

/* `on` hears each event by name, and `link` how it stands: live, away (with why), key. */
export async function follow(on) {
  let last = "";
  let pause = FIRST_MS;
  for (;;) {
    const stop = new AbortController();
    let timer;
    const alive = () => { clearTimeout(timer); timer = setTimeout(() => stop.abort(), SILENT_MS); };
    try {
      alive();
      const answer = await fetch("page/events", { headers: headers(last ? { "last-event-id": last } : {}), signal: stop.signal, cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) {
        await on.key(Boolean(key()));
        continue;
      }
      if (!answer.ok) throw new Error(answer.status === 503 ? "the server has too many viewers" : `the server answers ${answer.status}`);
      on.link("live", "Live");
      for await (const event of events(answer.body, alive)) {
        pause = FIRST_MS;
        if (event.id) last = event.id;
        on[event.name]?.(JSON.parse(event.data));
      }
      throw new Error("the server ended the stream");
    } catch (error) {
      stop.abort();
      on.link("away", error.name === "TypeError" ? "the server does not answer" : error.name === "AbortError" ? "the server has gone silent" : error.message);
    } finally {
      clearTimeout(timer);
    }
    await new Promise((go) => { setTimeout(go, pause * (0.75 + Math.random() / 2)); });
    pause = Math.min(pause * 2, LONGEST_MS);
  }
}

async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const blocks = (kept + value).split("\n\n");
    kept = blocks.pop();
    for (const block of blocks) {
      const event = { name: "", id: "", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("id: ")) event.id = line.slice(4);
        else if (line.startsWith("data: ")) event.data = line.slice(6);
      }
      if (event.name) yield event;
    }
  }
}
