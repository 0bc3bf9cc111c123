//! An endpoint as files write it: whole at its provider, in part where it is laid over another.

use domain::catalog::{
    Billing, Dialect, Endpoint, EndpointStatus, Modality, Model, ModelIx, Provider, ProviderIx,
    ReasoningControls,
};
use domain::price::PriceCard;
use domain::quirk::Quirks;
use serde_json::{Map, Value};

use crate::base_url::Reach;
use crate::fault::{FaultKind, Place};
use crate::price;
use crate::provider::{is_slug, read_quirks, url};
use crate::row::Row;

/// What tells the endpoints of a provider apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot {
    pub model: String,
    pub variant: Option<String>,
    pub mode: Option<String>,
    pub region: Option<String>,
    pub quantization: Option<String>,
    pub tee: bool,
}

/// What a file says about an endpoint. `None` is what it does not say.
#[derive(Clone)]
pub(crate) struct EndpointRow {
    pub place: Place,
    pub slot: Slot,
    pub id: Option<String>,
    pub aliases: Option<Vec<String>>,
    pub dialect: Option<Dialect>,
    pub base_url: Option<String>,
    pub price: Option<PriceCard>,
    pub billing: Option<Billing>,
    pub status: Option<EndpointStatus>,
    pub context: Option<u32>,
    pub max_input: Option<u32>,
    pub max_output: Option<u32>,
    pub input_modalities: Option<Vec<Modality>>,
    pub output_modalities: Option<Vec<Modality>>,
    pub tools: Option<bool>,
    pub structured_output: Option<bool>,
    pub temperature: Option<bool>,
    pub reasoning: Option<bool>,
    pub toggle: Option<bool>,
    pub efforts: Option<Vec<String>>,
    pub budget: Option<Budget>,
    pub field: Option<String>,
    pub body: Map<String, Value>,
    pub headers: Vec<(String, String)>,
    pub quirks: Quirks,
    pub resold: Option<bool>,
    pub floating: Option<bool>,
    pub note: Option<String>,
    /// Its address comes from the operator.
    pub private_network: bool,
    pub disabled: bool,
    pub accepted: Option<bool>,
    pub confirmed: bool,
}

/// The budget of tokens that thinking may be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budget {
    pub allowed: bool,
    pub min: Option<u32>,
    pub max: Option<u32>,
}

/// Reads an `[[endpoint]]`; `None` where it does not name its model.
pub(crate) fn read(row: Row<'_>) -> Option<EndpointRow> {
    let overlay = row.page.overlay;
    let slot = read_slot(&row);
    let controls = row.table("reasoning_controls");
    let price = price::read_card(&row);
    let billing = row.word("billing");
    if let (false, Some(card), None | Some(Billing::Token)) = (overlay, &price, billing) {
        price::check_sense(&row, card);
    }
    let own_url = url(&row, "base_url", if overlay { Reach::Anywhere } else { Reach::Public });
    let operator_says = |key| overlay && row.flag(key) == Some(true);
    let read = EndpointRow {
        place: row.place(),
        slot: slot.clone().unwrap_or_else(Slot::nowhere),
        id: row.text("id"),
        aliases: row.texts("aliases"),
        dialect: row.word("dialect"),
        private_network: overlay && own_url.is_some(),
        base_url: own_url,
        price,
        billing,
        status: row.word("status"),
        context: row.count("context"),
        max_input: row.count("max_input"),
        max_output: row.count("max_output"),
        input_modalities: row.words("input_modalities"),
        output_modalities: row.words("output_modalities"),
        tools: row.flag("tools"),
        structured_output: row.flag("structured_output"),
        temperature: row.flag("temperature"),
        reasoning: row.flag("reasoning"),
        toggle: controls.as_ref().and_then(|controls| controls.flag("toggle")),
        efforts: controls.as_ref().and_then(|controls| controls.texts("efforts")),
        budget: controls.as_ref().and_then(read_budget),
        field: controls.as_ref().and_then(|controls| controls.text("field")),
        body: row.json("body").unwrap_or_default(),
        headers: read_headers(&row),
        quirks: read_quirks(&row),
        resold: row.flag("resold"),
        floating: row.flag("floating"),
        note: row.text("note"),
        disabled: operator_says("disabled"),
        accepted: if overlay { row.flag("accept") } else { None },
        confirmed: overlay && confirmed(&row),
    };
    if let Some(controls) = controls {
        controls.finish();
    }
    // Where a row comes from and how sure its identity is: for whoever imports.
    row.flag("assumed");
    row.text("source");
    row.text("source_id");
    check_names(&row, &read);
    row.finish();
    slot.map(|_| read)
}

