// The same number on page, JSON, CSV, Markdown and API is the same number: of every ranking with its
// filters. Everything is fetched between two readings of the API that tell the same.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { SAYS, assertCell, assertRows, csv, facts, flat, markdown, orDash, tables } from "./figures.mjs";
import { DEMO, counted } from "./shared.mjs";
import { json, steady, text } from "./forms.mjs";

before(counted);

const { whole, large, percent, floored, change, fixed, money } = SAYS;
const WINDOWS = ["day", "week", "month"];
const ORDERS = ["tokens", "raw-tokens", "spend", "accounts", "voice"];

/** Every question with its filters: the boards, the slices that pages lead to, and the others. */
async function questions() {
  const all = [];
  for (const subject of ["models", "authors", "providers", "apps"]) {
    for (const window of WINDOWS) {
      for (const by of ORDERS) all.push([subject, { window, by }]);
    }
  }
  const page = await text("/rankings");
  const slices = [...page.matchAll(/href="\/rankings\?([a-z]+)=([^"&]+)"/g)].map((it) => [it[1], decodeURIComponent(it[2])])
    .filter(([kind]) => ["group", "language", "context", "tools", "chosen"].includes(kind));
  for (const kind of ["group", "language", "context", "tools"]) {
    assert.ok(slices.some((it) => it[0] === kind), `the page leads to no ${kind}`);
  }
  for (const { tag } of (await json("/rankings/tasks.json")).data) slices.push(["task", tag]);
  for (const { app_url: app } of (await json("/rankings/apps.json")).data) slices.push(["app", app]);
  slices.push(["language", "tlh"]);
  for (const [kind, value] of slices) {
    all.push(["models", { [kind]: value }]);
    all.push(["models", { [kind]: value, window: "month", by: "spend" }]);
  }
  for (const name of ["tasks", "rising", "stable", "value", "hours"]) all.push([name, {}]);
  for (const { model } of (await json("/rankings/hours.json")).data) all.push(["hours", { model }]);
  return all.map(([name, query]) => {
    const written = new URLSearchParams(query).toString();
    return { name, query: written ? `?${written}` : "" };
  });
}

/** Holds a rank with its interval and its mark for a tie: `3 (2–5) =`. */
function rank(cell, row, about) {
  const shown = /^(\d+)(?: \((\d+)–(\d+)\))?( =)?$/.exec(cell.text);
  assert.ok(shown, `${about}: ${cell.text}`);
  const [, place, low = place, high = place, tie] = shown;
  assert.deepEqual([place, low, high].map(Number), [row.rank, row.rank_low, row.rank_high], about);
  assert.equal(tie !== undefined, row.ties_with_next, about);
}

function tokens(cell, row, about) {
  large(cell.text, row.tokens, about);
  if (row.raw_tokens === null) assert.equal(cell.note, "", about);
  else large(cell.note.replace(/ raw$/, ""), row.raw_tokens, `${about}, raw`);
}

function changed(cell, row, about) {
  const { growth, low, high, is_sure: isSure } = row.change;
  if (growth === null) return assert.equal(cell.text, "–", about);
  if (!isSure) return assert.equal(cell.text, "– no clear change", about);
  assert.equal(cell.text[0], growth > 0 ? "▲" : "▼", about);
  change(cell.text.slice(2), growth, about);
  const [from, to] = cell.note.split(" to ");
  change(from, low, `${about}, low`);
  return change(to, high, `${about}, high`);
}

function largest(cell, row, about) {
  assert.equal(cell.text.startsWith("◆ "), row.is_concentrated, about);
  orDash(percent)(cell.text.replace("◆ ", ""), row.largest_share, about);
}

const named = (key) => (cell, row, about) => assert.ok(
  [cell.note, cell.text].includes(row[key]) || decodeURI(cell.href ?? "").endsWith(`/${row[key]}`), `${about}: ${row[key]}`);
const said = (says, of) => (cell, row, about) => says(cell.text, of(row), about);
const share = (of) => said(orDash((shown, it, about) => floored(shown, it * 100, about)), of);

