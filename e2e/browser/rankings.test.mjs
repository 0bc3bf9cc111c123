// Reading a ranking, from the first question to an answer of the model that was picked.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { DEMO, browse, counted, open, page } from "./shared.mjs";

browse();

const QUESTIONS = ["models", "authors", "providers", "apps", "tasks", "rising", "stable", "value", "hours"];

const json = async (path) => {
  const answer = await fetch(`${DEMO}${path}`);
  assert.equal(answer.status, 200, path);
  return answer.json();
};

before(counted);

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

test("what rankings are counted by stands among them, and each leads to it", async (test) => {
  const reader = await page(test);
  for (const name of QUESTIONS) {
    await open(reader, `${DEMO}/rankings/${name}`);
    await reader.getByRole("link", { name: "How it is counted" }).click();
    await reader.waitForURL(`${DEMO}/rankings/methodology`);
  }
  assert.match(await reader.locator("h1").innerText(), /rk-1/);
  await reader.getByRole("navigation", { name: "Questions" }).getByRole("link", { name: "Value" }).click();
  await reader.waitForURL(`${DEMO}/rankings/value`);
});

test("an app's page tells its models, its tasks and its days, in every form the same", async (test) => {
  const reader = await page(test);
  await open(reader, `${DEMO}/apps`);
  const first = reader.getByRole("region", { name: "Apps" }).locator("tbody tr").first();
  const title = await first.getByRole("link").first().innerText();
  await first.getByRole("link").first().click();
  await reader.waitForURL(/\/apps\/[a-z.]+$/);
  assert.equal(await reader.locator("h1").innerText(), title);
  const path = new URL(reader.url()).pathname;
  const { data } = await json(`${path}.json`);
  assert.equal(data.app_name, title);
  const month = (await json("/rankings/apps.json?window=month")).data;
  const told = month.find((app) => app.app_url === data.app_url);
  assert.deepEqual([data.tokens, data.requests], [told.raw_tokens, told.requests]);
  assert.equal(data.days.length, 90);
  const shares = data.tasks.reduce((sum, task) => sum + task.share, 0);
  assert.ok(0.9 < shares && shares <= 1.000001, shares);
  const csv = (await (await fetch(`${DEMO}${path}.csv`)).text()).trim().split("\n");
  assert.equal(csv.length - 1, data.models.length);
  assert.equal(csv[1].split(",")[0], data.models[0].model);
  const models = reader.getByRole("region", { name: "Table of models" }).locator("tbody tr");
  assert.ok((await models.first().innerText()).includes(data.models[0].model));
  await reader.getByText("The figures").click();
  const days = reader.getByRole("region", { name: /^Figures: / }).locator("tbody tr");
  assert.equal(await days.count(), 90);
  await models.first().getByRole("link").click();
  await reader.waitForURL(/\/models\//);
});

test("a model's page draws speed and prices from day to day, with their figures", async (test) => {
  const reader = await page(test);
  const busiest = (await json("/rankings/models.json?by=raw-tokens")).data[0].name;
  await open(reader, `${DEMO}/models/${busiest}`);
  await reader.getByRole("img", { name: /^Time to the first token, / }).waitFor();
  await reader.getByRole("img", { name: /^Tokens a second, / }).waitFor();
  const speed = reader.getByRole("region", { name: "Table of speed" });
  const [answers, ...spread] = await speed.locator("tbody tr").first().locator("td").allInnerTexts();
  assert.match(answers, /^\d/);
  assert.equal(spread.length, 8);
  const other = reader.getByRole("navigation", { name: "Speed: Endpoint" }).getByRole("link").nth(1);
  const name = await other.innerText();
  await other.click();
  await reader.waitForURL(/endpoint=/);
  await reader.getByRole("img", { name: `Tokens a second, ${name}` }).waitFor();
  await reader.getByRole("navigation", { name: "Speed: Over" }).getByRole("link", { name: "90 days" }).click();
  await reader.waitForURL(/days=90/);
  await reader.getByText("Every price that was seen").click();
  const prices = reader.getByRole("region", { name: "Table of prices" }).locator("tbody tr");
  assert.ok(1 < await prices.count());
  assert.match(await prices.first().innerText(), /\d{4}-\d\d-\d\d[^]*\$/);
});

test("somebody who never was here reads a ranking, picks a model and streams an answer", async (test) => {
  const reader = await page(test);
  await open(reader, `${DEMO}/`);
  let clicks = 0;
  const click = async (link) => {
    clicks += 1;
    await link.click();
  };
  await click(reader.getByRole("link", { name: "Which models are used most?" }));
  await reader.waitForURL(`${DEMO}/rankings`);
  const first = reader.getByRole("region", { name: "Ranking" }).locator("tbody tr").first().getByRole("link");
  const name = await first.innerText();
  assert.ok((await reader.locator(".lede").innerText()).includes(name));
  await click(first);
  await reader.getByRole("heading", { name, level: 1 }).waitFor();
  await click(reader.getByRole("link", { name: "Try it" }));
  await reader.waitForURL(/\/playground\?m=/);
  const seen = reader.evaluate(() => new Promise((resolve) => {
    const lengths = new Set();
    new MutationObserver(() => {
      const answer = document.querySelector(".answer:not(.thought)");
      lengths.add(answer?.textContent.length ?? 0);
      if (document.getElementById("play-status").textContent === "Done.") resolve(lengths.size);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  }));
  await click(reader.getByRole("button", { name: "Ask" }));
  await reader.getByText("Done.").waitFor();
  assert.ok(3 < await seen, "the answer came piece by piece");
  const receipt = await reader.locator("#answers p").innerText();
  assert.match(receipt, /cost \$0\.\d+ · \d+ tokens in, \d+ out · first token \d+ ms/);
  assert.equal(clicks, 4);
});
