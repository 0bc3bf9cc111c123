//! The tasks that requests are sorted into: OpenRouter's taxonomy of 29 tags in four groups.

/// A group of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its name")]
pub enum Macro {
    Code,
    Data,
    Agent,
    General,
}

impl Macro {
    /// Every group.
    pub const ALL: [Macro; 4] = [Macro::Code, Macro::Data, Macro::Agent, Macro::General];

    /// Returns its key.
    pub const fn key(self) -> &'static str {
        match self {
            Macro::Code => "code",
            Macro::Data => "data",
            Macro::Agent => "agent",
            Macro::General => "general",
        }
    }

    /// Returns its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Macro::Code => "Code",
            Macro::Data => "Data",
            Macro::Agent => "Agents",
            Macro::General => "General",
        }
    }
}

/// A task, by its place in the list of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u8);

/// Key, name for people, group.
const TAGS: [(&str, &str, Macro); Tag::COUNT] = [
    ("code:general_impl", "Code Generation", Macro::Code),
    ("code:debugging", "Debugging", Macro::Code),
    ("code:file_read_write", "File I/O", Macro::Code),
    ("code:review_security", "Code Review", Macro::Code),
    ("code:shell_execution", "Shell Execution", Macro::Code),
    ("code:frontend_ui", "Frontend & UI", Macro::Code),
    ("code:repo_scan", "Repo Scanning", Macro::Code),
    ("code:devops_config", "DevOps Config", Macro::Code),
    ("code:sql_database", "SQL & Databases", Macro::Code),
    ("data:extraction", "Data Extraction", Macro::Data),
    ("data:transformation", "Data Transformation", Macro::Data),
    ("agent:workflow_execution", "Workflow Execution", Macro::Agent),
    ("agent:multi_step_planning", "Multi-step Planning", Macro::Agent),
    ("agent:tool_dispatch", "Tool Dispatch", Macro::Agent),
    ("agent:web_search", "Web Search", Macro::Agent),
    ("agent:memory_extraction", "Memory Extraction", Macro::Agent),
    ("classification_tagging", "Classification", Macro::General),
    ("content_writing", "Content Writing", Macro::General),
    ("roleplay_fiction", "Roleplay & Fiction", Macro::General),
    ("qa_knowledge", "Questions & Knowledge", Macro::General),
    ("conversational_reply", "Conversation", Macro::General),
    ("research_report", "Research Reports", Macro::General),
    ("customer_support", "Customer Support", Macro::General),
    ("summarization", "Summarization", Macro::General),
    ("security_audit", "Security Audit", Macro::General),
    ("math", "Math", Macro::General),
    ("finance_trading", "Finance & Trading", Macro::General),
    ("translation", "Translation", Macro::General),
    ("devops", "DevOps", Macro::General),
    ("other", "Other", Macro::General),
];

impl Tag {
    /// How many there are, `other` included.
    pub const COUNT: usize = 30;
    /// How many there are, `other` not included: the classes that the model tells apart.
    pub const CLASSES: usize = Tag::COUNT - 1;
    /// What fits nowhere, or about which nothing sure can be said.
    pub const OTHER: Tag = Tag(Tag::CLASSES as u8);

    /// Returns every tag, `other` last.
    pub fn all() -> impl Iterator<Item = Tag> {
        (0..Tag::COUNT as u8).map(Tag)
    }

    /// Returns the tag at a place of the list; `other` beyond it.
    pub fn at(place: usize) -> Tag {
        u8::try_from(place).ok().filter(|it| *it < Tag::OTHER.0).map_or(Tag::OTHER, Tag)
    }

    /// Returns its place in the list.
    pub fn place(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the tag with a key.
    pub fn parse(key: &str) -> Option<Tag> {
        TAGS.iter().position(|(known, ..)| *known == key).map(|place| Tag(place as u8))
    }

    /// Returns its key on the wire.
    pub fn key(self) -> &'static str {
        TAGS[self.place()].0
    }

    /// Returns its name for people.
    pub fn label(self) -> &'static str {
        TAGS[self.place()].1
    }

    /// Returns its group.
    pub fn group(self) -> Macro {
        TAGS[self.place()].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_lead_back() {
        for tag in Tag::all() {
            assert_eq!(Tag::parse(tag.key()), Some(tag));
            assert_eq!(Tag::at(tag.place()), tag);
        }
        assert_eq!(Tag::OTHER.key(), "other");
        assert_eq!(Tag::at(99), Tag::OTHER);
        assert_eq!(Tag::parse("code"), None);
    }
}
