// Anthropic's client against the messages route, before providers of two dialects.

import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { CLAUDE, DOT, ENDLESS, SMALL, says, script } from "./shared.mjs";

const baseURL = process.env.INTERLINE_URL.replace(/\/v1$/, "");
const options = { baseURL, maxRetries: 0, timeout: 30_000 };
const client = new Anthropic({ ...options, apiKey: process.env.INTERLINE_KEY, authToken: null });

const tools = [
  {
    name: "weather",
    description: "The weather in a city",
    input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];

for (const model of [SMALL, CLAUDE]) {
  test(`${model}: a stream adds up to the message`, async () => {
    const asked = { model, max_tokens: 200, messages: says("The same.") };
    const whole = await client.messages.create(asked);
    const stream = client.messages.stream(asked);
    let told = "";
    stream.on("text", (piece) => (told += piece));
    const final = await stream.finalMessage();
    assert.ok(told);
    assert.equal(told, final.content[0].text);
    assert.equal(told, whole.content[0].text);
    assert.equal(final.stop_reason, "end_turn");
    assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
    assert.ok(whole.usage.cost > 0);
  });

  test(`${model}: a tool is called and its result is taken, whole and streamed`, async () => {
    const ask = {
      whole: (asked) => client.messages.create(asked),
      streamed: (asked) => client.messages.stream(asked).finalMessage(),
    };
    for (const send of Object.values(ask)) {
      const asked = { model, max_tokens: 400, tools, messages: says("How is the weather?") };
      const first = await send(asked);
      assert.equal(first.stop_reason, "tool_use");
      const call = first.content.find((block) => block.type === "tool_use");
      assert.equal(typeof call.input.city, "string");
      const result = { type: "tool_result", tool_use_id: call.id, content: "18 degrees" };
      const turns = [
        { role: "assistant", content: first.content },
        { role: "user", content: [result] },
      ];
      const second = await send({ ...asked, messages: [...asked.messages, ...turns] });
      assert.match(second.content.at(-1).text, /18 degrees/);
    }
  });

  test(`${model}: a schema is kept to`, async () => {
    const schema = {
      type: "object",
      properties: { mood: { type: "string" } },
      required: ["mood"],
      additionalProperties: false,
    };
    const message = await client.messages.create({
      model,
      max_tokens: 400,
      messages: says("How are you?"),
      output_config: { format: { type: "json_schema", schema } },
    });
    assert.equal(typeof JSON.parse(message.content.at(-1).text).mood, "string");
  });

  test(`${model}: an image is taken`, async () => {
    const data = DOT.split(",")[1];
    const source = { type: "base64", media_type: "image/png", data };
    const content = [
      { type: "image", source },
      { type: "text", text: "What is this?" },
    ];
    const messages = [{ role: "user", content }];
    const message = await client.messages.create({ model, max_tokens: 200, messages });
    assert.ok(message.content[0].text);
  });
}

test("thinking comes with its signature and goes back", async (t) => {
  await script(t, "claude", { reasoning_tokens: 5 });
  const thinking = { type: "enabled", budget_tokens: 1024 };
  const asked = { model: CLAUDE, max_tokens: 4000, thinking, tools, messages: says("The weather?") };
  const first = await client.messages.stream(asked).finalMessage();
  assert.equal(first.content[0].type, "thinking");
  assert.ok(first.content[0].signature);
  const call = first.content.at(-1);
  const result = { type: "tool_result", tool_use_id: call.id, content: "18 degrees" };
  const turns = [
    { role: "assistant", content: first.content },
    { role: "user", content: [result] },
  ];
  const second = await client.messages.create({ ...asked, messages: [...asked.messages, ...turns] });
  assert.match(second.content.at(-1).text, /18 degrees/);
});

test("tokens are counted beforehand", async () => {
  const count = (text) => client.messages.countTokens({ model: CLAUDE, messages: says(text) });
  const [few, many] = [await count("Hi."), await count("Hi. ".repeat(100))];
  assert.ok(0 < few.input_tokens && few.input_tokens < many.input_tokens);
});

test("models are listed in pages and retrieved", async () => {
  const ids = [];
  for await (const model of client.models.list({ limit: 2 })) ids.push(model.id);
  assert.ok(ids.includes(CLAUDE));
  assert.equal(new Set(ids).size, ids.length);
  const model = await client.models.retrieve(CLAUDE);
  assert.deepEqual([model.type, model.id], ["model", CLAUDE]);
});

test("a key may come as a bearer", async () => {
  const bearer = new Anthropic({ ...options, apiKey: null, authToken: process.env.INTERLINE_KEY });
  const asked = { model: SMALL, max_tokens: 5, messages: says("Hi.") };
  assert.ok((await bearer.messages.create(asked)).content[0].text);
});

test("failures are the client's own errors", async () => {
  const send = (from, asked) => from.messages.create({ max_tokens: 5, messages: says("Hi."), ...asked });
  const nobody = new Anthropic({ ...options, apiKey: "sk-or-v1-nobody", authToken: null });
  await assert.rejects(send(nobody, { model: SMALL }), Anthropic.AuthenticationError);
  await assert.rejects(send(client, { model: "acme/none" }), Anthropic.NotFoundError);
  await assert.rejects(send(client, { model: SMALL, messages: [] }), Anthropic.BadRequestError);
});

test("a stream that is given up ends", async (t) => {
  await script(t, "endless", { fault: { kind: "infinite_stream", gap_ms: 20 } });
  const asked = { model: ENDLESS, max_tokens: 4000, messages: says("Go on.") };
  const stream = client.messages.stream(asked);
  stream.on("text", () => stream.abort());
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
});
