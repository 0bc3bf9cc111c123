//! How fast endpoints of a model were, and what they were seen to charge, for its page.

use domain::catalog::EndpointIx;
use domain::price::Rate;
use relay::Snapshot;
use site::chart::{Course, Lines};
use site::ranking::Tab;
use site::traffic::{Pace, Prices, Spread};
use site::words;
use traffic::figures::{Day, DayOfService, EndpointFigures, Figures, Percentiles, date};

use super::links;
use super::offer::per_million;

/// An endpoint of the model with what traffic told of it.
pub(super) struct Told<'a> {
    /// What tells it apart: its provider's name and its tag.
    pub name: String,
    /// Its tag, which is its name in addresses.
    pub tag: &'a str,
    /// What traffic told of it.
    pub figures: &'a EndpointFigures,
}

/// Returns the endpoints that were asked anything, in the order given.
pub(super) fn asked<'a>(
    figures: &'a Figures,
    snapshot: &'a Snapshot,
    endpoints: &[EndpointIx],
) -> Vec<Told<'a>> {
    let catalog = &snapshot.catalog;
    let told = |place: &EndpointIx| {
        let endpoint = catalog.endpoint(*place);
        let figures = figures.endpoints.get(&endpoint.id).filter(|it| it.last_90d.tries != 0)?;
        let provider = &catalog.provider(endpoint.provider).display_name;
        let name = format!("{provider} · {}", endpoint.tag);
        Some(Told { name, tag: &endpoint.tag, figures })
    };
    endpoints.iter().filter_map(told).collect()
}

/// Days that are drawn: what the query says, and how many.
const SPANS: [(&str, usize); 2] = [("30", 30), ("90", 90)];

/// What is drawn: the endpoint by its tag, and over how many days.
pub(super) struct Drawn<'a> {
    /// The page.
    pub path: &'a str,
    /// The query.
    pub asked: &'a [(String, String)],
}

impl Drawn<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.asked.iter().rfind(|pair| pair.0 == name).map(|pair| pair.1.as_str())
    }

    fn href(&self, endpoint: &str, days: &str) -> String {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut pairs = vec![pair("endpoint", endpoint)];
        if days != SPANS[0].0 {
            pairs.push(pair("days", days));
        }
        links::address(self.path, &pairs) + "#pace"
    }
}

/// Returns how fast endpoints were; nothing where no answer was ever measured. The one that
/// answered the most is drawn where none is asked for.
pub(super) fn pace(told: &[Told<'_>], drawn: &Drawn<'_>) -> Option<Pace> {
    let is_measured = |it: &&Told<'_>| it.figures.last_90d.ttft_ms.is_some();
    let measured: Vec<&Told<'_>> = told.iter().filter(is_measured).collect();
    let wanted = drawn.value("endpoint");
    let busiest = || measured.iter().max_by_key(|it| it.figures.last_90d.tries);
    let one = measured.iter().find(|it| Some(it.tag) == wanted).or_else(busiest)?;
    let span = SPANS.iter().find(|span| Some(span.0) == drawn.value("days")).unwrap_or(&SPANS[0]);
    let endpoint = |it: &&Told<'_>| Tab {
        word: it.name.clone(),
        href: drawn.href(it.tag, span.0),
        chosen: it.tag == one.tag,
    };
    let over = |it: &(&str, usize)| Tab {
        word: words::count(it.1, "day"),
        href: drawn.href(one.tag, it.0),
        chosen: it == span,
    };
    let days = &one.figures.days[one.figures.days.len().saturating_sub(span.1)..];
    let first = |what: &str| format!("{what}, {}", one.name);
    let ms = |value: f64| words::duration(value.round() as u32);
    let charts = vec![
        chart(first("Time to the first token"), days, |day| day.ttft_ms, ms),
        chart(first("Tokens a second"), days, |day| day.speed, |value| format!("{value:.0}")),
    ];
    Some(Pace {
        endpoints: measured.iter().map(endpoint).collect(),
        spans: SPANS.iter().map(over).collect(),
        charts,
        rows: measured.iter().map(|it| spread(it)).collect(),
    })
}

type Of = fn(&Percentiles) -> f64;

const PERCENTILES: [(&str, Of); 4] =
    [("p50", |it| it.p50), ("p75", |it| it.p75), ("p90", |it| it.p90), ("p99", |it| it.p99)];

fn chart(
    title: String,
    days: &[DayOfService],
    figure: fn(&DayOfService) -> Option<Percentiles>,
    say: fn(f64) -> String,
) -> Lines {
    let course = |(name, of): &(&str, Of)| Course {
        name: (*name).to_owned(),
        values: days.iter().map(|day| figure(day).as_ref().map(of)).collect(),
    };
    Lines {
        title,
        days: days.iter().map(|day| date(day.day)).collect(),
        courses: PERCENTILES.iter().map(course).collect(),
        say: Some(say),
        ..Lines::default()
    }
}