fn read_slot(row: &Row<'_>) -> Option<Slot> {
    let qualifier = |key| {
        let text = row.text(key)?;
        if !is_slug(&text) {
            row.fault(key, FaultKind::BadName, "may hold a-z, 0-9 and -");
        }
        Some(text)
    };
    let (variant, mode) = (qualifier("variant"), qualifier("mode"));
    let (region, quantization) = (qualifier("region"), qualifier("quantization"));
    let tee = row.flag("tee").unwrap_or(false);
    Some(Slot { model: row.required("model")?, variant, mode, region, quantization, tee })
}

/// Reads `true`, or `[min]`, or `[min, max]`.
fn read_budget(controls: &Row<'_>) -> Option<Budget> {
    if let Some(Value::Bool(allowed)) = controls.value("budget") {
        return Some(Budget { allowed, ..Budget::default() });
    }
    let bounds = controls.counts("budget")?;
    let budget = match bounds[..] {
        [min] => Budget { allowed: true, min: Some(min), max: None },
        [min, max] if min <= max => Budget { allowed: true, min: Some(min), max: Some(max) },
        _ => {
            controls.fault("budget", FaultKind::BadValue, "must be true, [min] or [min, max]");
            return None;
        }
    };
    Some(budget)
}

fn read_headers(row: &Row<'_>) -> Vec<(String, String)> {
    // What frames the request, or opens the provider's door, is not the catalog's to say.
    const RESERVED: [&str; 8] = [
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "te",
        "transfer-encoding",
    ];
    let headers = row.text_table("headers").unwrap_or_default();
    for (name, value) in &headers {
        let shown = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_slug(name) || !shown || RESERVED.contains(&name.as_str()) {
            let message = format!("`{name}` cannot be added to requests");
            row.fault("headers", FaultKind::BadValue, message);
        }
    }
    headers
}

fn confirmed(row: &Row<'_>) -> bool {
    let Some(text) = row.text("confirmed_on") else { return false };
    let is_date = text.parse::<jiff::civil::Date>().is_ok();
    if !is_date {
        row.fault("confirmed_on", FaultKind::BadValue, "must be a date, such as \"2026-11-22\"");
    }
    is_date
}

fn check_names(row: &Row<'_>, read: &EndpointRow) {
    let ids = read.id.iter().map(|id| ("id", id));
    let aliases = read.aliases.iter().flatten().map(|alias| ("aliases", alias));
    for (key, id) in ids.chain(aliases) {
        if id.is_empty() || 200 < id.len() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            row.fault(key, FaultKind::BadName, "must be 1 to 200 visible ASCII characters");
        }
    }
}

impl Slot {
    fn nowhere() -> Slot {
        Slot {
            model: String::new(),
            variant: None,
            mode: None,
            region: None,
            quantization: None,
            tee: false,
        }
    }

    /// Returns what stands between the provider and the model in the endpoint's id.
    pub(crate) fn qualifiers(&self) -> impl Iterator<Item = &str> {
        let named = [&self.variant, &self.mode, &self.region, &self.quantization];
        named.into_iter().flatten().map(String::as_str).chain(self.tee.then_some("tee"))
    }

    /// Returns the slot as a selector, for messages.
    pub(crate) fn say(&self) -> String {
        let qualifiers: Vec<&str> = self.qualifiers().collect();
        if qualifiers.is_empty() {
            return format!("`{}`", self.model);
        }
        format!("`{}` ({})", self.model, qualifiers.join(", "))
    }
}

