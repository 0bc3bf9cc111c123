// The same number on page, JSON, CSV, Markdown and API is the same number: of models, their endpoints,
// providers and their service.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { SAYS, assertRows, csv, facts, list, markdown, orDash, tables } from "./figures.mjs";
import { json, steady, text } from "./forms.mjs";
import { counted } from "./shared.mjs";

before(counted);

const { whole, large, percent, floored, fixed, money, duration } = SAYS;
const [price, tokens, uptime] = [SAYS.price, SAYS.tokens, floored].map(orDash);
const NANOS = 1e9;

/** A number without zeros at the end of its decimals. */
const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0*$/, "") : text);

/** Dollars a token as exact dollars for a million, in the digits of tables for programs. */
function perMillion(rate) {
  if (rate === null || rate === undefined) return "";
  const [units, decimals = ""] = rate.split(".");
  const digits = units + decimals.padEnd(6, "0");
  const point = digits.length - Math.max(decimals.length, 6) + 6;
  return trimmed(`${digits.slice(0, point).replace(/^0+(?=\d)/, "")}.${digits.slice(point)}`);
}

/** The rows of comma-separated values by their columns. */
const rowsOf = (sheet) => {
  const [head, ...rows] = csv(sheet);
  return rows.map((row) => Object.fromEntries(row.map((value, column) => [head[column], value])));
};

const known = (value) => (value === null || value === undefined ? "" : String(value));

/** Every row of a list over all of its pages. */
async function listed(query) {
  const rows = [];
  for (let path = `/models${query}`; path;) {
    const html = await text(path);
    rows.push(...(tables(html)["Table of models"]?.rows ?? []));
    path = /rel="next" href="([^"]*)"/.exec(html)?.[1].replaceAll("&amp;", "&");
  }
  return rows;
}

test("a list of models is the same on its pages, in its twins and at the API, however it is filtered", async () => {
  let rows = 0;
  for (const query of ["", "?available=all", "?supported_parameters=tools&sort=newest", "?q=deepseek", "?zdr=true",
    "?region=eu&available=all", "?max_price=0.5&sort=pricing-low-to-high", "?model_authors=openai&available=all"]) {
    const { api, forms } = await steady(`/api/v1/models${query}`,
      [`/models.json${query}`, `/models.csv${query}`, `/models.md${query}`]);
    assert.deepEqual(JSON.parse(forms[0]).data, api.data, query);
    const sheet = rowsOf(forms[1]);
    assert.equal(sheet.length, api.data.length, query);
    assert.deepEqual(markdown(forms[2]).slice(1).map((row) => row[0]), sheet.map((row) => row.id), query);
    const shown = await listed(query);
    assert.equal(shown.length, api.data.length, query);
    for (const [place, model] of api.data.entries()) {
      const about = `${model.id} of /models${query}`;
      const [row, [name, input, output, context, released]] = [sheet[place], shown[place]];
      assert.deepEqual([row.id, row.name, row.available], [model.id, model.name, String(model.available)], about);
      assert.equal(name.text, model.name, about);
      assert.ok(name.note.startsWith(`${model.id} · `), about);
      assert.equal(row.input_usd_per_million, perMillion(model.pricing.prompt), about);
      assert.equal(row.output_usd_per_million, perMillion(model.pricing.completion), about);
      assert.equal(row.context, known(model.context_length), about);
      price(input.text, model.pricing.prompt, about);
      price(output.text, model.pricing.completion, about);
      tokens(context.text, model.context_length, about);
      const day = model.created ? new Date(model.created * 1000).toISOString().slice(0, 10) : "";
      assert.deepEqual([row.released, released.text], [day, day || "–"], about);
    }
    rows += shown.length;
  }
  assert.ok(rows > 500, rows);
});

/** What was measured of an endpoint: lately by the process, or else in the day that traffic told of. */
const measured = (endpoint) => ({
  latency: endpoint.latency_last_30m ?? endpoint.traffic?.last_1d.latency ?? null,
  throughput: endpoint.throughput_last_30m ?? endpoint.traffic?.last_1d.throughput ?? null,
  uptime: endpoint.uptime_last_1d ?? endpoint.traffic?.last_1d.uptime ?? null,
});

