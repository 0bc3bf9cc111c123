// OpenAI's client against the responses route, before providers of every dialect.

import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { CODEX, EVERYWHERE, SMALL, client, script } from "./shared.mjs";

const weather = {
  type: "function",
  name: "weather",
  strict: true,
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};

for (const model of EVERYWHERE) {
  test(`${model}: a stream adds up to the response`, async () => {
    const whole = await client.responses.create({ model, input: "The same." });
    const stream = client.responses.stream({ model, input: "The same." });
    const final = await stream.finalResponse();
    assert.ok(final.output_text);
    assert.equal(final.output_text, whole.output_text);
    assert.ok(final.usage.cost > 0);
  });

  test(`${model}: a function is called and its result is taken`, async () => {
    const input = [{ role: "user", content: "How is the weather?" }];
    const first = await client.responses.create({ model, input, tools: [weather] });
    const call = first.output.find((item) => item.type === "function_call");
    assert.ok("city" in JSON.parse(call.arguments));
    const result = { type: "function_call_output", call_id: call.call_id, output: "18 degrees" };
    const turns = [...input, ...first.output, result];
    const second = await client.responses.create({ model, input: turns, tools: [weather] });
    assert.match(second.output_text, /18 degrees/);
  });

  test(`${model}: a tool that takes free text is called and its result is taken`, async (t) => {
    for (const provider of ["alpha", "claude", "codex", "gemini"]) {
      await script(t, provider, { calls: [{ name: "patch", arguments: { input: "*** Begin" } }] });
    }
    const tools = [{ type: "custom", name: "patch", description: "Applies a patch" }];
    const input = [{ role: "user", content: "Mend it." }];
    const first = await client.responses.stream({ model, input, tools }).finalResponse();
    const call = first.output.find((item) => item.type === "custom_tool_call");
    assert.equal(call.input, "*** Begin");
    const result = { type: "custom_tool_call_output", call_id: call.call_id, output: "mended" };
    const second = await client.responses.create({
      model,
      input: [...input, ...first.output, result],
      tools,
    });
    assert.match(second.output_text, /mended/);
  });

  test(`${model}: a schema is kept to`, async () => {
    const format = zodTextFormat(z.object({ mood: z.string() }), "said");
    const asked = { model, input: "How are you?", text: { format } };
    const response = await client.responses.parse(asked);
    assert.equal(typeof response.output_parsed.mood, "string");
  });
}

test("thinking is summarised, sealed and taken back", async (t) => {
  await script(t, "codex", { reasoning_tokens: 5 });
  const asked = { model: CODEX, tools: [weather], store: false, reasoning: { effort: "high" } };
  const input = [{ role: "user", content: "How is the weather?" }];
  const include = ["reasoning.encrypted_content"];
  const first = await client.responses.create({ ...asked, input, include });
  assert.equal(first.output[0].type, "reasoning");
  assert.ok(first.output[0].encrypted_content);
  const call = first.output.at(-1);
  const result = { type: "function_call_output", call_id: call.call_id, output: "18 degrees" };
  const turns = [...input, ...first.output, result];
  const second = await client.responses.create({ ...asked, input: turns, include });
  assert.match(second.output_text, /18 degrees/);
});

test("what is not kept cannot be continued", async () => {
  const asked = { model: SMALL, input: "Go on.", previous_response_id: "resp_1" };
  await assert.rejects(client.responses.create(asked), OpenAI.BadRequestError);
});

test("a model is retrieved by its id", async () => {
  const model = await client.models.retrieve(SMALL);
  assert.equal(model.id, SMALL);
  assert.equal(model.object, "model");
});
