//! What an operation says of itself.

use domain::catalog::Dialect;
use domain::failure::FailureKind;
use serde_json::Value;

use super::schema::Schema;

/// What an operation says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Its name, OpenRouter's where OpenRouter has the same operation.
    pub(crate) id: &'static str,
    /// Under which heading it stands.
    pub(crate) tag: Tag,
    /// What it does, in one sentence.
    pub(crate) summary: &'static str,
    /// What else is to be known.
    pub(crate) detail: &'static str,
    /// Who may call it.
    pub(crate) access: Access,
    /// What is said in the path, the query and the headers.
    pub(crate) parameters: Vec<Parameter>,
    /// Forms of the body that it takes; none where it takes no body.
    pub(crate) bodies: Vec<(&'static str, Schema)>,
    /// What it answers where all is well.
    pub(crate) answers: Vec<Answer>,
    /// What can go wrong.
    pub(crate) failures: Vec<FailureKind>,
    /// In which dialect failures are told.
    pub(crate) dialect: Dialect,
    /// Headers of what it answers where all is well.
    pub(crate) tells: Vec<(&'static str, Schema)>,
    /// Its path in the document, where the route's own says less.
    pub(crate) shown_at: Option<&'static str>,
    /// A body of JSON that it takes.
    pub(crate) sample: Option<Value>,
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nobody has to say who is calling.
    Anybody,
    /// Whoever has a key, or the operator's.
    Key,
    /// Whoever has a key that runs models; the operator's does not.
    Holder,
    /// The operator alone.
    Operator,
    /// Whoever has a key; on an instance whose figures are public, anybody.
    Reader,
}

impl Access {
    /// Says who that is.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Access::Anybody => "No key is needed.",
            Access::Key => "Needs an API key; the operator's key works too.",
            Access::Holder => "Needs an API key. The operator's key runs no models.",
            Access::Operator => "Needs the operator's key.",
            Access::Reader => {
                "Needs an API key, or the operator's; on an instance whose figures are public, none."
            }
        }
    }
}

/// Where a parameter is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
}

impl Place {
    /// Returns OpenAPI's word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        }
    }
}

/// What is said in the path, the query or a header.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it is said.
    pub(crate) place: Place,
    /// What it looks like, and what it means.
    pub(crate) schema: Schema,
}

/// What is answered where all is well.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// What it is.
    pub(crate) said: &'static str,
    /// Its media type, and what it looks like.
    pub(crate) forms: Vec<(&'static str, Schema)>,
}

/// The media type of most bodies.
pub(super) const JSON: &str = "application/json";

macro_rules! tags {
    ($($name:ident = $word:literal: $said:literal;)*) => {
        /// The headings, in the order in which they are shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Tag { $($name),* }

        impl Tag {
            /// Every heading.
            pub(crate) const ALL: &[Tag] = &[$(Tag::$name),*];

            /// Returns its words.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Tag::$name => $word),* }
            }

            /// Says what stands under it.
            pub(crate) const fn sentence(self) -> &'static str {
                match self { $(Tag::$name => $said),* }
            }
        }
    };
}

tags! {
    Chat = "Chat": "Conversations, in OpenAI's form.";
    Responses = "Responses": "Conversations, in the form of OpenAI's Responses.";
    Messages = "Anthropic Messages": "Conversations, in Anthropic's form.";
    Embeddings = "Embeddings": "Texts as vectors.";
    Rerank = "Rerank": "Documents in the order in which they answer a question.";
    Images = "Images": "Pictures from words.";
    Audio = "Audio": "Speech from text, and text from speech.";
    Moderations = "Moderations": "Whether a text is harmful.";
    Models = "Models": "What can be called, who offers it, and what it costs.";
    Providers = "Providers": "Who serves models.";
    Rankings = "Rankings": "What the traffic of this instance tells.";
    Generations = "Generations": "What became of a request.";
    Stealth = "Stealth models": "Terms of models whose makers are not told, and what their labs are told.";
    Keys = "API Keys": "Keys, their limits, and what they have spent.";
    Workspaces = "Workspaces": "What all keys may spend together.";
    Credits = "Credits": "What there is to spend, and buying more.";
    Gemini = "Gemini": "Models in the words of Google's Gemini API, below `/v1beta`.";
    Ollama = "Ollama": "Models in the words of Ollama, below `/api`.";
    Instance = "Instance": "What this instance says of itself.";
}

