// Every kind of page for everybody: axe in both themes, narrow screens, and the keyboard alone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { KEY, KINDS, MISSING, SITE, SMALL, browse, counted, open, page } from "./shared.mjs";

browse();
before(counted);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds no violation on any kind of page, ${colorScheme}`, async (test) => {
    const reader = await page(test, { colorScheme, allowed: MISSING });
    const found = [];
    for (const [path, status] of Object.entries(KINDS)) {
      await open(reader, path, status);
      await reader.evaluate(AXE);
      const { violations } = await reader.evaluate(() => globalThis.axe.run());
      for (const { id, nodes } of violations) found.push(`${path} ${id} ${nodes[0].html.slice(0, 160)}`);
    }
    assert.deepEqual(found, []);
  });
}

test("no page is wider than a screen of 320 pixels", async (test) => {
  const reader = await page(test, { viewport: { width: 320, height: 640 }, allowed: MISSING });
  const wide = [];
  for (const [path, status] of Object.entries(KINDS)) {
    await open(reader, path, status);
    const width = await reader.evaluate(() => document.documentElement.scrollWidth);
    if (320 < width) wide.push(`${path} ${width}`);
  }
  assert.deepEqual(wide, []);
});

/** What has the focus, and whether one sees it: it is on the screen, uncovered, with a ring. */
const focused = () => {
  const it = document.activeElement;
  const style = getComputedStyle(it);
  const place = it.getBoundingClientRect();
  // Past the last stop the browser's own bars come, or at once the first stop again.
  const again = it.dataset.visited === "true";
  it.dataset.visited = "true";
  const within = (from, to, end) => (Math.max(from, 0) + Math.min(to, end)) / 2;
  const top = document.elementFromPoint(
    within(place.left, place.right, innerWidth), within(place.top, place.bottom, innerHeight));
  return {
    is: (it.getAttribute("aria-label") ?? it.labels?.[0]?.firstElementChild?.textContent ?? it.textContent).trim(),
    ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    // A link over two lines has its middle between them.
    seen: top !== null && (it.contains(top) || top.contains(it)) && !top.closest(".bar") === !it.closest(".bar"),
    out: it === document.body,
    again,
  };
};

/** What the keyboard should come to and has not. */
const missed = () => {
  const stops = document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']");
  const open = [...stops].filter((it) => it.checkVisibility() && !it.disabled && it.type !== "hidden");
  return open.filter((it) => !it.dataset.visited).map((it) => it.outerHTML.slice(0, 120));
};

test("Tab comes to everything, the focus is seen there, and leaves the page again", async (test) => {
  const reader = await page(test, { allowed: MISSING });
  for (const [path, status] of Object.entries(KINDS)) {
    await open(reader, path, status);
    let isOut = false;
    for (let count = 0; count < 500 && !isOut; count += 1) {
      await reader.keyboard.press("Tab");
      const { is, ringed, seen, out, again } = await reader.evaluate(focused);
      assert.ok(out || (ringed && seen), `${path}: ${is}, ringed: ${ringed}, seen: ${seen}`);
      isOut = out || again;
    }
    assert.ok(isOut, `${path}: the focus does not come out`);
    assert.deepEqual(await reader.evaluate(missed), [], path);
  }
});

/** Presses Tab until something is in the focus. */
async function tabTo(reader, name) {
  for (let count = 0; count < 300; count += 1) {
    await reader.keyboard.press("Tab");
    const { is } = await reader.evaluate(focused);
    if (is === name) return;
  }
  assert.fail(`Tab never came to ${name}`);
}

test("the first stop leads past the bar to the content", async (test) => {
  const reader = await page(test);
  await open(reader, "/models");
  await reader.keyboard.press("Tab");
  await reader.keyboard.press("Enter");
  assert.equal(await reader.evaluate(() => document.activeElement.id), "main");
});

test("a model is found, compared and asked with the keyboard alone", async (test) => {
  const reader = await page(test);
  await open(reader, "/");
  await reader.keyboard.press("/");
  await reader.keyboard.type("gpt-4o");
  await reader.keyboard.press("Enter");
  await reader.waitForURL(/q=gpt-4o/);
  await tabTo(reader, "Compare GPT-4o");
  await reader.keyboard.press("Space");
  await tabTo(reader, "Compare GPT-4o-mini");
  await reader.keyboard.press("Space");
  // The ticks belong to the form above the list: Enter on one of them sends it.
  await reader.keyboard.press("Enter");
  await reader.waitForURL(/\/compare\?m=/);
  await open(reader, `/playground?m=${SMALL}`);
  await tabTo(reader, "Key");
  await reader.keyboard.type(KEY);
  await tabTo(reader, "Question");
  await tabTo(reader, "Ask");
  await reader.keyboard.press("Enter");
  await reader.getByText("Done.").waitFor();
  assert.ok((await reader.locator(".answer:not(.thought)").innerText()).trim());
  assert.ok(reader.url().startsWith(SITE));
});
