// What goes wrong, and what the client makes of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI from "openai";
import {
  CROWDED,
  ENDLESS,
  FRAGILE,
  RESCUED,
  SMALL,
  client,
  clientWith,
  collect,
  says,
  script,
  textOf,
} from "./shared.mjs";

const IN_ORDER = { provider: { order: ["broken", "beta"] } };
const DEADLINE_MS = 10_000;

test("a wrong key is an authentication error", async () => {
  const stranger = clientWith("sk-or-v1-wrong");
  const asked = stranger.chat.completions.create({ model: SMALL, messages: says("Hi.") });
  await assert.rejects(asked, OpenAI.AuthenticationError);
});

test("an unknown model is an error that names near ones", async () => {
  const asked = { model: "openai/gpt-4o-mimi", messages: says("Hi.") };
  await assert.rejects(client.chat.completions.create(asked), (error) => {
    assert.ok([400, 404].includes(error.status));
    assert.ok(error.message.includes(SMALL), error.message);
    return true;
  });
});

test("when all providers refuse, the error is of the rate limit", async (t) => {
  for (const provider of ["crowded", "full"]) {
    await script(t, provider, { fault: { kind: "status", status: 429, retry_after: "7" } });
  }
  const asked = client.chat.completions.create({ model: CROWDED, messages: says("Hi.") });
  await assert.rejects(asked, OpenAI.RateLimitError);
});

test("a provider that fails is replaced and the answer is whole", async (t) => {
  await script(t, "broken", { fault: { kind: "status", status: 503 } });
  const asked = { model: RESCUED, messages: says("Hi."), ...IN_ORDER };
  const answer = await client.chat.completions.create(asked);
  assert.equal(answer.provider, "Beta");
  assert.ok(answer.choices[0].message.content);

  const chunks = await collect(await client.chat.completions.create({ ...asked, stream: true }));
  assert.ok(textOf(chunks));
});

test("a stream that breaks off ends in an error after what came", async (t) => {
  await script(t, "fragile", { fault: { kind: "reset_mid", after_chunks: 3 } });
  const asked = { model: FRAGILE, messages: says("Hi."), stream: true };
  const stream = await client.chat.completions.create(asked);
  const chunks = [];
  await assert.rejects(async () => {
    for await (const chunk of stream) chunks.push(chunk);
  }, OpenAI.APIError);
  assert.ok(textOf(chunks));
});

test("a stream that the caller leaves is recorded as cancelled", async (t) => {
  await script(t, "endless", { fault: { kind: "infinite_stream", gap_ms: 20 } });
  const asked = { model: ENDLESS, messages: says("Hi."), stream: true };
  const stream = await client.chat.completions.create(asked);
  let id;
  for await (const chunk of stream) {
    id = chunk.id;
    break;
  }
  stream.controller.abort();
  const record = await recordOf(id);
  assert.equal(record.cancelled, true);
});

/** The record of a generation; it is written a moment after the stream ends. */
async function recordOf(id) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      return (await client.get("/generation", { query: { id } })).data;
    } catch (error) {
      if (!(error instanceof OpenAI.NotFoundError) || Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}