function assertOffer(row, cells, endpoint, about) {
  const { latency, throughput, uptime: share } = measured(endpoint);
  const { prompt, completion, input_cache_read: cached } = endpoint.pricing;
  const exact = [row.input_usd_per_million, row.output_usd_per_million, row.cached_usd_per_million, row.context,
    row.max_output, row.available];
  assert.deepEqual(exact, [...[prompt, completion, cached].map(perMillion), known(endpoint.context_length),
    known(endpoint.max_completion_tokens), String(endpoint.available)], about);
  assert.equal(row.first_token_p50_ms, latency ? String(Math.round(latency.p50)) : "", about);
  assert.equal(row.tokens_per_second_p50, throughput ? String(Math.round(throughput.p50)) : "", about);
  if (share === null) assert.equal(row.uptime_24h_percent, "", about);
  else floored(`${row.uptime_24h_percent} %`, share, about);

  assert.equal(cells.Provider.note.split(" · ")[0], endpoint.tag, about);
  assert.equal(cells.Provider.text, endpoint.provider_name, about);
  price(cells.Input.text, prompt, about);
  price(cells.Output.text, completion, about);
  price(cells.Cached.text, cached, about);
  tokens(cells.Context.text, endpoint.context_length, about);
  tokens(cells["Max output"].text, endpoint.max_completion_tokens, about);
  uptime(cells["Uptime 24 h"].text, share, about);
  if (throughput) fixed(0)(cells.Speed.text.replace(/ tokens\/s p50$/, ""), throughput.p50, about);
  else assert.equal(cells.Speed.text, "–", about);
  if (!latency) return assert.equal(cells["First token"].text, "–", about);
  const [middle, most] = cells["First token"].text.split(", ");
  duration(middle.replace(/ p50$/, ""), latency.p50, about);
  return duration(most.replace(/ p90$/, ""), latency.p90, about);
}

const PERCENTILES = ["p50", "p75", "p90", "p99"];

/** Holds what a model's page tells of service, speed and prices to what the API tells of endpoints. */
function assertTraffic(shown, endpoints, about) {
  const named = (it) => `${it.provider_name} · ${it.tag}`;
  const told = endpoints.filter((it) => it.traffic && it.traffic.last_90d.tries);
  const service = shown["Table of service"]?.rows ?? [];
  assert.deepEqual(service.map(([name]) => name.text), told.map(named), about);
  for (const [place, [name, , served, first, speed, paid]] of service.entries()) {
    const { last_90d: long, last_1d: day, paid_last_30d: spent } = told[place].traffic;
    const where = `${about}: service of ${name.text}`;
    uptime(served.text, long.uptime, where);
    orDash(duration)(first.text, day.latency?.p50, where);
    orDash(fixed(0))(speed.text, day.throughput?.p50, where);
    if (!spent) assert.equal(paid.text, "–", where);
    else {
      const halves = paid.text.split(" / ");
      for (const [half, dollars] of [spent.prompt_per_million, spent.completion_per_million].entries()) {
        orDash(money)(halves[half], dollars === null ? null : Math.floor(dollars * NANOS) / NANOS, where);
      }
    }
  }
  const fast = told.filter((it) => it.traffic.last_90d.latency);
  const speeds = shown["Table of speed"]?.rows ?? [];
  assert.deepEqual(speeds.map(([name]) => name.text), fast.map(named), about);
  for (const [place, [name, count, ...cells]] of speeds.entries()) {
    const { latency, throughput } = fast[place].traffic.last_1d;
    const where = `${about}: speed of ${name.text}`;
    whole(count.text, throughput?.count ?? 0, where);
    for (const [column, of] of PERCENTILES.entries()) {
      orDash(duration)(cells[column].text, latency?.[of], `${where}, first token, ${of}`);
      orDash(fixed(0))(cells[column + 4].text, throughput?.[of], `${where}, tokens a second, ${of}`);
    }
  }
  for (const [title, figure, says] of [["Time to the first token", "latency", duration], ["Tokens a second", "throughput", fixed(0)]]) {
    const drawn = Object.entries(shown).find(([name]) => name.startsWith(`Figures: ${title}, `));
    if (!drawn) continue;
    const days = fast.find((it) => drawn[0] === `Figures: ${title}, ${named(it)}`).traffic.days;
    assert.equal(drawn[1].rows.length, 30, about);
    for (const [date, ...cells] of drawn[1].rows) {
      const day = days.find((it) => it.date === date.text)?.[figure];
      for (const [column, of] of PERCENTILES.entries()) {
        orDash(says)(cells[column].text, day?.[of], `${about}: ${title} on ${date.text}, ${of}`);
      }
    }
  }
  const seen = endpoints.flatMap((it) => (it.traffic?.price_history ?? []).map((price) => [named(it), price]));
  seen.sort((a, b) => b[1].since.slice(0, 10).localeCompare(a[1].since.slice(0, 10)));
  const prices = shown["Table of prices"]?.rows ?? [];
  assert.equal(prices.length, seen.length, about);
  for (const [place, [since, who, input, output, cached]] of prices.entries()) {
    const [name, told] = seen[place];
    assert.deepEqual([since.text, who.text], [told.since.slice(0, 10), name], about);
    price(input.text, told.prompt, `${about}: price`);
    price(output.text, told.completion, `${about}: price`);
    price(cached.text, told.input_cache_read, `${about}: price`);
  }
}

