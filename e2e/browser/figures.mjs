// Reads figures back from what people and programs are shown: tables of HTML, CSV and Markdown, and
// numbers in words. Written from the documents alone, so that it cannot share a mistake with the pages.

import assert from "node:assert/strict";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

const plain = (html) => html
  .replace(/<(ul|svg)\b[^]*?<\/\1>/g, "")
  .replace(/<[^>]*>/g, "")
  .replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);

function cell(html) {
  const note = /<span class="id">([^]*?)<\/span>/.exec(html);
  return {
    text: plain(note ? html.replace(note[0], "") : html).trim(),
    note: note ? plain(note[1]).trim() : "",
    href: /<a href="([^"]*)"/.exec(html)?.[1].replaceAll("&amp;", "&") ?? null,
    items: [...html.matchAll(/<li>([^]*?)<\/li>/g)].map((it) => plain(it[1])),
    titles: [...html.matchAll(/<title>([^]*?)<\/title>/g)].map((it) => plain(it[1])),
  };
}

/** The tables of a page by their names: columns, and rows of cells by column. */
export function tables(html) {
  const found = {};
  for (const [, name, inner] of html.matchAll(/aria-label="([^"]*)">\s*<table[^>]*>([^]*?)<\/table>/g)) {
    const head = /<thead>([^]*?)<\/thead>/.exec(inner)?.[1].split("<tr>").at(-1) ?? "";
    const columns = [...head.matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map((it) => plain(it[1]));
    const body = /<tbody>([^]*)<\/tbody>/.exec(inner)?.[1] ?? "";
    const rows = [...body.matchAll(/<tr>([^]*?)<\/tr>/g)].map(([, row]) =>
      [...row.matchAll(/<(th|td)\b[^>]*>([^]*?)<\/\1>/g)].map((it) => cell(it[2])));
    for (const row of rows) assert.equal(row.length, columns.length, `a row of ${name}`);
    found[plain(name)] = { columns, rows };
  }
  return found;
}

/** The rows of a short list of links with a figure each, by the name of its section. */
export function list(html, id) {
  const inner = new RegExp(`aria-labelledby="${id}"><header>[^]*?</header><table><tbody>([^]*?)</tbody>`).exec(html)?.[1] ?? "";
  return [...inner.matchAll(/<tr>([^]*?)<\/tr>/g)].map(([, row]) =>
    [...row.matchAll(/<(th|td)\b[^>]*>([^]*?)<\/\1>/g)].map((it) => cell(it[2])));
}

/** The facts on top of a page, by their names. */
export function facts(html) {
  const all = html.matchAll(/<dt>([^]*?)<\/dt><dd>([^]*?)(?:<small>([^]*?)<\/small>)?<\/dd>/g);
  return Object.fromEntries([...all].map(([, name, value, note]) =>
    [plain(name), { text: plain(value).trim(), note: plain(note ?? "") }]));
}

/** The rows of comma-separated values, as lists of texts. */
export function csv(text) {
  const rows = [];
  let [row, field, quoted] = [[], "", false];
  for (let place = 0; place < text.length; place += 1) {
    const letter = text[place];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[place + 1] === '"') [field, place] = [field + '"', place + 1];
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "," || letter === "\n") {
      row.push(field);
      field = "";
      if (letter === "\n") {
        rows.push(row);
        row = [];
      }
    } else field += letter;
  }
  assert.ok(!quoted && field === "" && row.length === 0, "the text ends with a row");
  return rows;
}

/** The rows of the one table of a Markdown text, without what stands under its head. */
export function markdown(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const rows = lines.map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((it) => it.trim()
    .replace(/\\(.)/g, "$1").replaceAll("&lt;", "<").replaceAll("&amp;", "&")));
  return rows.filter((_, place) => place !== 1);
}

/** A row of JSON as a table has it: names of keys within keys, joined by a point, with their values. */
export function flat(row, before = "") {
  return Object.entries(row).flatMap(([key, value]) => {
    const name = before + key;
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return isObject ? flat(value, `${name}.`) : [[name, value]];
  });
}

const isNumber = (text) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text);

/** Holds a cell of a table for programs to the value of JSON. `isSheet`: spreadsheets read it. */
export function assertCell(text, value, about, isSheet) {
  if (value === null) assert.equal(text, "", about);
  else if (typeof value === "number") {
    assert.ok(isNumber(text), `${about}: ${text} is a number`);
    assert.equal(Number(text), value, about);
  } else if (Array.isArray(value)) assert.deepEqual(JSON.parse(text), value, about);
  else if (typeof value === "boolean") assert.equal(text, String(value), about);
  else {
    const isFormula = isSheet && /^[=+\-@\t\r]/.test(value) && !isNumber(value);
    const told = isSheet ? value : value.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ").trim();
    assert.equal(text, isFormula ? `'${told}` : told, about);
  }
}

