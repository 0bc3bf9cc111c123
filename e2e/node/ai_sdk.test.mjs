// Vercel's AI SDK with its OpenRouter provider: text, streams, tools, objects, thinking and cost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { APICallError, Output, generateText, isStepCount, streamText, tool } from "ai";
import { z } from "zod";
import { DOT, ENDLESS, EVERYWHERE, SMALL, script } from "./shared.mjs";

const openrouter = createOpenRouter({
  apiKey: process.env.INTERLINE_KEY,
  baseURL: process.env.INTERLINE_URL,
});

const tools = {
  weather: tool({
    description: "The weather in a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => ({ city, degrees: 18 }),
  }),
};

for (const id of EVERYWHERE) {
  const model = openrouter.chat(id);

  test(`${id}: a stream adds up to the text, with the usage and the cost of both`, async () => {
    const whole = await generateText({ model, prompt: "The same." });
    const stream = streamText({ model, prompt: "The same." });
    let told = "";
    for await (const piece of stream.textStream) told += piece;
    assert.ok(told);
    assert.equal(told, whole.text);
    for (const answer of [whole, stream]) {
      assert.equal(await answer.finishReason, "stop");
      const { inputTokens, outputTokens, totalTokens } = await answer.usage;
      assert.equal(totalTokens, inputTokens + outputTokens);
      const { openrouter: told } = await answer.providerMetadata;
      assert.ok(told.provider);
      assert.ok(told.usage.cost > 0);
    }
  });

  test(`${id}: a tool is run and its result is told`, async () => {
    const asked = { model, tools, stopWhen: isStepCount(3), prompt: "How is the weather?" };
    const whole = await generateText(asked);
    assert.equal(whole.steps.length, 2);
    assert.match(whole.text, /18/);
    const stream = streamText(asked);
    assert.match(await stream.text, /18/);
    assert.equal((await stream.steps).length, 2);
  });

  test(`${id}: an object keeps to its schema`, async () => {
    const output = Output.object({ schema: z.object({ mood: z.string(), level: z.number() }) });
    const answer = await generateText({ model, output, prompt: "How are you?" });
    assert.equal(typeof answer.output.mood, "string");
    assert.equal(typeof answer.output.level, "number");
  });

  test(`${id}: thinking is told apart from the text`, async () => {
    const thinks = openrouter.chat(id, { reasoning: { effort: "high" } });
    const prompt = '[[sim {"reasoning_tokens": 5}]]Think.';
    const answer = await generateText({ model: thinks, prompt });
    assert.ok(answer.reasoningText);
    assert.ok(!answer.text.includes(answer.reasoningText));
    const { outputTokenDetails } = await answer.usage;
    assert.equal(outputTokenDetails.reasoningTokens, 5);
  });
}

test("an image is sent beside the text", async () => {
  const content = [
    { type: "text", text: "What is this?" },
    { type: "file", data: DOT, mediaType: "image/png" },
  ];
  const model = openrouter.chat("anthropic/claude-sonnet-4.5");
  const answer = await generateText({ model, messages: [{ role: "user", content }] });
  assert.ok(answer.text);
});

test("a failure is the client's own error with the house's words", async () => {
  const unknown = openrouter.chat("acme/none");
  const asked = generateText({ model: unknown, prompt: "Hi.", maxRetries: 0 });
  await assert.rejects(asked, (error) => {
    assert.ok(APICallError.isInstance(error));
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /no model acme\/none/);
    return true;
  });
});

test("a stream that is given up ends", async (t) => {
  await script(t, "endless", { fault: { kind: "infinite_stream", gap_ms: 20 } });
  const leaving = new AbortController();
  const asked = { prompt: "Go on.", abortSignal: leaving.signal, onError: () => {} };
  const stream = streamText({ model: openrouter.chat(ENDLESS), ...asked });
  for await (const _ of stream.textStream) leaving.abort();
  assert.ok(leaving.signal.aborted);
});

test("what the provider is told beyond the standard arrives", async () => {
  const model = openrouter.chat(SMALL, { extraBody: { provider: { only: ["alpha"] } } });
  const answer = await generateText({ model, prompt: "Hi." });
  assert.equal(answer.providerMetadata.openrouter.provider, "Alpha");
});
