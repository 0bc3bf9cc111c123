// What the tests of the Node clients share: OpenAI's client, the simulator, and the names of models.
//
// The test command starts the gateway and the simulator and says in the environment where they are.

import assert from "node:assert/strict";
import OpenAI from "openai";

export const SMALL = "openai/gpt-4o-mini";
export const LARGE = "meta-llama/llama-3.3-70b-instruct";
export const RESCUED = "openai/gpt-4.1-mini";
export const CROWDED = "openai/gpt-4.1-nano";
export const FRAGILE = "openai/gpt-4o";
export const ENDLESS = "openai/gpt-4.1";
export const CLAUDE = "anthropic/claude-sonnet-4.5";
export const CODEX = "openai/gpt-5-codex";
export const GEMINI = "google/gemini-2.5-flash";

/** A model behind each dialect of providers. */
export const EVERYWHERE = [SMALL, CLAUDE, CODEX, GEMINI];

/** A red dot, as data. */
export const DOT =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** A client with the given key. Its own retries would hide what the gateway answered. */
export function clientWith(apiKey) {
  return new OpenAI({ baseURL: process.env.INTERLINE_URL, apiKey, maxRetries: 0, timeout: 30_000 });
}

export const client = clientWith(process.env.INTERLINE_KEY);

/** Lets a simulated provider answer by a script, and as before when the test has ended. */
export async function script(test, provider, script) {
  await put(provider, script);
  test.after(() => put(provider, {}));
}

async function put(provider, script) {
  const answer = await fetch(`${process.env.SIM_URL}/_sim/providers/${provider}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(script),
  });
  assert.ok(answer.ok, `the simulator refused a script: ${answer.status} ${await answer.text()}`);
}

/** One user message. */
export function says(content) {
  return [{ role: "user", content }];
}

/** All text of a stream's chunks. */
export function textOf(chunks) {
  return chunks.flatMap((chunk) => chunk.choices.map((c) => c.delta.content ?? "")).join("");
}

/** All chunks of a stream. */
export async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
