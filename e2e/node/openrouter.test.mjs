// OpenRouter's own client, which holds every answer against a schema.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenRouter } from "@openrouter/sdk";
import * as errors from "@openrouter/sdk/models/errors";
import { CLAUDE, DOT, ENDLESS, EVERYWHERE, SMALL, collect, says, script } from "./shared.mjs";

const serverURL = process.env.INTERLINE_URL;
const clientOf = (apiKey) => new OpenRouter({ apiKey, serverURL, retryConfig: { strategy: "none" } });
const client = clientOf(process.env.INTERLINE_KEY);
const operator = clientOf(process.env.INTERLINE_ROOT_KEY);

const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const chat = (chatRequest) => client.chat.send({ chatRequest });
const respond = (responsesRequest) => client.beta.responses.send({ responsesRequest });

for (const model of EVERYWHERE) {
  test(`${model}: a stream adds up to the answer`, async () => {
    const messages = says("The same.");
    const whole = await chat({ model, messages });
    const chunks = await collect(await chat({ model, messages, stream: true }));
    const told = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
    assert.ok(told);
    assert.equal(told, whole.choices[0].message.content);
    assert.ok(whole.usage.cost > 0);
    assert.equal(chunks.at(-1).usage.cost, whole.usage.cost);
  });

  test(`${model}: a tool is called and its result is taken`, async () => {
    const messages = says("How is the weather?");
    const first = await chat({ model, messages, tools: [weather] });
    assert.equal(first.choices[0].finishReason, "tool_calls");
    const message = first.choices[0].message;
    const result = { role: "tool", toolCallId: message.toolCalls[0].id, content: "18 degrees" };
    const second = await chat({ model, messages: [...messages, message, result], tools: [weather] });
    assert.match(second.choices[0].message.content, /18 degrees/);
  });

  test(`${model}: a schema is kept to`, async () => {
    const schema = {
      type: "object",
      properties: { mood: { type: "string" } },
      required: ["mood"],
      additionalProperties: false,
    };
    const jsonSchema = { name: "mood", strict: true, schema };
    const responseFormat = { type: "json_schema", jsonSchema };
    const answer = await chat({ model, messages: says("How are you?"), responseFormat });
    assert.equal(typeof JSON.parse(answer.choices[0].message.content).mood, "string");
  });

  test(`${model}: an image is taken`, async () => {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", imageUrl: { url: DOT } },
    ];
    const answer = await chat({ model, messages: [{ role: "user", content }] });
    assert.ok(answer.choices[0].message.content);
  });

  test(`${model}: a response and each event of its stream are as the schema has them`, async () => {
    const input = "The same.";
    const whole = await respond({ model, input });
    assert.equal(whole.status, "completed");
    const events = await collect(await respond({ model, input, stream: true }));
    const kinds = events.map((event) => event.type);
    assert.ok(!kinds.includes("UNKNOWN"), kinds.join(" "));
    assert.equal(kinds[0], "response.created");
    assert.equal(kinds.at(-1), "response.completed");
    const told = events.filter((event) => event.type === "response.output_text.delta");
    assert.equal(told.map((event) => event.delta).join(""), whole.output[0].content[0].text);
  });
}

test("a stream that is given up ends", async (t) => {
  await script(t, "endless", { fault: { kind: "infinite_stream", gap_ms: 20 } });
  const chatRequest = { model: ENDLESS, messages: says("Go on."), stream: true };
  const gaveUp = new AbortController();
  const fetchOptions = { signal: gaveUp.signal };
  const stream = await client.chat.send({ chatRequest }, { fetchOptions });
  await assert.rejects(async () => {
    for await (const chunk of stream) if (chunk.id) gaveUp.abort();
  });
});

test("a generation is looked up with what it cost", async () => {
  const answer = await chat({ model: SMALL, messages: says("Hi.") });
  const { data } = await client.generations.getGeneration({ id: answer.id });
  assert.equal(data.id, answer.id);
  assert.equal(data.totalCost, answer.usage.cost);
});

test("models, endpoints and providers are listed", async () => {
  const { result } = await client.models.list({});
  assert.ok(result.data.some((model) => model.id === CLAUDE));
  assert.equal((await client.models.count()).data.count, result.data.length);
  const own = await client.models.listForUser({ bearer: process.env.INTERLINE_KEY });
  assert.equal((own.result ?? own).data.length, result.data.length);
  const names = { author: "anthropic", slug: "claude-sonnet-4.5" };
  assert.equal((await client.models.get(names)).data.id, CLAUDE);
  const { data } = await client.endpoints.list(names);
  assert.equal(data.endpoints[0].providerName, "Claude");
  await client.endpoints.listZdrEndpoints();
  const providers = await client.providers.list();
  assert.ok(providers.data.some((provider) => provider.slug === "anthropic"));
});

test("keys are made, changed, listed and deleted", async () => {
  const { data: own } = await client.apiKeys.getCurrentKeyMetadata();
  assert.equal(own.isManagementKey, false);
  const made = await operator.apiKeys.create({ requestBody: { name: "for a while", limit: 3 } });
  const hash = made.data.hash;
  assert.equal(made.data.limit, 3);
  const changed = await operator.apiKeys.update({ hash, requestBody: { disabled: true } });
  assert.equal(changed.data.disabled, true);
  assert.equal((await operator.apiKeys.get({ hash })).data.name, "for a while");
  const all = await operator.apiKeys.list();
  assert.ok((all.result ?? all).data.some((key) => key.hash === hash));
  assert.equal((await operator.apiKeys.delete({ hash })).deleted, true);
});

test("failures are the client's own errors", async () => {
  const messages = says("Hi.");
  await assert.rejects(chat({ model: "acme/none", messages }), errors.BadRequestResponseError);
  const nobody = clientOf("sk-or-v1-nobody").chat.send({ chatRequest: { model: SMALL, messages } });
  await assert.rejects(nobody, errors.UnauthorizedResponseError);
  await assert.rejects(
    client.generations.getGeneration({ id: "gen-1-none" }),
    errors.NotFoundResponseError,
  );
});