const BOARD = {
  Rank: rank,
  Model: named("name"),
  Author: named("name"),
  Provider: named("name"),
  "Tokens, capped": tokens,
  Share: said(percent, (row) => row.share),
  Change: changed,
  Requests: said(whole, (row) => row.requests),
  Accounts: said(whole, (row) => row.accounts),
  Largest: largest,
  Spend: said(money, (row) => row.spend),
  App: (cell, row, about) => assert.deepEqual([cell.text, cell.note], [row.app_name, row.app_url.replace("https://", "")], about),
  Models: (cell, row, about) => assert.equal(cell.text, row.models_last_30d.join(", "), about),
  Address: (cell, row, about) => assert.equal(cell.text, row.verified ? "verified" : "not verified", about),
};

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function cheap(cell, row, about) {
  const spans = row.cheap.slice(0, 3);
  if (!spans.length) return assert.equal(cell.text, "–", about);
  const shown = cell.text.split("; ");
  assert.equal(shown.length, spans.length, about);
  for (const [place, { start, hours, effect }] of spans.entries()) {
    const [, day, hour, length, depth] = /^(\w+) (\d\d):00 for (\d+) h: (.*)$/.exec(shown[place]);
    assert.equal(DAYS.indexOf(day) * 24 + Number(hour), start, about);
    assert.equal(Number(length), hours, about);
    change(depth, effect, about);
  }
  return undefined;
}

/** By question: the table, how many rows a page shows, and what its columns say. */
const PAGES = {
  models: ["Ranking", Infinity, BOARD],
  authors: ["Ranking", Infinity, BOARD],
  providers: ["Ranking", Infinity, BOARD],
  apps: ["Apps", 100, BOARD],
  tasks: ["Tasks", Infinity, {
    Task: (cell, row, about) => assert.equal(cell.href, `/rankings?task=${row.tag}`, about),
    Requests: said(percent, (row) => row.requests),
    Tokens: said(percent, (row) => row.tokens),
    Spend: said(percent, (row) => row.spend),
    "Most used for it": (cell, row, about) =>
      assert.equal(cell.text, row.models.slice(0, 3).map((it) => it.model).join(", "), about),
  }],
  rising: ["Rising models", 60, {
    Model: named("model"),
    Verdict: (cell, row, about) => assert.equal(cell.text, row.is_rising ? "▲ rises" : "–", about),
    Growth: said(change, (row) => row.growth),
    "Without largest": said(orDash(change), (row) => row.growth_without_largest),
    Accounts: said(change, (row) => row.account_growth),
    Spreads: said(fixed(1), (row) => row.z),
  }],
  stable: ["Stable providers", 60, {
    Provider: named("provider"),
    Group: (cell, row, about) => assert.equal(cell.text, row.group ?? "too little", about),
    "Good, mean of days": share((row) => row.mean),
    "Worst day": share((row) => row.worst_day),
    Requests: said(whole, (row) => row.requests),
    Days: said(whole, (row) => row.days),
  }],
  value: ["Value", 60, {
    Model: named("model"),
    "A request": (cell, row, about) => {
      assert.equal(row.cost_per_request, row.cost_nanos / 1e9, about);
      money(cell.text, Math.floor(row.cost_nanos) / 1e9, about);
    },
    Quality: (cell, row, about) => {
      fixed(0)(cell.text, row.quality, about);
      assert.equal(cell.note, row.quality_source, about);
    },
    "On the frontier": said(percent, (row) => row.frontier),
    Value: said(orDash(fixed(1)), (row) => row.value),
  }],
  hours: ["Cheap hours", 60, {
    Model: named("model"),
    "As paid": cheap,
    Posted: (cell, row, about) => {
      const many = row.posted.length;
      assert.equal(cell.text, many === 0 ? "–" : many === 1 ? "1 endpoint" : `${many} endpoints`, about);
    },
    Weeks: said(whole, (row) => row.weeks),
    Hours: (cell, row, about) => assert.equal(cell.href, `/rankings/hours?model=${row.model}`, about),
  }],
};

/** Holds the table of a page to the rows of JSON. Returns how many cells it held. */
function assertPage(html, name, data, about) {
  const [title, most, columns] = PAGES[name];
  const table = tables(html)[title];
  if (!data.length) {
    assert.equal(table, undefined, `${about}: a table without figures`);
    return 0;
  }
  assert.equal(table.rows.length, Math.min(data.length, most), `${about}: rows`);
  for (const [place, row] of table.rows.entries()) {
    for (const [column, head] of table.columns.entries()) {
      assert.ok(columns[head], `${about}: nothing holds the column ${head}`);
      columns[head](row[column], data[place], `${about}: ${head} of row ${place}`);
    }
  }
  return table.rows.length * table.columns.length;
}

/** Holds what an answer says of the first rows of a board to these rows. */
function assertAnswer(answer, { data, meta }, about) {
  const shares = [...answer.matchAll(/\d+\.\d %/g)].map(([shown]) => shown);
  assert.ok(answer.includes(meta.window_last_day), about);
  const sums = data[0].ties_with_next && data.length > 1
    ? [data[0].share, data[1].share]
    : [data[0].share, ...(data.length > 2 ? [data[0].share + data[1].share + data[2].share] : [])];
  assert.equal(shares.length, sums.length, `${about}: ${answer}`);
  for (const [place, sum] of sums.entries()) percent(shares[place], sum, `${about}: ${answer}`);
}

