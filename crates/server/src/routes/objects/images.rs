//! Images, and models that draw.

use super::generations::costs;
use super::models::modality;
use super::tasks::asked;
use super::{all, metadata};
use crate::reference::{
    Schema, anything, fixed, list, map, named, number, object, open, text, truth, whole,
};

/// Images that are asked for.
pub(crate) fn request() -> Schema {
    named("ImagesRequest", || {
        let mut fields = asked();
        let words = |said: &str| text(said).or_null().maybe();
        fields.extend([
            ("prompt", text("What is drawn.")),
            (
                "n",
                Schema::from_json(
                    serde_json::json!({ "type": "integer", "minimum": 1, "maximum": 10 }),
                    "How many.",
                )
                .or_null()
                .maybe(),
            ),
            ("size", words("Its size, as `1024x1024` or `1K`.")),
            ("resolution", words("How fine: `1K`, `2K`, `4K`.")),
            ("aspect_ratio", words("Its shape, as `3:2`.")),
            ("quality", words("How well.")),
            ("background", words("Whether it is transparent.")),
            ("output_format", words("`png`, `jpeg`, `webp`.")),
            ("seed", whole("Makes images repeatable, where a provider can.").or_null().maybe()),
            (
                "input_references",
                list(anything("An address, `data:` among them."), "Images to start from.")
                    .within(0, 16)
                    .or_null()
                    .maybe(),
            ),
            ("stream", truth("Whether they come as events when they are done.").or_null().maybe()),
        ]);
        open("What is drawn.", fields)
    })
}

/// Images.
pub(crate) fn images() -> Schema {
    named("Images", || {
        let image = open(
            "An image.",
            vec![
                ("b64_json", text("Its bytes in base64.").or_null().maybe()),
                ("url", text("Where it lies.").or_null().maybe()),
                ("media_type", text("What it is.").or_null().maybe()),
            ],
        );
        let details = object(
            "Of the prompt.",
            vec![("text_tokens", whole("Of text.")), ("image_tokens", whole("Of images."))],
        );
        let mut used = vec![
            ("prompt_tokens", whole("Tokens of the prompt.")),
            ("completion_tokens", whole("Tokens of the images.")),
            ("input_tokens", whole("Tokens of the prompt.")),
            ("output_tokens", whole("Tokens of the images.")),
            ("total_tokens", whole("Both.")),
            ("images", whole("How many were drawn.")),
            ("input_tokens_details", details),
        ];
        used.extend(costs());
        object(
            "Images.",
            vec![
                ("created", whole("Seconds since 1970.")),
                ("id", text("The generation.")),
                ("model", text("The model that answered.")),
                ("provider", text("Who answered.").maybe()),
                ("data", list(image, "The images.")),
                ("usage", object("What it used, and what it cost.", used)),
                ("openrouter_metadata", metadata()),
            ],
        )
    })
}

fn parameters() -> Schema {
    map(open("What its value may be.", vec![("type", text("What it is."))]), "What it can be told.")
}

/// Models that draw.
pub(crate) fn models() -> Schema {
    all(named("ImageModel", model), "The models.")
}

fn model() -> Schema {
    let both = object(
        "What it reads and writes.",
        vec![
            ("input_modalities", list(modality(), "What it reads.")),
            ("output_modalities", list(modality(), "What it writes.")),
        ],
    );
    object(
        "A model that draws.",
        vec![
            ("id", text("Its name in requests.")),
            ("name", text("Its name for people.")),
            ("description", text("What it is.")),
            (
                "created",
                whole("Seconds since 1970 at which it was released; 0 where nobody knows."),
            ),
            ("architecture", both),
            ("supported_parameters", parameters()),
            ("supports_streaming", fixed(false, "Images come when they are done.")),
            ("endpoints", text("Where its endpoints are listed.")),
        ],
    )
}

/// Who offers a model that draws.
pub(crate) fn endpoints() -> Schema {
    let line = object(
        "A line of the bill.",
        vec![
            ("billable", text("What is billed.")),
            ("unit", text("By what.")),
            ("cost_usd", number("Dollars for one.")),
        ],
    );
    let endpoint = object(
        "An endpoint.",
        vec![
            ("provider_name", text("The provider.")),
            ("provider_slug", text("Its name in requests.")),
            ("provider_tag", text("The endpoint's name in requests.")),
            ("supported_parameters", parameters()),
            ("pricing", list(line, "What is billed.")),
            (
                "allowed_passthrough_parameters",
                list(text("A field."), "Fields that go on as they are."),
            ),
            ("supports_streaming", fixed(false, "Images come when they are done.")),
        ],
    );
    object(
        "Who offers a model that draws.",
        vec![("id", text("The model.")), ("endpoints", list(endpoint, "The endpoints."))],
    )
}