impl Operation {
    /// An operation that anybody with a key may call, and that answers nothing yet.
    pub(crate) fn new(id: &'static str, tag: Tag, summary: &'static str) -> Operation {
        Operation {
            id,
            tag,
            summary,
            detail: "",
            access: Access::Key,
            parameters: Vec::new(),
            bodies: Vec::new(),
            answers: Vec::new(),
            failures: Vec::new(),
            dialect: Dialect::OpenaiChat,
            tells: Vec::new(),
            shown_at: None,
            sample: None,
        }
    }

    /// Says what else is to be known.
    pub(crate) fn about(self, detail: &'static str) -> Operation {
        Operation { detail, ..self }
    }

    /// Says who may call it.
    pub(crate) fn by(self, access: Access) -> Operation {
        Operation { access, ..self }
    }

    /// Tells failures in a dialect.
    pub(crate) fn spoken(self, dialect: Dialect) -> Operation {
        Operation { dialect, ..self }
    }

    /// A part of the path.
    pub(crate) fn at(self, name: &'static str, schema: Schema) -> Operation {
        self.parameter(Place::Path, name, schema)
    }

    /// A field of the query.
    pub(crate) fn asks(self, name: &'static str, schema: Schema) -> Operation {
        self.parameter(Place::Query, name, schema)
    }

    /// A header.
    pub(crate) fn hears(self, name: &'static str, schema: Schema) -> Operation {
        self.parameter(Place::Header, name, schema)
    }

    fn parameter(mut self, place: Place, name: &'static str, schema: Schema) -> Operation {
        self.parameters.push(Parameter { name, place, schema });
        self
    }

    /// A body of JSON.
    pub(crate) fn takes(self, schema: Schema) -> Operation {
        self.takes_as(JSON, schema)
    }

    /// A body of another kind.
    pub(crate) fn takes_as(mut self, media: &'static str, schema: Schema) -> Operation {
        self.bodies.push((media, schema));
        self
    }

    /// An answer of JSON.
    pub(crate) fn gives(self, said: &'static str, schema: Schema) -> Operation {
        self.gives_as(200, said, &[JSON], schema)
    }

    /// An answer of JSON that something was made.
    pub(crate) fn makes(self, said: &'static str, schema: Schema) -> Operation {
        self.gives_as(201, said, &[JSON], schema)
    }

    /// An answer in one of several kinds, of which one schema holds.
    pub(crate) fn gives_as(
        mut self,
        status: u16,
        said: &'static str,
        media: &[&'static str],
        schema: Schema,
    ) -> Operation {
        let forms = media.iter().map(|media| (*media, schema.clone())).collect();
        self.answers.push(Answer { status, said, forms });
        self
    }

    /// Another form of the answer before.
    pub(crate) fn or_as(mut self, media: &'static str, schema: Schema) -> Operation {
        if let Some(last) = self.answers.last_mut() {
            last.forms.push((media, schema));
        }
        self
    }

    /// A body of JSON that it takes, to show.
    pub(crate) fn sample(self, body: Value) -> Operation {
        Operation { sample: Some(body), ..self }
    }

    /// A header of what it answers.
    pub(crate) fn tells(mut self, name: &'static str, schema: Schema) -> Operation {
        self.tells.push((name, schema));
        self
    }

    /// Stands in the document at a path that says more than the route's own.
    pub(crate) fn shown_at(self, path: &'static str) -> Operation {
        Operation { shown_at: Some(path), ..self }
    }

    /// What can go wrong besides what follows from the rest.
    pub(crate) fn fails(mut self, kinds: &[FailureKind]) -> Operation {
        self.failures.extend_from_slice(kinds);
        self
    }

    /// Returns everything that can go wrong, each once.
    pub(crate) fn all_failures(&self) -> Vec<FailureKind> {
        let mut all = self.failures.clone();
        all.push(FailureKind::Internal);
        match self.access {
            Access::Anybody => (),
            Access::Key | Access::Reader => all.push(FailureKind::Authentication),
            Access::Holder | Access::Operator => {
                all.extend([FailureKind::Authentication, FailureKind::PermissionDenied]);
            }
        }
        if !self.bodies.is_empty() {
            all.extend([FailureKind::InvalidRequest, FailureKind::PayloadTooLarge]);
        }
        let has = |place| self.parameters.iter().any(|it| it.place == place);
        if has(Place::Query) {
            all.push(FailureKind::InvalidRequest);
        }
        if has(Place::Path) {
            all.push(FailureKind::NotFound);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}