test("a model's page tells of its endpoints what its twins and the API tell", async () => {
  const busy = (await json("/api/v1/rankings/models?window=month&by=raw-tokens")).data.map((it) => it.name);
  assert.ok(busy.length > 20, busy.length);
  let [offers, served] = [0, 0];
  for (const id of busy) {
    const { api, forms: [page, twin, sheet, table, one] } = await steady(`/api/v1/models/${id}/endpoints?available=all`,
      [`/models/${id}`, `/models/${id}.json`, `/models/${id}.csv`, `/models/${id}.md`, `/api/v1/model/${id}`]);
    assert.deepEqual(JSON.parse(twin).data, api.data, id);
    const endpoints = [...api.data.endpoints].sort((a, b) => b.available - a.available);
    const rows = rowsOf(sheet);
    assert.deepEqual(markdown(table), csv(sheet), id);
    const shown = tables(page);
    const { columns, rows: lines } = shown["Table of providers"];
    assert.deepEqual([rows.length, lines.length], [endpoints.length, endpoints.length], id);
    for (const [place, endpoint] of endpoints.entries()) {
      const row = rows.find((it) => it.endpoint === endpoint.tag);
      const cells = Object.fromEntries(columns.map((name, column) => [name, lines[place][column]]));
      assertOffer(row, cells, endpoint, `${id} at ${endpoint.tag}`);
    }
    assertTraffic(shown, endpoints, id);
    const top = facts(page);
    const { pricing, context_length: context } = JSON.parse(one).data;
    price(top.Input.text, pricing.prompt, id);
    price(top.Output.text, pricing.completion, id);
    tokens(top.Context.text, context, id);
    assertCosts(shown.Costs, endpoints, id);
    offers += endpoints.length;
    served += endpoints.filter((it) => it.traffic?.last_1d.latency).length;
  }
  console.log(`${busy.length} models, ${offers} endpoints, ${served} of them timed`);
  assert.ok(offers > 200 && served > 50, `${offers}, ${served}`);
});

/** Holds the costs of a usual workload to the prices of the API, where they have no conditions. */
function assertCosts(costs, endpoints, about) {
  for (const [who, request, month] of costs?.rows ?? []) {
    const [name, region = ""] = who.text.split(" · ");
    const fits = endpoints.filter((it) => it.provider_name === name && (it.tag.split("/")[1] ?? "") === region);
    if (fits.length !== 1 || fits[0].pricing.overrides || fits[0].pricing.request) continue;
    const { prompt, completion } = fits[0].pricing;
    const dollars = Math.round((8_000 * Number(prompt ?? 0) + 900 * Number(completion ?? 0)) * NANOS) / NANOS;
    money(request.text, dollars, `${about}: a request at ${who.text}`);
    money(month.text, dollars * 60_000, `${about}: a month at ${who.text}`);
  }
}

