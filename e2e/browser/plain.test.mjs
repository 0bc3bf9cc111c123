// The site without JavaScript: links and forms.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { KINDS, LARGE, MISSING, SITE, SMALL, browse, counted, open, page } from "./shared.mjs";

browse();
before(counted);

const PLAIN = { javaScriptEnabled: false };

test("every kind of page says what it is without JavaScript", async (test) => {
  const reader = await page(test, { ...PLAIN, allowed: MISSING });
  for (const [path, status] of Object.entries(KINDS)) {
    await open(reader, path, status);
    assert.ok((await reader.locator("h1").innerText()).trim(), path);
    assert.ok((await reader.locator("main").innerText()).length > 80, path);
  }
});

test("a model is searched for, filtered and opened without JavaScript", async (test) => {
  const reader = await page(test, PLAIN);
  await open(reader, "/models");
  await reader.getByRole("searchbox", { name: "Search models" }).fill("gpt-4o");
  await reader.keyboard.press("Enter");
  await reader.waitForURL(/q=gpt-4o/);
  await reader.getByRole("checkbox", { name: /^Tools/ }).check();
  await reader.getByRole("button", { name: "Apply" }).click();
  await reader.waitForURL(/supported_parameters=tools/);
  assert.match(reader.url(), /q=gpt-4o/);
  await reader.getByRole("link", { name: /^GPT-4o-mini$/i }).first().click();
  await reader.waitForURL(`${SITE}/models/${SMALL}`);
  assert.match(await reader.getByRole("region", { name: "curl", exact: true }).innerText(), /curl /);
});

test("models are compared without JavaScript", async (test) => {
  const reader = await page(test, PLAIN);
  await open(reader, `/compare?m=${SMALL}`);
  await reader.getByLabel("Add a model by its id").fill(LARGE);
  await reader.getByRole("button", { name: "Add" }).click();
  assert.match(await reader.getByRole("region", { name: "Comparison" }).innerText(), /Llama/);
});

test("the playground says what it needs, and how the same is done without it", async (test) => {
  const reader = await page(test, PLAIN);
  await open(reader, `/playground?m=${SMALL}`);
  assert.match(await reader.locator("noscript").innerText(), /JavaScript[^]*curl /);
});
