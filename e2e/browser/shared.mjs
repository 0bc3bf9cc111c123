// What the tests of the pages share: a browser, pages that are watched, and the kinds of pages.
//
// The test command starts the gateway and the simulator in a network without a way out, and says in
// the environment where they are and which browser to drive.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

export const SITE = process.env.INTERLINE_URL.replace(/\/api\/v1$/, "");
/** A first start: demo models, and ninety days of traffic that never were. */
export const DEMO = process.env.INTERLINE_DEMO_URL;
export const KEY = process.env.INTERLINE_KEY;
export const SMALL = "openai/gpt-4o-mini";
export const LARGE = "meta-llama/llama-3.3-70b-instruct";
export const HOSTILE = readFileSync(new URL("hostile.txt", import.meta.url), "utf8").trimEnd().split("\n");

/** A page of every kind, and the status that it is answered with. */
export const KINDS = {
  "/": 200,
  "/models": 200,
  "/models?supported_parameters=tools&sort=newest&available=all": 200,
  "/models?q=nothing-is-called-so": 200,
  "/models?region=mars": 400,
  "/models/openai": 200,
  [`/models/${SMALL}`]: 200,
  [`/models/${SMALL}?in=8000&out=900&n=2000`]: 200,
  "/models/anthropic/claude-opus-4.1": 200,
  "/compare": 200,
  [`/compare?m=${SMALL},${LARGE},nobody/nothing`]: 200,
  "/providers": 200,
  "/providers/alpha": 200,
  "/status": 200,
  [`/playground?m=${SMALL}`]: 200,
  "/docs": 200,
  "/docs/api": 200,
  "/docs/dialects": 200,
  "/docs/errors": 200,
  "/docs/routing": 200,
  "/changelog": 200,
  "/models/openai/gpt-4o-mino": 404,
  "/nothing/here": 404,
  "/rankings": 200,
  "/rankings/rising": 200,
  "/apps": 200,
  [`${DEMO}/`]: 200,
  [`${DEMO}/rankings`]: 200,
  [`${DEMO}/rankings?by=spend&window=month`]: 200,
  [`${DEMO}/rankings/authors`]: 200,
  [`${DEMO}/rankings/providers`]: 200,
  [`${DEMO}/rankings/tasks`]: 200,
  [`${DEMO}/rankings/rising`]: 200,
  [`${DEMO}/rankings/stable`]: 200,
  [`${DEMO}/rankings/value`]: 200,
  [`${DEMO}/rankings/hours`]: 200,
  "/rankings/methodology": 200,
  "/apps/nobody.example.com": 404,
  [`${DEMO}/rankings/methodology`]: 200,
  [`${DEMO}/apps`]: 200,
  [`${DEMO}/apps/code.example.com`]: 200,
  [`${DEMO}/providers/groq`]: 200,
  [`${DEMO}/playground`]: 200,
  [`${DEMO}/status`]: 200,
  [`${DEMO}/models/deepseek/deepseek-v3.2`]: 200,
};

/** The whole address of a path, which may bring its own host. */
export const address = (path) => (path.startsWith("/") ? `${SITE}${path}` : path);

/** Waits until the demo's traffic is made up and counted, which happens behind its first answers. */
export async function counted() {
  for (let tries = 0; tries < 240; tries += 1) {
    const answer = await fetch(`${DEMO}/rankings/models.json`);
    if ((await answer.json()).data.length) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail("the demo has no ranking");
}

let browser = null;

/** Starts a browser for the tests of a file. */
export function browse() {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM,
      // The sandbox needs a user of its own, which tests that run as root have not. What is
      // looked at is our own pages, in a network without a way out.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    });
  });
  after(() => browser?.close());
}

/**
 * A page in a context of its own. When the test ends, it fails on whatever the page complained of
 * in its console, threw, asked of another host, or opened as a dialog.
 */
export async function page(test, options = {}) {
  const { allowed = /^$/, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...rest });
  context.setDefaultTimeout(15_000);
  const faults = [];
  const opened = await context.newPage();
  opened.on("console", (message) => {
    const about = message.location().url;
    const text = `${message.text()} at ${about}`;
    if (["error", "warning"].includes(message.type()) && !allowed.test(text)) faults.push(text);
  });
  opened.on("pageerror", (error) => faults.push(`thrown: ${error}`));
  opened.on("dialog", (dialog) => {
    faults.push(`a dialog opened: ${dialog.message()}`);
    dialog.dismiss();
  });
  opened.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(SITE) && !url.startsWith(DEMO) && !url.startsWith("data:")) faults.push(`asked for ${url}`);
  });
  test.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  opened.faults = faults;
  return opened;
}

/** Opens an address of the site and looks at its status. */
export async function open(opened, path, status = 200) {
  const answer = await opened.goto(address(path));
  assert.equal(answer.status(), status, path);
}

/** What the console says of a page that is answered with an error. */
export const MISSING = /the server responded with a status of 40[04]/;

/** Lets a simulated provider answer by a script, and as before when the test has ended. */
export async function script(test, provider, script) {
  await put(provider, script);
  test.after(() => put(provider, {}));
}

export async function put(provider, script) {
  const answer = await fetch(`${process.env.SIM_URL}/_sim/providers/${provider}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(script),
  });
  assert.ok(answer.ok, `the simulator refused a script: ${answer.status} ${await answer.text()}`);
}