/** Pages of busy models, with every slice of the rankings and the days of each model, at one state. */
async function sliced() {
  const board = "/api/v1/rankings/models?by=raw-tokens&window=month";
  const names = ["/api/v1/classifications/task", "/api/v1/rankings/apps"];
  for (let tries = 0; tries < 30; tries += 1) {
    const [tasks, users] = [await text(names[0]), await text(names[1])];
    const tags = [...JSON.parse(tasks).data.classifications.map((it) => it.tag), "other"];
    const urls = JSON.parse(users).data.map((it) => it.app_url);
    const { data, meta } = await json(board);
    const busy = data.map((it) => it.name);
    const pages = busy.map((id) => `/models/${id}`);
    const slices = [...tags.map((it) => ["task", it]), ...urls.map((it) => ["app", it])]
      .map(([kind, value]) => `/api/v1/rankings/models?${kind}=${encodeURIComponent(value)}`);
    const first = new Date(Date.parse(meta.last_day) - 89 * 86_400_000).toISOString().slice(0, 10);
    const days = `/api/v1/datasets/rankings-daily?start_date=${first}&end_date=${meta.last_day}`;
    const { forms } = await steady(board, [...names, ...pages, ...slices, days]);
    if (forms[0] === tasks && forms[1] === users) return { tags, urls, busy, pages, slices, forms: forms.slice(2) };
  }
  return assert.fail("the rankings were never twice the same");
}

test("what a model is used for, by whom and when is what rankings and datasets tell", async () => {
  const { tags, urls, busy, pages, slices, forms } = await sliced();
  const told = forms.slice(pages.length).map((it) => JSON.parse(it).data);
  const [byTask, byApp] = [told.slice(0, tags.length), told.slice(tags.length, slices.length)];
  const ofModel = (rows, id) => rows.find((row) => row.name === id);
  for (const [place, id] of busy.entries()) {
    const all = byTask.reduce((sum, rows) => sum + (ofModel(rows, id)?.requests ?? 0), 0);
    for (const [task, share] of list(forms[place], "tasks")) {
      const tag = decodeURIComponent(new URL(task.href, "http://x").searchParams.get("task"));
      percent(share.text, ofModel(byTask[tags.indexOf(tag)], id).requests / all, `${id} for ${tag}`);
    }
    for (const [app, used] of list(forms[place], "apps")) {
      const at = urls.findIndex((url) => app.href === `/apps/${url.replace("https://", "")}`);
      large(used.text, ofModel(byApp[at], id).raw_tokens, `${id} by ${app.text}`);
    }
    const [, use] = Object.entries(tables(forms[place])).find(([name]) => /^Figures: .* tokens in the last/.test(name));
    assert.equal(use.rows.length, 90, id);
    const counts = new Map(told.at(-1).filter((it) => it.model_permaslug === id).map((it) => [it.date, Number(it.total_tokens)]));
    for (const [day, count] of use.rows) large(count.text, counts.get(day.text) ?? 0, `${id} on ${day.text}`);
  }
});

test("models side by side are told as the API tells them", async () => {
  const all = (await json("/api/v1/models")).data.slice(0, 36);
  for (let place = 0; place < all.length; place += 6) {
    const models = all.slice(place, place + 6);
    const html = await text(`/compare?m=${models.map((it) => it.id).join(",")}`);
    const [table] = Object.values(tables(html)).filter((it) => it.columns.length === models.length + 1);
    const lines = Object.fromEntries(table.rows.map(([name, ...cells]) => [name.text, cells]));
    for (const [column, model] of models.entries()) {
      price(lines["Input, $ per million"][column].text, model.pricing.prompt, model.id);
      price(lines["Output, $ per million"][column].text, model.pricing.completion, model.id);
      tokens(lines.Context[column].text, model.context_length, model.id);
    }
  }
});