/** Holds the rows of a table for programs to those of JSON. */
export function assertRows(rows, data, about, isSheet) {
  assert.equal(Math.max(rows.length - 1, 0), data.length, `${about}: rows`);
  for (const [place, row] of data.entries()) {
    const cells = flat(row);
    assert.deepEqual(rows[0], cells.map(([name]) => name), `${about}: columns`);
    for (const [column, [name, value]] of cells.entries()) {
      assertCell(rows[place + 1][column], value, `${about}: ${name} of row ${place}`, isSheet);
    }
  }
}

const number = (text) => Number(text.replaceAll(",", "").replace("−", "-"));

/** Holds a shown number to a figure: it is the nearest in steps of `step`. */
function near(shown, figure, step, about) {
  const slack = Math.abs(figure) * 1e-12 + step * 1e-9;
  assert.ok(!Number.isNaN(shown), `${about}: no number is shown`);
  assert.ok(Math.abs(shown - figure) <= step / 2 + slack, `${about}: ${shown} is shown for ${figure}`);
}

const match = (text, pattern, about) => {
  const found = pattern.exec(text);
  assert.ok(found, `${about}: “${text}” is not like ${pattern}`);
  return found;
};

const LETTERS = { "": 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** How figures are shown: each holds a text to a figure. A dash stands for `null` and nothing else. */
export const SAYS = {
  whole(text, figure, about) {
    match(text, /^\d{1,3}(,\d{3})*$/, about);
    assert.equal(number(text), figure, about);
  },
  /** Three digits and a letter: two decimals below ten, one from there on. */
  large(text, figure, about) {
    const [, digits, letter] = match(text, /^(\d+(?:\.\d+)?)([KMBT]?)$/, about);
    const unit = LETTERS[letter];
    assert.ok(Number(digits) < 1000, `${about}: ${text}`);
    const step = letter ? (Number(digits) < 10 ? 0.01 : 0.1) : figure < 1 ? 0.01 : 1;
    near(Number(digits) * unit, figure, step * unit, about);
  },
  /** Thousands are whole, millions have two decimals. */
  tokens(text, figure, about) {
    const [, digits, letter] = match(text, /^(\d+(?:\.\d+)?)([KM]?)$/, about);
    near(Number(digits) * LETTERS[letter], figure, { "": 1, K: 1e3, M: 1e4 }[letter], about);
  },
  percent(text, share, about) {
    near(Number(match(text, /^(\d+\.\d) %$/, about)[1]), share * 100, 0.1, about);
  },
  /** Rounded down: what failed once is not 100 %. */
  floored(text, percent, about) {
    const shown = Number(match(text, /^(\d+\.\d\d) %$/, about)[1]);
    assert.ok(shown <= percent + 1e-9 && percent - shown < 0.01 + 1e-4, `${about}: ${shown} for ${percent}`);
  },
  change(text, growth, about) {
    near(number(match(text, /^([+−]\d+) %$/, about)[1]), growth * 100, 1, about);
  },
  fixed: (digits) => (text, figure, about) => {
    const [shown] = match(text, digits ? new RegExp(`^-?\\d+\\.\\d{${digits}}$`) : /^-?\d+$/, about);
    near(Number(shown), figure, 10 ** -digits, about);
  },
  /** Cents from a dollar on, two digits that count below. */
  money(text, dollars, about) {
    const shown = number(match(text, /^\$([\d,]+(?:\.\d+)?)$/, about)[1]);
    const step = dollars >= 0.9999 ? 0.01 : 10 ** (Math.floor(Math.log10(Math.max(dollars, 1e-9))) - 1);
    near(shown, dollars, Math.max(step, 1e-9), about);
  },
  /** Whole milliseconds, of which a second and more is told in tenths. */
  duration(text, ms, about) {
    const [, digits, unit] = match(text, /^(\d+(?:\.\d)?) (ms|s)$/, about);
    assert.equal(unit, Math.round(ms) < 1000 ? "ms" : "s", about);
    near(Number(digits) * (unit === "s" ? 1000 : 1), Math.round(ms), unit === "s" ? 100 : 1, about);
  },
  /** Exact: dollars a token, as dollars for a million. */
  price(text, rate, about) {
    const shown = match(text, /^\$(\d+)\.(\d{2,})$/, about);
    const [whole, decimals = ""] = rate.split(".");
    const scaled = BigInt(whole + decimals.padEnd(24, "0"));
    assert.equal(BigInt(shown[1] + shown[2].padEnd(18, "0")), scaled, `${about}: ${text} for ${rate}`);
  },
};

/** The same, where a dash is shown for what is not known. */
export const orDash = (says) => (text, figure, about) => {
  if (figure === null || figure === undefined) assert.equal(text, "–", about);
  else says(text, figure, about);
};
