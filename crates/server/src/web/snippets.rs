//! How a model is called, ready to be copied, with this instance's address.

use site::Snippet;

/// Returns how a model is called from everywhere. `site` is the address without a slash at its end.
pub(super) fn snippets(site: &str, model: &str) -> Vec<Snippet> {
    // Names come from files that anybody may lay over the catalog, and snippets are run.
    let model: String =
        model.chars().filter(|it| it.is_ascii_alphanumeric() || "-._~/:@+".contains(*it)).collect();
    let snippet = |name: &str, text: String| Snippet { name: name.to_owned(), text };
    vec![
        snippet("curl", curl(site, &model)),
        snippet(
            "OpenAI, Python",
            format!(
                "import os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=\"{site}/api/v1\", api_key=os.environ[\"INTERLINE_API_KEY\"])\n\
             answer = client.chat.completions.create(\n    model=\"{model}\",\n    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\n\
             print(answer.choices[0].message.content, answer.usage.cost)"
            ),
        ),
        snippet(
            "OpenAI, TypeScript",
            format!(
                "import OpenAI from \"openai\";\n\nconst client = new OpenAI({{\n  baseURL: \"{site}/api/v1\",\n  apiKey: process.env.INTERLINE_API_KEY,\n}});\n\
             const answer = await client.chat.completions.create({{\n  model: \"{model}\",\n  messages: [{{ role: \"user\", content: \"Hello\" }}],\n}});\n\
             console.log(answer.choices[0].message.content);"
            ),
        ),
        snippet(
            "Anthropic, Python",
            format!(
                "import os\nfrom anthropic import Anthropic\n\nclient = Anthropic(base_url=\"{site}/api\", api_key=os.environ[\"INTERLINE_API_KEY\"])\n\
             answer = client.messages.create(\n    model=\"{model}\",\n    max_tokens=1000,\n    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}],\n)\n\
             print(answer.content)"
            ),
        ),
        snippet(
            "Vercel AI SDK",
            format!(
                "import {{ generateText }} from \"ai\";\nimport {{ createOpenRouter }} from \"@openrouter/ai-sdk-provider\";\n\n\
             const interline = createOpenRouter({{\n  baseURL: \"{site}/api/v1\",\n  apiKey: process.env.INTERLINE_API_KEY,\n}});\n\
             const {{ text }} = await generateText({{ model: interline(\"{model}\"), prompt: \"Hello\" }});"
            ),
        ),
        snippet(
            "Claude Code",
            format!(
                "export ANTHROPIC_BASE_URL={site}/api\nexport ANTHROPIC_AUTH_TOKEN=$INTERLINE_API_KEY\nexport ANTHROPIC_API_KEY=\n\
             export ANTHROPIC_MODEL={model}\nexport ANTHROPIC_DEFAULT_HAIKU_MODEL={model}\nclaude"
            ),
        ),
        snippet(
            "Codex",
            format!(
                "# ~/.codex/config.toml\nmodel = \"{model}\"\nmodel_provider = \"interline\"\n\n[model_providers.interline]\nname = \"Interline\"\n\
             base_url = \"{site}/api/v1\"\nenv_key = \"INTERLINE_API_KEY\"\nwire_api = \"responses\""
            ),
        ),
    ]
}

/// Returns how a model is called from a terminal.
pub(super) fn curl(site: &str, model: &str) -> String {
    format!(
        "curl {site}/api/v1/chat/completions \\\n  -H \"Authorization: Bearer $INTERLINE_API_KEY\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"model\": \"{model}\", \"messages\": [{{\"role\": \"user\", \"content\": \"Hello\"}}]}}'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_carry_this_instances_address_and_the_model() {
        let snippets = snippets("http://127.0.0.1:7070", "acme/talker");
        assert_eq!(snippets.len(), 7);
        for snippet in &snippets {
            let is_whole = snippet.text.contains("http://127.0.0.1:7070")
                && snippet.text.contains("acme/talker");
            assert!(is_whole, "{}", snippet.text);
        }
        insta::assert_snapshot!(snippets[0].text, @r#"
        curl http://127.0.0.1:7070/api/v1/chat/completions \
          -H "Authorization: Bearer $INTERLINE_API_KEY" \
          -H "Content-Type: application/json" \
          -d '{"model": "acme/talker", "messages": [{"role": "user", "content": "Hello"}]}'
        "#);
    }

    #[test]
    fn a_name_cannot_add_a_command_to_what_is_copied() {
        for snippet in snippets("http://a", "x/$(reboot)'; rm\n\"`") {
            assert!(
                !snippet.text.contains("$(") && !snippet.text.contains("; rm"),
                "{}",
                snippet.text
            );
        }
    }
}