impl EndpointRow {
    /// Lays what an overlay says over this endpoint.
    ///
    /// Scalars and lists replace, tables merge by key, but the price replaces as a whole, with its
    /// conditions. One that was switched off stays off.
    pub(crate) fn lay_over(&mut self, over: EndpointRow) {
        macro_rules! replace {
            ($($field:ident),* $(,)?) => {
                $(if over.$field.is_some() { self.$field = over.$field; })*
            };
        }
        replace!(
            id,
            aliases,
            dialect,
            base_url,
            price,
            billing,
            status,
            context,
            max_input,
            max_output,
            input_modalities,
            output_modalities,
            tools,
            structured_output,
            temperature,
            reasoning,
            toggle,
            efforts,
            budget,
            field,
            resold,
            floating,
            note,
            accepted,
        );
        self.place = over.place;
        self.body.extend(over.body);
        for (name, value) in over.headers {
            self.headers.retain(|(known, _)| *known != name);
            self.headers.push((name, value));
        }
        self.quirks = self.quirks.overlaid(&over.quirks);
        self.private_network |= over.private_network;
        self.disabled |= over.disabled;
        self.confirmed |= over.confirmed;
    }

    /// Returns the endpoint with everything that it inherits.
    pub(crate) fn finish(
        self,
        (provider_ix, provider): (ProviderIx, &Provider),
        (model_ix, model): (ModelIx, &Model),
    ) -> Endpoint {
        let qualifiers = self.slot.qualifiers();
        let tag = std::iter::once(provider.slug.as_str()).chain(qualifiers).collect::<Vec<_>>();
        let tag = tag.join("/");
        let dialect = self.dialect.unwrap_or(provider.dialect);
        let inherits = self.base_url.is_none();
        let inherited = || match provider.also.get(&dialect) {
            Some(surface) if dialect != provider.dialect => surface.clone(),
            _ => provider.base_url.clone(),
        };
        let budget = self.budget.unwrap_or_default();
        Endpoint {
            id: format!("{tag}:{}", self.slot.model),
            tag,
            provider: provider_ix,
            model: model_ix,
            upstream_model: self.id.unwrap_or_default(),
            aliases: self.aliases.unwrap_or_default(),
            variant: self.slot.variant,
            mode: self.slot.mode,
            region: self.slot.region,
            quantization: self.slot.quantization,
            tee: self.slot.tee,
            dialect,
            base_url: self.base_url.unwrap_or_else(inherited),
            price: self.price,
            billing: self.billing.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            context: self.context.or(model.context),
            max_input: self.max_input,
            max_output: self.max_output.or(model.max_output),
            input_modalities: self
                .input_modalities
                .unwrap_or_else(|| model.input_modalities.clone()),
            output_modalities: self
                .output_modalities
                .unwrap_or_else(|| model.output_modalities.clone()),
            tools: self.tools.or(model.tools).unwrap_or(false),
            structured_output: self.structured_output.or(model.structured_output).unwrap_or(false),
            temperature: self.temperature.or(model.temperature).unwrap_or(true),
            reasoning: self.reasoning.or(model.reasoning).unwrap_or(false),
            reasoning_controls: ReasoningControls {
                toggle: self.toggle.unwrap_or(false),
                efforts: self.efforts.unwrap_or_default(),
                budget: budget.allowed,
                budget_min: budget.min,
                budget_max: budget.max,
                field: self.field,
            },
            body: self.body,
            headers: self.headers,
            quirks: provider.quirks.overlaid(&self.quirks),
            resold: self.resold.unwrap_or(false),
            floating: self.floating.unwrap_or(false),
            private_network: self.private_network || (inherits && provider.private_network),
            disabled: self.disabled || provider.disabled,
            accepted: self.accepted.unwrap_or(false),
            note: self.note,
            veiled: model.stealth.is_some(),
        }
    }
}