test("a ranking is the same on its page, in its twins and at the API, whatever is asked", async () => {
  const all = await questions();
  let [cells, rows] = [0, 0];
  for (const { name, query } of all) {
    const about = `/rankings/${name}${query}`;
    const { api, forms: [page, twin, table, sheet, apiSheet] } = await steady(`/api/v1/rankings/${name}${query}`, [
      about, `/rankings/${name}.json${query}`, `/rankings/${name}.md${query}`,
      `/rankings/${name}.csv${query}`, `/api/v1/rankings/${name}.csv${query}`]);
    const { question, answer, data, meta } = JSON.parse(twin);
    assert.deepEqual({ data, meta }, api, about);
    assert.equal(sheet, apiSheet, about);
    assertRows(csv(sheet), data, `${about} as CSV`, true);
    assertRows(markdown(table), data, `${about} as Markdown`, false);
    const html = page.replace(/&#39;/g, "'");
    assert.ok(html.includes(`<h1>${question.replace(/&/g, "&amp;")}</h1>`), `${about}: ${question}`);
    cells += assertPage(page, name, data, about);
    rows += data.length;
    if (data.length && meta.subject) {
      assertAnswer(answer, api, about);
      assert.match(page, new RegExp(`<li>${meta.accounts} (account stands|accounts stand) behind this board`), about);
      const part = /<li>(\d+\.\d %) of all requests of these days/.exec(page)?.[1];
      assert.equal(part === undefined, meta.part === undefined, about);
      if (part) percent(part, meta.part, `${about}: the part of all requests`);
    }
  }
  console.log(`${all.length} questions, ${rows} rows, ${cells} cells of pages`);
  assert.ok(all.length > 120 && rows > 2_000 && cells > 15_000, `${all.length}, ${rows}, ${cells}`);
});

test("what a page refuses its twins and the API refuse, and the other way round", async () => {
  for (const query of ["window=year", "by=luck", "task=luck", "task=math&language=eng", "task=math&window=day",
    "task=math&by=voice", "group=math"]) {
    for (const path of ["/rankings", "/rankings/models.json", "/rankings/models.csv", "/rankings/models.md",
      "/api/v1/rankings/models", "/api/v1/rankings/models.csv"]) {
      await text(`${path}?${query}`, 400);
    }
  }
  await text("/apps?task=math", 400);
  await text("/api/v1/rankings/apps?task=math", 400);
});

test("a board, a dataset and the shares of tasks count the same tokens and requests", async () => {
  const { api, forms } = await steady("/api/v1/rankings/tasks", ["/api/v1/classifications/task"]);
  const told = JSON.parse(forms[0]).data;
  assert.equal(told.as_of, api.meta.window_last_day);
  assert.equal(told.classifications.length, api.data.length);
  for (const [place, row] of api.data.entries()) {
    const other = told.classifications[place];
    const values = [other.tag, other.macro_category, other.usage_share, other.usage_share_uncorrected,
      other.token_share, other.spend_share];
    assert.deepEqual(values, [row.tag, row.group, row.requests, row.requests_uncorrected, row.tokens, row.spend]);
    const models = other.models.slice(0, row.models.length).map((it) =>
      ({ model: it.id, requests: it.tag_usage_share, tokens: it.tag_token_share, spend: it.tag_spend_share }));
    assert.deepEqual(models, row.models);
  }
});

test("an app's page, its twins and the board of apps tell the same", async () => {
  const board = await json("/rankings/apps.json?window=month&by=raw-tokens");
  assert.ok(board.data.length > 3);
  for (const { app_url: url, app_id: id } of board.data) {
    const path = `/apps/${url.replace("https://", "")}`;
    const { api, forms } = await steady("/api/v1/rankings/apps?window=month&by=raw-tokens",
      [path, `${path}.json`, `${path}.csv`, `${path}.md`]);
    const row = api.data.find((it) => it.app_id === id);
    const { data } = JSON.parse(forms[1]);
    assert.deepEqual([data.app_name, data.tokens, data.requests, data.verified],
      [row.app_name, row.raw_tokens, row.requests, row.verified], url);
    assert.deepEqual(data.models.slice(0, 3).map((it) => it.model), row.models_last_30d);
    assertRows(csv(forms[2]), data.models, `${path}.csv`, true);
    assertRows(markdown(forms[3]), data.models, `${path}.md`, false);
    const shown = tables(forms[0]);
    for (const [place, [order, model, used, part]] of shown["Table of models"].rows.entries()) {
      const told = data.models[place];
      assert.deepEqual([order.text, model.note], [String(place + 1), told.model]);
      large(used.text, told.tokens, path);
      percent(part.text, told.share, path);
    }
    const [, days] = Object.entries(shown).find(([name]) => name.startsWith("Figures: "));
    assert.equal(days.rows.length, data.days.length);
    for (const [place, [day, count]] of days.rows.reverse().entries()) {
      assert.equal(day.text, data.days[place].date);
      orDash(large)(count.text, data.days[place].tokens, `${path} on ${day.text}`);
    }
    const top = facts(forms[0]);
    large(top.Tokens.text, data.tokens, path);
    whole(top.Requests.text, data.requests, path);
    orDash(change)(top.Change.text, data.change, path);
  }
});

test("datasets by week and month are sums of their days", async () => {
  const today = new Date(Date.now()).toISOString().slice(0, 10);
  const back = (days) => new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10);
  const range = `start_date=${back(80)}&end_date=${back(1)}`;
  const rows = async (query) => (await json(`/api/v1/datasets/${query}`)).data;
  const days = await rows(`rankings-daily?${range}`);
  assert.ok(days.length > 500, `${days.length} rows`);
  assert.ok(days.every((row) => row.model_permaslug !== "other"), "fewer models than are told a day");
  const monday = (date) => {
    const at = new Date(`${date}T00:00:00Z`);
    at.setUTCDate(at.getUTCDate() - (at.getUTCDay() + 6) % 7);
    return at.toISOString().slice(0, 10);
  };
  for (const [period, first] of [["week", monday], ["month", (date) => `${date.slice(0, 7)}-01`]]) {
    const sums = new Map();
    for (const row of days) {
      const name = `${first(row.date)} ${row.model_permaslug}`;
      sums.set(name, (sums.get(name) ?? 0n) + BigInt(row.total_tokens));
    }
    const told = await rows(`rankings-daily?${range}&period=${period}`);
    assert.equal(told.length, sums.size, period);
    for (const row of told) {
      assert.equal(BigInt(row.total_tokens), sums.get(`${row.date} ${row.model_permaslug}`), `${period} ${row.date}`);
    }
  }
  const apps = await rows(`app-rankings?start_date=${back(14)}&end_date=${back(1)}`);
  assert.ok(apps.length > 3, `${apps.length} apps`);
  const sums = new Map();
  for (let day = 14; day > 0; day -= 1) {
    for (const row of await rows(`app-rankings?start_date=${back(day)}&end_date=${back(day)}`)) {
      const [tokens, requests] = sums.get(row.app_url) ?? [0n, 0n];
      sums.set(row.app_url, [tokens + BigInt(row.total_tokens), requests + BigInt(row.total_requests)]);
    }
  }
  for (const row of apps) {
    assert.deepEqual([BigInt(row.total_tokens), BigInt(row.total_requests)], sums.get(row.app_url), row.app_url);
  }
});

