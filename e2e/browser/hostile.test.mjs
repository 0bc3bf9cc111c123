// Whatever the world calls itself: names, titles, addresses and errors are shown and never run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE, KEY, MISSING, SITE, browse, open, page, put, script } from "./shared.mjs";

browse();

/** What on a page could run that the site did not put there. */
const intruders = () => {
  const strange = [];
  for (const it of document.querySelectorAll("*")) {
    for (const { name, value } of it.attributes) {
      const leads = ["href", "src", "action", "formaction", "data", "xlink:href"].includes(name);
      if (name.startsWith("on") || (leads && /^\s*(javascript|data|vbscript):/i.test(value))) {
        strange.push(`${it.tagName} ${name}=${value}`);
      }
    }
  }
  // A block of data is no script: no browser runs it, whatever it holds.
  const data = "[type='application/ld+json']:not([src])";
  const foreign = `script:not([src^='/assets/'], ${data}), iframe, object, embed, meta[http-equiv], base, style`;
  for (const it of document.querySelectorAll(foreign)) strange.push(it.outerHTML.slice(0, 100));
  return strange;
};

async function clean(reader, where) {
  assert.deepEqual(await reader.evaluate(intruders), [], where);
}

test("the corpus has 150 strings, each once", () => {
  assert.equal(new Set(HOSTILE).size, 150);
});

test("a model's name is text, in lists, on its page and beside others", async (test) => {
  const reader = await page(test);
  for (let offset = 0; offset < HOSTILE.length; offset += 50) {
    await open(reader, `/models?model_authors=hostile&limit=50&offset=${offset}`);
    const shown = await reader.locator("tbody th > a").allTextContents();
    assert.equal(shown.length, 50);
    for (const name of shown) assert.ok(HOSTILE.includes(name), name);
    await clean(reader, `list ${offset}`);
  }
  for (const [number, name] of HOSTILE.entries()) {
    await open(reader, `/models/hostile/m${number}`);
    assert.equal(await reader.locator("h1").textContent(), name);
    assert.ok((await reader.title()).startsWith(name.trim().replace(/\s+/g, " ").slice(0, 25)), name);
    const told = await reader.locator("script[type='application/ld+json']").textContent();
    assert.equal(JSON.parse(told).name, name);
    await clean(reader, name);
  }
  for (let first = 0; first < HOSTILE.length; first += 6) {
    const six = HOSTILE.slice(first, first + 6).map((_, place) => `hostile/m${first + place}`);
    await open(reader, `/compare?m=${six.join(",")}`);
    assert.equal(await reader.locator("thead th").count(), 6);
    await clean(reader, `compare ${first}`);
  }
  await open(reader, "/playground?m=hostile/m0");
  await clean(reader, "playground");
});

test("what is asked of a page is text in its answer", async (test) => {
  const reader = await page(test, { allowed: MISSING });
  for (const text of HOSTILE) {
    const asked = encodeURIComponent(text);
    // Each page says again what it was asked: the list its filters, the missing page its address.
    for (const path of [`/models?q=${asked}&region=${asked}`, `/compare?m=${asked}`, `/models/a/${asked}`]) {
      await reader.goto(`${SITE}${path}`, { waitUntil: "domcontentloaded" });
      await clean(reader, path);
    }
  }
});

/** Asks for an answer in the name of an app. */
async function askAs(title, referer) {
  const answer = await fetch(`${process.env.INTERLINE_URL}/chat/completions`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${KEY}`,
      "X-Title": Buffer.from(title, "utf8").toString("latin1"),
      "HTTP-Referer": Buffer.from(referer, "utf8").toString("latin1"),
    },
    body: JSON.stringify({ model: "hostile/m0", messages: [{ role: "user", content: title }] }),
  });
  assert.equal(answer.status, 200, title);
  await answer.json();
}

/** The apps that the site tells of, once it tells of so many. */
async function apps(least) {
  let told = [];
  for (let tries = 0; tries < 240; tries += 1) {
    told = (await (await fetch(`${SITE}/apps.json`)).json()).data;
    if (least <= told.length) return told;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return assert.fail(`only ${told.length} apps are told of`);
}

test("an app's title and address are text wherever they are shown", async (test) => {
  for (const [number, text] of HOSTILE.entries()) {
    await askAs(text, `https://app-${number}.example.com/`);
    await askAs("An app", `https://${text}`);
    await askAs(text, `https://github.com/${text}`);
  }
  const told = await apps(HOSTILE.length);
  const reader = await page(test, { allowed: MISSING });
  for (const path of ["/", "/status", "/models/hostile/m0", "/providers/hostile", "/rankings", "/apps"]) {
    await open(reader, path);
    await clean(reader, path);
    await reader.setViewportSize({ width: 320, height: 640 });
    const width = await reader.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 320, `${path} is ${width} wide on a screen of 320`);
    await reader.setViewportSize({ width: 1280, height: 900 });
  }
  const links = reader.getByRole("region", { name: "Apps" }).locator("tbody a");
  const shown = await links.evaluateAll((all) => all.map((it) => [it.textContent, it.getAttribute("href")]));
  const own = shown.filter(([, href]) => href.startsWith("/apps/"));
  assert.ok(100 <= own.length, `${own.length} apps lead to their pages`);
  const titles = new Set();
  for (const [title, href] of own) {
    await open(reader, href);
    assert.equal(await reader.locator("h1").textContent(), title);
    await clean(reader, href);
    titles.add(title);
  }
  const verbatim = HOSTILE.filter((text) => titles.has(text.trim()));
  assert.ok(50 < verbatim.length, `${verbatim.length} titles are shown as they were sent`);
  for (const { app_url: url } of told) {
    const twin = `${SITE}/apps/${url.replace(/^https:\/\//, "").replace("://", ":").split("/").map(encodeURIComponent).join("/")}.json`;
    assert.equal((await (await fetch(twin)).json()).data.app_url, url);
  }
  for (const text of HOSTILE) {
    await reader.goto(`${SITE}/apps/${encodeURIComponent(text)}`, { waitUntil: "domcontentloaded" });
    await clean(reader, `/apps/ ${text}`);
  }
});

test("what a model says and what goes wrong are text in the playground", async (test) => {
  const reader = await page(test, { allowed: /status of (400|404|503)/ });
  await script(test, "hostile", {});
  await open(reader, "/playground?m=hostile/m0");
  await reader.getByLabel("Key", { exact: true }).fill(KEY);
  const ask = async () => {
    await reader.getByRole("button", { name: "Ask" }).click();
    await reader.getByText("Done.").waitFor();
    await clean(reader, "playground");
  };
  for (const text of HOSTILE) {
    await put("hostile", { text });
    await reader.locator("[name=m]").first().fill("hostile/m0");
    await ask();
    assert.equal(await reader.locator(".answer:not(.thought)").textContent(), text);
    await put("hostile", { fault: { kind: "status", status: 400, message: text } });
    await ask();
    assert.ok(await reader.locator("#answers .bad").textContent(), text);
    await put("hostile", {});
    await reader.locator("[name=m]").first().fill(text);
    await ask();
    assert.ok(await reader.locator("#answers .bad").textContent(), text);
  }
});
