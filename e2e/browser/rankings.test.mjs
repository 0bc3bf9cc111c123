// Reading a ranking: the page, its twins and the API tell the same.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { DEMO, browse, open, page } from "./shared.mjs";

browse();

const ROOT = { Authorization: `Bearer ${process.env.INTERLINE_ROOT_KEY}` };
const QUESTIONS = ["models", "authors", "providers", "apps", "tasks", "rising", "stable", "value", "hours"];

const json = async (path, headers = {}) => {
  const answer = await fetch(`${DEMO}${path}`, { headers });
  assert.equal(answer.status, 200, path);
  return answer.json();
};

before(async () => {
  // The demo's traffic is made up and counted behind its first answers.
  for (let tries = 0; tries < 240; tries += 1) {
    if ((await json("/rankings/models.json")).data.length) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail("the demo has no ranking");
});

test("a reader learns who leads, how sure that is, and goes on to the model", async (test) => {
  const reader = await page(test);
  await open(reader, `${DEMO}/`);
  await reader.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Rankings" }).click();
  const answer = await reader.locator(".lede").innerText();
  const table = reader.getByRole("region", { name: "Ranking" });
  const first = table.locator("tbody tr").first().getByRole("link");
  const name = await first.innerText();
  assert.ok(answer.includes(name), `${answer} does not name ${name}`);
  assert.match(answer, /In the 7 days to \d{4}-\d\d-\d\d/);
  assert.match(await reader.locator("main").innerText(), /made up/);
  await reader.getByRole("img", { name: /Tokens by week/ }).waitFor();
  await reader.getByRole("navigation", { name: "By" }).getByRole("link", { name: "spend" }).click();
  await reader.waitForURL(/by=spend/);
  await table.locator("tbody tr").first().getByRole("link").click();
  await reader.getByRole("heading", { name: "Service, ninety days" }).waitFor();
});

test("every question has an answer, and its figures in every form", async (test) => {
  const reader = await page(test);
  for (const name of QUESTIONS) {
    await open(reader, `${DEMO}/rankings/${name}`);
    const { question, answer, data } = await json(`/rankings/${name}.json`);
    assert.equal(await reader.locator("h1").innerText(), question);
    assert.equal(await reader.locator(".lede").innerText(), answer);
    const csv = await (await fetch(`${DEMO}/rankings/${name}.csv`)).text();
    const lines = csv.trimEnd().split("\n").length - 1;
    assert.equal(Math.max(lines, 0), data.length, name);
    const markdown = await (await fetch(`${DEMO}/rankings/${name}.md`)).text();
    assert.ok(markdown.startsWith(`# ${question}`), name);
  }
});

test("page, JSON, CSV and API tell the same figure", async (test) => {
  const query = "?window=month&by=spend";
  const told = (await json(`/rankings/models.json${query}`)).data;
  const api = (await json(`/api/v1/rankings/models${query}`, ROOT)).data;
  assert.ok(told.length > 3);
  for (const [place, row] of told.entries()) {
    for (const name of ["rank", "name", "share", "tokens", "raw_tokens", "spend", "requests", "accounts"]) {
      assert.deepEqual(row[name], api[place][name], `${name} of row ${place}`);
    }
    assert.equal(row["change.growth"], api[place].change.growth);
  }
  const csv = (await (await fetch(`${DEMO}/rankings/models.csv${query}`)).text()).trim().split("\n");
  const names = csv[0].split(",");
  const first = Object.fromEntries(csv[1].split(",").map((cell, place) => [names[place], cell]));
  assert.equal(Number(first.spend), told[0].spend);
  const reader = await page(test);
  await open(reader, `${DEMO}/rankings${query}`);
  const cells = reader.getByRole("region", { name: "Ranking" }).locator("tbody tr").first().locator("td");
  const [rank, , , share, , accounts] = await cells.allInnerTexts();
  assert.equal(Number.parseInt(rank, 10), told[0].rank);
  assert.equal(share, `${(told[0].share * 100).toFixed(1)} %`);
  assert.equal(Number(accounts.replace(/,/g, "")), told[0].accounts);
});

test("a private instance shows its traffic to nobody without a word from its operator", async (test) => {
  const reader = await page(test);
  await open(reader, "/rankings");
  assert.match(await reader.locator("main").innerText(), /not shown to everybody/);
});