fn spread(it: &Told<'_>) -> Spread {
    let day = &it.figures.last_1d;
    let cells = |figure: &Option<Percentiles>, say: fn(f64) -> String| {
        PERCENTILES
            .map(|(_, of)| figure.as_ref().map_or_else(|| "–".to_owned(), |figure| say(of(figure))))
    };
    Spread {
        name: it.name.clone(),
        count: words::grouped(day.speed.map_or(0, |it| it.count)),
        first_token: cells(&day.ttft_ms, |value| words::duration(value.round() as u32)),
        speed: cells(&day.speed, |value| format!("{value:.0}")),
    }
}

/// Days over which prices are drawn.
const PRICE_DAYS: Day = 90;

/// Returns what endpoints were seen to charge; nothing where none has a price.
pub(super) fn prices(
    figures: &Figures,
    snapshot: &Snapshot,
    endpoints: &[EndpointIx],
) -> Option<Prices> {
    let catalog = &snapshot.catalog;
    let mut seen: Vec<(String, &EndpointFigures)> = Vec::new();
    for place in endpoints {
        let endpoint = catalog.endpoint(*place);
        let provider = &catalog.provider(endpoint.provider).display_name;
        let told = figures.endpoints.get(&endpoint.id).filter(|it| !it.prices.is_empty());
        seen.extend(told.map(|told| (format!("{provider} · {}", endpoint.tag), told)));
    }
    let first = seen.iter().flat_map(|(_, told)| &told.prices).map(|it| it.at.day()).min()?;
    let changed: Vec<&(String, &EndpointFigures)> =
        seen.iter().filter(|(_, told)| 1 < told.prices.len()).collect();
    let mut rows: Vec<(Day, [String; 5])> = Vec::new();
    for (name, told) in &seen {
        rows.extend(told.prices.iter().map(|it| {
            let [input, output, cached] =
                [it.price.input, it.price.output, it.price.cache_read].map(per_million);
            (it.at.day(), [date(it.at.day()), name.clone(), input, output, cached])
        }));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    let since = date(first);
    let made_up =
        if figures.has_synthetic { " Earlier prices are made up for the demo." } else { "" };
    let says = match changed.len() {
        0 => format!("No price has changed since {since}, when it was first looked at.{made_up}"),
        many => {
            let of = words::count(seen.len(), "endpoint");
            format!("{many} of {of} changed a price since {since}.{made_up}")
        }
    };
    let drawn = |title: &str, rate: Of2| steps(title, figures.last_day, &changed, rate);
    let charts = if changed.is_empty() {
        Vec::new()
    } else {
        vec![drawn("Input", |it| it.input), drawn("Output", |it| it.output)]
    };
    Some(Prices { says, charts, rows: rows.into_iter().map(|row| row.1).collect() })
}

type Of2 = fn(&domain::price::Price) -> Option<Rate>;

fn steps(title: &str, last: Day, changed: &[&(String, &EndpointFigures)], rate: Of2) -> Lines {
    let days: Vec<Day> = (last - PRICE_DAYS + 1..=last).collect();
    let course = |(name, told): &&(String, &EndpointFigures)| {
        let on = |day: &Day| {
            let change = told.prices.iter().rfind(|it| it.at.day() <= *day)?;
            Some(rate(&change.price)?.picos() as f64 / 1e6)
        };
        Course { name: name.clone(), values: days.iter().map(on).collect() }
    };
    Lines {
        title: format!("{title}, of the endpoints whose price changed"),
        days: days.iter().copied().map(date).collect(),
        courses: changed.iter().take(site::chart::COLOURS).map(course).collect(),
        say: Some(|value| format!("${value:.2}")),
        is_stepped: true,
        is_told: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tag: &str, tries: u64) -> EndpointFigures {
        let mut figures = EndpointFigures::default();
        let p = |p50| Some(Percentiles { count: 9, p50, p75: 2.0, p90: 3.0, p99: 4.0 });
        (figures.last_90d.tries, figures.last_90d.ttft_ms) = (tries, p(1.0));
        let day = |day| DayOfService {
            day,
            tries,
            uptime: Some(1.0),
            ttft_ms: p(tag.len() as f64),
            speed: None,
        };
        figures.days = (0..90).map(day).collect();
        figures
    }

    #[test]
    fn the_busiest_endpoint_is_drawn_and_another_one_where_it_is_asked_for() {
        let (a, b) = (told("a", 10), told("bb", 20));
        let it = |tag, figures| Told { name: format!("P · {tag}"), tag, figures };
        let all = [it("a", &a), it("bb", &b)];
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let drawn = |asked: &[(String, String)]| {
            let pace = pace(&all, &Drawn { path: "/models/x/y", asked }).unwrap();
            let chosen = pace.endpoints.iter().find(|tab| tab.chosen).unwrap().word.clone();
            (chosen, pace.charts[0].days.len(), pace.charts[0].courses.len())
        };
        assert_eq!(drawn(&[]), ("P · bb".to_owned(), 30, 4));
        let asked = [pair("endpoint", "a"), pair("days", "90")];
        assert_eq!(drawn(&asked), ("P · a".to_owned(), 90, 4));
        assert_eq!(drawn(&[pair("endpoint", "<b>")]).0, "P · bb");
    }
}
