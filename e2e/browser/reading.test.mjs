// What a reader does: finds a model, compares, copies a snippet, and lets models answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, LARGE, SITE, SMALL, browse, open, page } from "./shared.mjs";

browse();

test("a model is found from the front page, and its providers are in its table", async (test) => {
  const reader = await page(test);
  await open(reader, "/");
  await reader.getByRole("searchbox", { name: "Search models" }).fill("gpt-4o-mini");
  await reader.keyboard.press("Enter");
  await reader.getByRole("link", { name: /^GPT-4o-mini$/i }).first().click();
  await reader.waitForURL(`${SITE}/models/${SMALL}`);
  const table = reader.getByRole("region", { name: "Table of providers" });
  await table.getByRole("link", { name: "Alpha" }).first().waitFor();
  assert.match(await table.innerText(), /\$0\.15/);
});

test("the whole id of a model leads from the search straight to its page", async (test) => {
  const reader = await page(test);
  await open(reader, "/");
  await reader.keyboard.press("/");
  await reader.keyboard.type(SMALL);
  await reader.keyboard.press("Enter");
  await reader.waitForURL(`${SITE}/models/${SMALL}`);
});

test("filters of the address that the form does not show outlive the form", async (test) => {
  const reader = await page(test);
  const kept = "min_price=0.01&max_price=5&model_authors=openai&providers=alpha&region=us&zdr=true";
  await open(reader, `/models?${kept}&available=all`);
  await reader.getByRole("checkbox", { name: /^Tools/ }).check();
  await reader.getByRole("button", { name: "Apply" }).click();
  await reader.waitForURL(/supported_parameters=tools/);
  const asked = new URL(reader.url()).searchParams;
  for (const [name, value] of new URLSearchParams(kept)) assert.equal(asked.get(name), value, name);
  const chips = await reader.getByRole("list", { name: "Filters that hold" }).innerText();
  for (const word of ["openai", "alpha", "The US", "0.01"]) assert.ok(chips.includes(word), `${word}: ${chips}`);
});

test("two models that are ticked stand side by side", async (test) => {
  const reader = await page(test);
  await open(reader, "/models?model_authors=openai,meta-llama");
  await reader.getByRole("checkbox", { name: "Compare GPT-4o-mini", exact: true }).check();
  await reader.getByRole("checkbox", { name: "Compare Llama 3.3 70B Instruct", exact: true }).check();
  await reader.getByRole("button", { name: "Compare the ticked models" }).click();
  await reader.waitForURL(/\/compare\?/);
  const table = reader.getByRole("region", { name: "Comparison" });
  for (const id of [SMALL, LARGE]) assert.ok((await table.innerText()).includes(id), id);
  await reader.getByRole("link", { name: /^Leave out Llama/ }).click();
  assert.doesNotMatch(await table.innerText(), /llama-3\.3-70b/);
});

test("a snippet that is copied has this address and this model", async (test) => {
  const reader = await page(test, { permissions: ["clipboard-read", "clipboard-write"] });
  await open(reader, `/models/${SMALL}`);
  await reader.getByRole("button", { name: "Copy curl" }).click();
  await reader.getByRole("status").getByText("Copied").waitFor({ state: "attached" });
  const text = await reader.evaluate(() => navigator.clipboard.readText());
  assert.ok(text.includes("curl ") && text.includes(`"${SMALL}"`), text);
  assert.ok(text.includes("/chat/completions"), text);
});

test("a calculation is an address, and cheap stands before dear", async (test) => {
  const reader = await page(test);
  await open(reader, `/models/${SMALL}`);
  await reader.getByRole("button", { name: "Calculate" }).click();
  const rows = reader.getByRole("region", { name: "Costs" }).locator("tbody tr td:last-child");
  const costs = (await rows.allInnerTexts()).map((text) => Number(text.replace(/[^0-9.]/g, "")));
  assert.ok(costs.length > 1 && costs.every((cost) => cost > 0), costs);
  assert.deepEqual(costs, costs.toSorted((a, b) => a - b));
  assert.ok(new URL(reader.url()).search, reader.url());
});

test("two models stream in the playground, each with its receipt", async (test) => {
  const reader = await page(test);
  await open(reader, `/playground?m=${SMALL},${LARGE}`);
  await reader.getByLabel("Key", { exact: true }).fill(KEY);
  await reader.getByLabel("Question").fill("Say hello.");
  await reader.getByRole("button", { name: "Ask" }).click();
  await reader.getByText("Done.").waitFor();
  for (const model of [SMALL, LARGE]) {
    const answer = reader.getByRole("region", { name: `Answer of ${model}` });
    assert.ok((await answer.locator(".answer:not(.thought)").innerText()).trim(), model);
    const receipt = await answer.locator("p").innerText();
    assert.match(receipt, /cost \$0\.\d+ · \d+ tokens in, \d+ out · first token \d+ ms/);
    assert.match(receipt, /served by \w+ · gen-/);
  }
  assert.equal(await reader.evaluate(() => localStorage.length), 0);
});

test("a key that is wrong is told in the playground", async (test) => {
  const reader = await page(test, { allowed: /status of 401/ });
  await open(reader, `/playground?m=${SMALL}`);
  await reader.getByLabel("Key", { exact: true }).fill("sk-il-v1-nobody");
  await reader.getByRole("button", { name: "Ask" }).click();
  await reader.getByText("Done.").waitFor();
  assert.match(await reader.locator("#answers .bad").innerText(), /key/i);
});