test("a reader of tables is told where two forms part", () => {
  const row = { name: "=a", share: 0.5, change: { low: -0.05 }, list: [1], known: null };
  const names = flat(row).map(([name]) => name);
  assert.deepEqual(names, ["name", "share", "change.low", "list", "known"]);
  assertRows(csv('name,share,change.low,list,known\n\'=a,0.5,-0.05,"[1]",\n'), [row], "as it is", true);
  for (const wrong of ["'-0.05", "-0.06", ""]) {
    assert.throws(() => assertCell(wrong, -0.05, "low", true), wrong);
  }
  const shown = [
    [large, "1.2M", 1_204_000], [large, "842", 842.4], [percent, "12.3 %", 0.1234], [change, "−12 %", -0.117],
    [SAYS.money, "$0.0032", 0.003249], [SAYS.duration, "1.3 s", 1_260], [SAYS.tokens, "131K", 131_072],
    [SAYS.price, "$0.075", "0.000000075"], [(a, b, c) => floored(a, b, c), "99.99 %", 99.999],
  ];
  const wrong = [
    [large, "1.2M", 1_206_000], [large, "842", 842.6], [percent, "12.3 %", 0.1236], [change, "−12 %", 0.117],
    [SAYS.money, "$0.0032", 0.00326], [SAYS.duration, "1.2 s", 1_260], [SAYS.tokens, "131K", 132_000],
    [SAYS.price, "$0.08", "0.000000075"], [(a, b, c) => floored(a, b, c), "100.00 %", 99.999],
  ];
  for (const [says, words, figure] of shown) says(words, figure, words);
  for (const [says, words, figure] of wrong) assert.throws(() => says(words, figure, words), words);
});
