//! What figures are made from, and on what terms.

use std::collections::{BTreeMap, HashSet};

use domain::catalog::STEALTH;
use domain::price::PriceCard;
use domain::time::Timestamp;
use rankings::hours::Cell;

use crate::event::Name;
use crate::figures::{Cloaked, Day, Window};
use crate::store::{Days, PriceRow, RateRow, ServiceRow, Store, StoreError, UseRow};
use crate::sums::{Grain, Side, Use, add_cell};

/// What the catalog says of endpoints, and what the operator decided.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The endpoints of the catalog.
    pub endpoints: Vec<KnownEndpoint>,
    /// The figures are for everybody.
    pub is_public: bool,
    /// Applications that proved that their address is their own.
    pub verified_apps: HashSet<String>,
    /// Accounts that never count on a public instance: the house's own.
    pub excluded_accounts: HashSet<String>,
    /// What stealth models turned out to be, under whose names they count.
    pub cloaked: Vec<Cloaked>,
}

/// What the catalog says of an endpoint.
#[derive(Clone, Debug)]
pub struct KnownEndpoint {
    /// Its id.
    pub id: String,
    /// The id of its model.
    pub model: String,
    /// The slug of its provider.
    pub provider: String,
    /// What it charges.
    pub price: Option<PriceCard>,
}

/// Eligible accounts that a public instance needs before it shows a board.
pub const PUBLIC_ACCOUNTS_MIN: u32 = 50;

/// Days that series and services reach back.
pub(super) const DAYS: Day = 90;
/// Weeks behind the hours of a week.
pub(super) const RATE_WEEKS: i64 = 12;

/// Sums as they are read for one making, oldest first where they are by time.
#[derive(Default)]
pub(super) struct Read {
    /// All uses of ninety days, each day apart.
    pub(super) daily: Vec<UseRow>,
    /// By [`Window`]: all uses of complete days, and of as many before.
    pub(super) complete: Vec<(Vec<UseRow>, Vec<UseRow>)>,
    /// By side and window: uses up to the last day of boards.
    pub(super) sides: BTreeMap<Side, Vec<Vec<UseRow>>>,
    /// Uses of applications, each day apart.
    pub(super) app_days: Vec<UseRow>,
    pub(super) minutes: Vec<ServiceRow>,
    pub(super) hours: Vec<ServiceRow>,
    pub(super) days: Vec<ServiceRow>,
    pub(super) rates: Vec<RateRow>,
    pub(super) prices: Vec<PriceRow>,
    pub(super) apps: Vec<(u32, Name, Option<Name>)>,
}

impl Read {
    /// Counts what stealth models were used for under the names that they have now.
    pub(super) fn rename(&mut self, cloaked: &[Cloaked]) {
        let complete = self.complete.iter_mut().flat_map(|(now, before)| [now, before]);
        let uses = [&mut self.daily, &mut self.app_days].into_iter().chain(complete);
        rename(uses.chain(self.sides.values_mut().flatten()), &mut self.rates, cloaked);
    }

    /// Leaves out what was used of models whose maker is not told.
    pub(super) fn leave_out_stealth(&mut self) {
        let is_told = |row: &UseRow| !is_stealth(&row.model);
        self.daily.retain(is_told);
        self.app_days.retain(is_told);
        for (now, before) in &mut self.complete {
            now.retain(is_told);
            before.retain(is_told);
        }
        self.sides.values_mut().flatten().for_each(|rows| rows.retain(is_told));
        self.rates.retain(|row| !is_stealth(&row.model));
    }
}

/// Counts uses and rates of stealth models under the names that they have now.
pub(super) fn rename<'a>(
    uses: impl Iterator<Item = &'a mut Vec<UseRow>>,
    rates: &mut Vec<RateRow>,
    cloaked: &[Cloaked],
) {
    if cloaked.is_empty() {
        return;
    }
    let revealed: Revealed =
        cloaked.iter().map(|it| (it.stealth.as_str(), Name::from(it.model.as_str()))).collect();
    uses.for_each(|rows| renamed(rows, &revealed));
    let mut cells: BTreeMap<(i64, Name), Cell> = BTreeMap::new();
    for row in rates.drain(..) {
        let model = now_called(&row.model, &revealed);
        add_cell(cells.entry((row.hour, model)).or_default(), &row.cell);
    }
    let row = |((hour, model), cell)| RateRow { hour, model, cell };
    rates.extend(cells.into_iter().map(row));
}

/// By the names that stealth models had: the models that they are.
type Revealed<'a> = BTreeMap<&'a str, Name>;

fn now_called(model: &Name, revealed: &Revealed<'_>) -> Name {
    revealed.get(&**model).unwrap_or(model).clone()
}

/// Gives rows of uses the names that their models have now, and adds up those that become one.
fn renamed(rows: &mut Vec<UseRow>, revealed: &Revealed<'_>) {
    if !rows.iter().any(|row| revealed.contains_key(&*row.model)) {
        return;
    }
    let mut whole: BTreeMap<(Day, Name, Name, Name), Use> = BTreeMap::new();
    for row in rows.drain(..) {
        let model = now_called(&row.model, revealed);
        whole.entry((row.day, row.value, model, row.account)).or_default().add(&row.used);
    }
    let row = |((day, value, model, account), used)| UseRow { day, value, model, account, used };
    rows.extend(whole.into_iter().map(row));
}

/// Returns whether the maker of a model is not told.
pub(super) fn is_stealth(model: &str) -> bool {
    model.split_once('/').is_some_and(|(author, _)| author == STEALTH)
}

/// Reads everything.
pub(super) async fn read(store: &Store, now: Timestamp, last: Day) -> Result<Read, StoreError> {
    let today = now.day();
    let mut read = Read {
        daily: store.uses(Side::All, (last - DAYS + 1, last), Days::Apart).await?,
        app_days: store.uses(Side::App, (last - DAYS + 1, last), Days::Apart).await?,
        ..Read::default()
    };
    for days in Window::ALL.map(Window::days) {
        let (end, before) = (today - 1, today - 1 - days);
        let now = store.uses(Side::All, (end - days + 1, end), Days::Together).await?;
        let then = store.uses(Side::All, (before - days + 1, before), Days::Together).await?;
        read.complete.push((now, then));
    }
    for side in Side::ALL {
        let mut windows = Vec::new();
        for days in Window::ALL.map(Window::days) {
            windows.push(store.uses(side, (last - days + 1, last), Days::Together).await?);
        }
        read.sides.insert(side, windows);
    }
    let minute = Grain::Minute.period(now);
    read.minutes = store.services(Grain::Minute, (minute - 30, minute)).await?;
    let hour = Grain::Hour.period(now);
    read.hours = store.services(Grain::Hour, (hour - 23, hour)).await?;
    read.days = store.services(Grain::Day, (today - DAYS + 1, today)).await?;
    let monday = now.week_start();
    let end = Grain::Hour.period(monday) - 1;
    read.rates = store.rates((end - RATE_WEEKS * 168 + 1, end)).await?;
    read.prices = store.prices().await?;
    read.apps = store.apps().await?;
    Ok(read)
}
