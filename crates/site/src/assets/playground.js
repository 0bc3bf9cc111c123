// Asks up to four models the same question at a time, and shows what each says and costs. The key
// stays in this tab's storage and goes nowhere but to this instance.

const form = document.getElementById("play");
const answers = document.getElementById("answers");
const key = document.getElementById("key");
const stop = document.getElementById("stop");
const status = document.getElementById("play-status");
const KEPT = "interline-key";
let running = null;

key.value = sessionStorage.getItem(KEPT) || key.defaultValue;
key.addEventListener("change", () => sessionStorage.setItem(KEPT, key.value.trim()));
document.getElementById("forget").addEventListener("click", () => {
  sessionStorage.removeItem(KEPT);
  key.value = "";
  key.focus();
});

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text ?? "";
  return made;
}

/** A card for one model's answer. */
function card(model) {
  const box = element("section", "card");
  const head = element("header", "");
  head.append(element("h2", "", model));
  const body = element("div", "in");
  const thought = element("div", "answer thought");
  thought.hidden = true;
  const text = element("div", "answer");
  const receipt = element("p", "quiet", "Waiting for the first token…");
  body.append(thought, text, receipt);
  box.append(head, body);
  box.setAttribute("aria-label", `Answer of ${model}`);
  answers.append(box);
  return { thought, text, receipt, said: false };
}

/** The events of a stream, one after the other. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const data = line.startsWith("data:") ? line.slice(5).trim() : "";
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

const dollars = (cost) => `$${Number(cost).toFixed(9).replace(/0+$/, "").replace(/\.$/, "")}`;

async function ask(model, messages, place, signal) {
  const began = performance.now();
  let first = null;
  let usage = null;
  let provider = "";
  const answer = await fetch("/api/v1/chat/completions", {
    method: "POST",
    signal,
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key.value.trim()}` },
    body: JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true } }),
  });
  if (!answer.ok) {
    const failure = await answer.json().catch(() => null);
    throw new Error(failure?.error?.message ?? `The answer was ${answer.status}.`);
  }
  for await (const event of events(answer.body)) {
    if (event.error) throw new Error(event.error.message);
    provider = event.provider ?? provider;
    usage = event.usage ?? usage;
    const delta = event.choices?.[0]?.delta ?? {};
    const thought = delta.reasoning ?? delta.reasoning_content ?? "";
    if (thought) {
      place.thought.hidden = false;
      place.thought.append(thought);
    }
    if (delta.content) place.text.append(delta.content);
    if ((thought || delta.content) && first === null) {
      first = performance.now() - began;
      place.receipt.textContent = `First token after ${Math.round(first)} ms`;
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const parts = [
    usage?.cost === undefined ? "cost not told" : `cost ${dollars(usage.cost)}`,
    usage ? `${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out` : "",
    first === null ? "" : `first token ${Math.round(first)} ms`,
    `${seconds.toFixed(1)} s in all`,
    provider ? `served by ${provider}` : "",
    answer.headers.get("x-generation-id") ?? "",
  ];
  place.receipt.textContent = parts.filter(Boolean).join(" · ");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  const named = [...form.querySelectorAll("[name=m]")].map((field) => field.value.trim());
  const models = [...new Set(named.filter(Boolean))];
  const prompt = form.elements.prompt.value.trim();
  const missing = !key.value.trim() ? "A key is missing." : !models.length ? "No model is named." : "";
  if (missing || !prompt) {
    status.textContent = missing || "There is nothing to ask.";
    return;
  }
  const system = form.elements.system.value.trim();
  const messages = [{ role: "user", content: prompt }];
  if (system) messages.unshift({ role: "system", content: system });
  answers.replaceChildren();
  running = new AbortController();
  stop.disabled = false;
  status.textContent = "Asking…";
  const asked = models.map(async (model) => {
    const place = card(model);
    try {
      await ask(model, messages, place, running.signal);
    } catch (error) {
      const stopped = error.name === "AbortError";
      place.receipt.className = stopped ? "quiet" : "bad";
      place.receipt.textContent = stopped ? "Stopped." : error.message;
    }
  });
  await Promise.all(asked);
  running = null;
  stop.disabled = true;
  status.textContent = "Done.";
});

stop.addEventListener("click", () => running?.abort());
