// What a page weighs on the wire, packed.

import assert from "node:assert/strict";
import { get } from "node:http";
import { before, test } from "node:test";
import { DEMO, SMALL, address, counted } from "./shared.mjs";

before(counted);

const PAGE_BYTES_MAX = 15_000;
/** Ninety days of every provider take more. */
const STATUS_BYTES_MAX = 25_000;
const SCRIPT_BYTES_MAX = 40_000;
const STYLE_BYTES_MAX = 6_000;

/** The answer as it comes over the wire, packed, and its text. */
async function fetched(path) {
  const packed = await new Promise((resolve, reject) => {
    get(address(path), { headers: { "Accept-Encoding": "gzip" } }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({ bytes: Buffer.concat(pieces), answer }));
    }).on("error", reject);
  });
  assert.equal(packed.answer.statusCode, 200, path);
  const text = await (await fetch(address(path))).text();
  return { bytes: packed.bytes.length, text };
}

test("a page of the list, of a model, and each other page is light", async () => {
  const pages = ["/", "/models", "/models?available=all", `/models/${SMALL}`, "/providers", "/status",
    "/compare", "/playground", `${DEMO}/rankings`, `${DEMO}/rankings/value`, `${DEMO}/apps`,
    `${DEMO}/models`, `${DEMO}/apps/code.example.com`, `${DEMO}/rankings/methodology`, `${DEMO}/playground`,
    `${DEMO}/status`, `${DEMO}/models/deepseek/deepseek-v3.2`];
  const heavy = [];
  for (const path of pages) {
    const { bytes } = await fetched(path);
    console.log(`${path} ${bytes} bytes`);
    const most = path.endsWith("/status") ? STATUS_BYTES_MAX : PAGE_BYTES_MAX;
    if (most < bytes) heavy.push(`${path} ${bytes}`);
  }
  assert.deepEqual(heavy, []);
});

test("all scripts together, and the style, are light", async () => {
  const assets = new Set();
  for (const path of ["/", "/models", `/models/${SMALL}`, "/playground"]) {
    const { text } = await fetched(path);
    for (const [address] of text.matchAll(/\/assets\/[^"]+/g)) assets.add(address);
  }
  const sizes = { js: 0, css: 0 };
  for (const address of assets) {
    const kind = address.split(".").at(-1);
    sizes[kind] = (sizes[kind] ?? 0) + (await fetched(address)).bytes;
  }
  console.log(sizes);
  assert.ok(0 < sizes.js && sizes.js <= SCRIPT_BYTES_MAX, `${sizes.js} bytes of scripts`);
  assert.ok(0 < sizes.css && sizes.css <= STYLE_BYTES_MAX, `${sizes.css} bytes of style`);
});