test("providers are the same on their pages, in their twins and at the API", async () => {
  const { api, forms: [page, twin, sheet, table] } = await steady("/api/v1/providers",
    ["/providers", "/providers.json", "/providers.csv", "/providers.md"]);
  assert.deepEqual(JSON.parse(twin).data, api.data);
  assert.deepEqual(markdown(table), csv(sheet));
  const rows = rowsOf(sheet);
  const shown = tables(page)["Table of providers"].rows;
  assert.deepEqual([rows.length, shown.length], [api.data.length, api.data.length]);
  for (const [place, provider] of api.data.entries()) {
    const [row, [name, , models, policy, here]] = [rows[place], shown[place]];
    const days = provider.data_policy.retention_days;
    assert.deepEqual([row.slug, name.note, name.text], [provider.slug, provider.slug, provider.name]);
    assert.equal(row.retention_days, known(days), provider.slug);
    whole(models.text, Number(row.models), provider.slug);
    const kept = days === null ? "retention unknown" : days === 0 ? "keeps nothing" : `keeps ${days} ${days === 1 ? "day" : "days"}`;
    assert.ok(policy.items.includes(kept), `${provider.slug}: ${policy.items}`);
    if (Number(row.callable)) assert.match(here.text, new RegExp(`^${row.callable} endpoints?$`));
    else assert.doesNotMatch(here.text, /^\d/, provider.slug);
    const own = `/providers/${provider.slug}`;
    const single = await steady(`${own}.json`, [own, `${own}.csv`]);
    assert.deepEqual(single.api.data, provider);
    const offers = rowsOf(single.forms[1]);
    const lines = tables(single.forms[0])["Table of models"]?.rows ?? [];
    assert.equal(lines.length, offers.length, own);
    whole(facts(single.forms[0]).Models.text, Number(row.models), own);
    for (const [number, [model, input, output, context]] of lines.entries()) {
      const offer = offers[number];
      assert.equal(model.note, `${offer.model} · ${offer.endpoint}`, own);
      for (const [cell, exact] of [[input, offer.input_usd_per_million], [output, offer.output_usd_per_million]]) {
        assert.equal(trimmed(cell.text.replace(/^\$/, "")), exact === "" ? "–" : trimmed(exact), own);
      }
      tokens(context.text, offer.context === "" ? null : Number(offer.context), own);
    }
  }
});

test("the status of providers is the same on its page and in its twins", async () => {
  const slugs = (await json("/status.json")).data.map((row) => row.provider).filter((slug) => slug !== "stealth");
  const { api: { data }, forms: [page, sheet, table, ...own] } = await steady("/status.json",
    ["/status", "/status.csv", "/status.md", ...slugs.map((slug) => `/providers/${slug}`)]);
  const plain = data.map(({ days: _, ...row }) => row);
  assertRows(csv(sheet), plain, "/status.csv", true);
  assertRows(markdown(table), plain, "/status.md", false);
  const shown = tables(page)["Table of providers"].rows;
  assert.equal(shown.length, data.length);
  let days = 0;
  for (const [place, row] of data.entries()) {
    const [name, , bars, served, endpoints, trouble] = shown[place];
    assert.deepEqual([name.text, name.href], [row.name, `/providers/${row.provider}`]);
    uptime(served.text, row.uptime_last_90d, row.provider);
    whole(endpoints.text, row.endpoints, row.provider);
    assert.equal(trouble.text === "none", row.in_trouble.length === 0, row.provider);
    const single = /<p>(\S+ %|–) served\. First token/.exec(own[slugs.indexOf(row.provider)] ?? "");
    assert.equal(single !== null, row.tries_last_90d > 0, row.provider);
    if (single) uptime(single[1], row.uptime_last_90d, `the page of ${row.provider}`);
    for (const title of bars.titles) {
      const [, date, share, tries] = /^(\d{4}-\d\d-\d\d): (.* %) of (.*)$/.exec(title);
      const day = row.days.find((it) => it.date === date);
      uptime(share, day.uptime, `${row.provider} on ${date}`);
      whole(tries, day.tries, `${row.provider} on ${date}`);
      days += 1;
    }
  }
  const [all, bad] = [data.reduce((sum, row) => sum + row.endpoints, 0), data.reduce((sum, row) => sum + row.in_trouble.length, 0)];
  const top = facts(page);
  whole(top["Endpoints in service"].text, all - bad, "endpoints in service");
  whole(top["In trouble"].text, bad, "endpoints in trouble");
  assert.ok(days > 50, `${days} days are told one by one`);
});
