//! An endpoint for tests: it thinks, calls tools, and has no quirks.

use domain::catalog::{
    Billing, Dialect, Endpoint, EndpointStatus, Modality, ModelIx, ProviderIx, ReasoningControls,
};
use domain::quirk::Quirks;
use serde_json::Map;

/// Returns the endpoint.
pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        id: "acme:tiny".to_owned(),
        tag: "acme".to_owned(),
        provider: ProviderIx(0),
        model: ModelIx(0),
        upstream_model: "tiny-1".to_owned(),
        aliases: Vec::new(),
        variant: None,
        mode: None,
        region: None,
        quantization: None,
        tee: false,
        dialect: Dialect::OpenaiChat,
        base_url: "https://acme.invalid/v1".to_owned(),
        price: None,
        billing: Billing::Token,
        status: EndpointStatus::Active,
        context: None,
        max_input: None,
        max_output: None,
        input_modalities: vec![Modality::Text],
        output_modalities: vec![Modality::Text],
        tools: true,
        structured_output: true,
        temperature: true,
        reasoning: true,
        reasoning_controls: ReasoningControls {
            efforts: ["low", "medium", "high"].map(str::to_owned).into(),
            ..ReasoningControls::default()
        },
        body: Map::new(),
        headers: Vec::new(),
        quirks: Quirks::default(),
        resold: false,
        floating: false,
        private_network: false,
        disabled: false,
        accepted: false,
        note: None,
        veiled: false,
    }
}
