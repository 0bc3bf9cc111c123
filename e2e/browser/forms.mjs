// Fetches the forms in which one figure is told, all at one state of the instance.

import assert from "node:assert/strict";
import { DEMO } from "./shared.mjs";

const ROOT = { Authorization: `Bearer ${process.env.INTERLINE_ROOT_KEY}` };

/** What an address of the demo answers with; the API is asked with the root key. A space is a space, also where no line may break. */
export async function text(path, status = 200) {
  const headers = path.startsWith("/api/") ? ROOT : {};
  const answer = await fetch(`${DEMO}${path}`, { headers });
  assert.equal(answer.status, status, path);
  return (await answer.text()).replaceAll("\u00a0", " ");
}

export const json = async (path) => JSON.parse(await text(path));

/**
 * Fetches some forms between two answers of the API that are the same: figures are made anew while
 * tests beside this one send requests.
 */
export async function steady(path, others) {
  for (let tries = 0; tries < 30; tries += 1) {
    const before = await text(path);
    const forms = [];
    for (const other of others) forms.push(await text(other));
    if (before === await text(path)) return { api: JSON.parse(before), forms };
  }
  return assert.fail(`${path} was never twice the same`);
}
