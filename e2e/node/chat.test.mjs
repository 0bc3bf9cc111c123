// Whole answers, streams, tools and structured answers, as the official client reads them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DOT, EVERYWHERE, LARGE, SMALL, client, collect, says, textOf } from "./shared.mjs";

const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

test("a whole answer has its text, its model and its cost", async () => {
  const answer = await client.chat.completions.create({ model: SMALL, messages: says("Talk.") });
  assert.equal(answer.model, SMALL);
  assert.ok(answer.choices[0].message.content);
  assert.equal(answer.choices[0].finish_reason, "stop");
  const { prompt_tokens: input, completion_tokens: output, cost } = answer.usage;
  assert.ok(Math.abs(cost - (input * 0.15e-6 + output * 0.6e-6)) < 2e-9);
});

test("the generation id is a header and the id of the answer", async () => {
  const asked = client.chat.completions.create({ model: SMALL, messages: says("Hi.") });
  const { data, response } = await asked.withResponse();
  assert.equal(response.headers.get("x-generation-id"), data.id);
});

test("a stream has one id, one finish and one usage with its cost", async () => {
  const asked = { model: SMALL, messages: says("Tell."), stream: true };
  const chunks = await collect(await client.chat.completions.create(asked));
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  assert.ok(textOf(chunks));
  const finishes = chunks.flatMap((chunk) => chunk.choices.map((c) => c.finish_reason));
  assert.deepEqual(finishes.filter(Boolean), ["stop"]);
  const usages = chunks.filter((chunk) => chunk.usage);
  assert.equal(usages.length, 1);
  assert.ok(usages[0].usage.cost > 0);
});

test("another model is another string", async () => {
  for (const model of [SMALL, LARGE]) {
    const answer = await client.chat.completions.create({ model, messages: says("Who?") });
    assert.equal(answer.model, model);
  }
});

test("the list of models names those that are served", async () => {
  const ids = new Set((await collect(await client.models.list())).map((model) => model.id));
  assert.ok(ids.has(SMALL) && ids.has(LARGE));
});

for (const stream of [false, true]) {
  test(`the client's own tool loop comes to an answer, streamed: ${stream}`, async () => {
    const cities = [];
    const weather = ({ city }) => {
      cities.push(city);
      return "18 degrees";
    };
    const runner = client.chat.completions.runTools({
      model: SMALL,
      stream,
      messages: says("What is the weather in Lyon?"),
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            description: "The weather in a city",
            parameters: PARAMETERS,
            parse: JSON.parse,
            function: weather,
          },
        },
      ],
    });
    assert.match(await runner.finalContent(), /18 degrees/);
    assert.deepEqual(cities.map((city) => typeof city), ["string"]);
  });
}

test("a structured answer fits its schema", async () => {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, guests: { type: "integer" } },
    required: ["name", "guests"],
    additionalProperties: false,
  };
  const answer = await client.chat.completions.create({
    model: SMALL,
    messages: says("Invent an event."),
    response_format: { type: "json_schema", json_schema: { name: "event", strict: true, schema } },
  });
  const event = JSON.parse(answer.choices[0].message.content);
  assert.equal(typeof event.name, "string");
  assert.ok(Number.isInteger(event.guests));
});

for (const model of EVERYWHERE) {
  test(`${model}: an image is taken`, async () => {
    const content = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: DOT } },
    ];
    const messages = [{ role: "user", content }];
    const answer = await client.chat.completions.create({ model, messages });
    assert.ok(answer.choices[0].message.content);
  });
}
