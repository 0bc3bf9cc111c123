//! What nodes do: start, stop, serve, write down and ship.

use std::collections::BTreeSet;

use domain::books::{Amounts, Returns};
use domain::gate::Gate;
use domain::id::{GenerationId, InstanceId};
use domain::money::Money;
use ledger::desk::Desk;
use ledger::journal::replay;
use ledger::mutant::Mutant;

use crate::disk::Folder;
use crate::node::{Node, Post, Serving, ask, day, ended, progress, tokens};
use crate::shop::BUYER;
use crate::world::{ACCOUNTS, Message, Mode, NODES, Told, World};

impl World {
    pub fn start(&mut self, place: usize) {
        let instance = InstanceId::new(&format!("node{place}-{}", self.births));
        self.births += 1;
        let folder = Folder::default();
        let desk = Desk::new(instance.clone(), self.setting());
        let post = Post { desk, hand: folder.hand(), folder: folder.clone() };
        self.folders.insert(instance.clone(), folder);
        let node = &mut self.nodes[place];
        *node = Node { life: node.life + 1, is_up: true, ..Node::down() };
        node.live = Some(instance.clone());
        node.posts.insert(instance.clone(), post);
        self.send(place, &instance, Message::Enlist);
    }

    pub fn crash(&mut self, place: usize) {
        self.reached.crashes += 1;
        let node = &mut self.nodes[place];
        let life = node.life;
        for post in node.posts.values() {
            post.folder.cut(&mut self.dice);
        }
        *node = Node { life, ..Node::down() };
    }

    /// Takes over a journal that nobody has.
    pub fn adopt(&mut self, place: usize) -> Result<(), String> {
        let held: BTreeSet<&InstanceId> =
            self.nodes.iter().flat_map(|node| node.posts.keys()).collect();
        let free = self.folders.iter().find(|(instance, _)| !held.contains(instance));
        let Some((instance, folder)) = free.map(|(id, folder)| (id.clone(), folder.clone())) else {
            return Ok(());
        };
        self.reached.rolled += u64::from(1 < folder.read().len());
        let read = replay(&folder.read()).map_err(|damage| format!("{instance}: {damage}"))?;
        let desk = Desk::recover(instance.clone(), read, self.setting());
        let post = Post { desk, hand: folder.hand(), folder };
        self.nodes[place].posts.insert(instance.clone(), post);
        self.reached.adoptions += 1;
        self.send(place, &instance, Message::Enlist);
        Ok(())
    }

    /// Writes and syncs a journal; the machine may stop in the middle of that.
    pub fn sync(&mut self, place: usize, instance: &InstanceId) {
        let fails = !self.is_calm && self.dice.percent(1);
        let stops_at = (!self.is_calm && self.dice.percent(1)).then(|| self.dice.roll(3));
        let mutant = self.mutant;
        let Some(post) = self.nodes[place].posts.get_mut(instance) else { return };
        let flush = post.desk.take_flush();
        post.hand.fails = fails && !flush.is_empty();
        self.reached.sync_errors += u64::from(post.hand.fails);
        post.hand.stops_at = stops_at;
        let outcome = flush.write(&mut post.hand, mutant);
        let has_stopped = post.hand.stops_at.take() == Some(0);
        match outcome {
            Ok(mark) if !has_stopped => post.desk.synced(mark),
            _ => self.crash(place),
        }
    }

    pub fn begin(&mut self, place: usize) {
        let payer = self.dice.roll(ACCOUNTS);
        let key_number = self.dice.roll(3);
        let ceiling = 70 + self.dice.roll(400) as i64;
        let floor = if self.dice.percent(30) { ceiling / 2 } else { ceiling };
        let streams = self.dice.percent(70);
        let number = self.number;
        self.number += 1;
        let date = self.today + self.nodes[place].skew_days;
        let ask = ask(number, payer, key_number, day(date), (floor, ceiling));
        let Some(post) = self.nodes[place].live() else { return };
        let Ok(held) = post.desk.hold(&ask) else {
            let live = post.desk.instance().clone();
            return self.ship(place, &live, 1);
        };
        let most = held.amount.nanos() / crate::node::TOKEN_NANOS;
        // Now and then a provider goes beyond the length that it was given.
        let beyond = if self.dice.percent(5) { most / 5 } else { 0 };
        let actual = 1 + self.dice.roll((most + beyond).max(1) as u64) as i64;
        let id = ask.draft.id.clone();
        let serving =
            Serving { gate: Gate::default(), intent: held.mark, produced: 0, actual, streams };
        self.nodes[place].serving.insert(id.clone(), serving);
        let told = Told {
            payer,
            key: key_number,
            day: date,
            reserved: held.amount,
            produced: Money::ZERO,
            shown: Money::ZERO,
            price: None,
            insured_by: None,
        };
        self.told.insert(id.clone(), told);
        self.drafts.insert(id, ask);
        self.reached.generations += 1;
    }

    /// Lets a generation produce something, show it as far as the gate allows, and end.
    pub fn advance(&mut self, place: usize, id: &GenerationId) {
        let more = 1 + self.dice.roll(90) as i64;
        let leaves = self.dice.percent(6);
        let fails = self.dice.percent(8);
        let ungated = self.mutant == Mutant::UngatedProgress;
        let node = &mut self.nodes[place];
        let Some(live) = node.live.clone() else { return };
        let Some(post) = node.posts.get_mut(&live) else { return };
        let Some(serving) = node.serving.get_mut(id) else { return };
        let told = self.told.get_mut(id).unwrap();
        let desk = &mut post.desk;
        let blocked = |serving: &mut Serving, desk: &Desk| {
            let durable = |mark| desk.is_durable(mark);
            let waits = serving.gate.waits_for(serving.produced as u32, durable).is_some();
            !desk.is_durable(serving.intent) || waits && !ungated
        };
        // What is held back is shown before more is read.
        if serving.streams && 0 < serving.produced && told.shown < told.produced {
            if blocked(serving, desk) {
                return;
            }
            told.shown = told.produced;
        }
        serving.produced = (serving.produced + more).min(serving.actual);
        told.produced = tokens(serving.produced);
        if serving.streams {
            let count = serving.produced as u32;
            if serving.gate.is_due(count) {
                let mark = desk.progress(progress(id, serving.produced));
                serving.gate.note(count, mark);
            }
            if !blocked(serving, desk) {
                told.shown = told.produced;
            }
        }
        if serving.produced == serving.actual || leaves {
            let cost = tokens(serving.produced);
            let is_insured = fails && desk.insure(id, cost);
            let charge = if is_insured { Money::ZERO } else { desk.cover(id, cost) };
            told.reserved = told.reserved.max(charge);
            told.insured_by = is_insured.then(|| live.clone());
            self.reached.insured += u64::from(is_insured);
            self.reached.uninsured += u64::from(fails && !is_insured);
            let rest = cost.saturating_sub(charge);
            let amounts = match is_insured {
                true => Amounts { insurance: rest, ..Amounts::default() },
                false => Amounts { charge, overrun: rest, ..Amounts::default() },
            };
            let draft = self.drafts[id].draft.clone();
            let mark = desk.finish(ended(draft, charge, amounts)).unwrap_or_default();
            node.serving.remove(id);
            if !leaves {
                node.closing.push((id.clone(), mark, charge));
            }
        }
    }

    /// Shows the ends that are durable.
    pub fn close(&mut self, place: usize) {
        let node = &mut self.nodes[place];
        let Some(live) = node.live.clone() else { return };
        let Some(post) = node.posts.get(&live) else { return };
        let durable: Vec<(GenerationId, Money)> = node
            .closing
            .iter()
            .filter(|(_, mark, _)| post.desk.is_durable(*mark))
            .map(|(id, _, charge)| (id.clone(), *charge))
            .collect();
        node.closing.retain(|(id, ..)| durable.iter().all(|(done, _)| done != id));
        for (id, charge) in durable {
            let told = self.told.get_mut(&id).unwrap();
            told.shown = told.produced;
            told.price = Some(charge);
            self.reached.finished += 1;
        }
    }

    /// Sends one of the messages that a desk has to send.
    pub fn ship(&mut self, place: usize, instance: &InstanceId, kind: u64) {
        let most = 1 + self.dice.roll(6) as usize;
        let Some(post) = self.nodes[place].posts.get_mut(instance) else { return };
        let desk = &mut post.desk;
        let message = match kind {
            _ if desk.needs_epoch() && !desk.is_over() && kind < 4 => Some(Message::Enlist),
            0 => desk.take_assert().map(Message::Assert),
            1 => desk.take_grant().map(Message::Grant),
            2 => desk.take_returns().map(Message::Return),
            3 if desk.can_retire() => Some(Message::Retire),
            _ => {
                let batch = desk.take_batch(most);
                let any = !batch.settlements.is_empty() || desk.awaits_durability();
                any.then_some(Message::Settle(batch))
            }
        };
        if let Some(Message::Return(returns)) = &message
            && let Some(early) = post.folder.early(returns)
        {
            self.fault = Some(format!("a return was told before it was durable: {early:?}"));
        }
        if let Some(message) = message {
            self.send(place, instance, message);
        }
        let is_over = self.nodes[place].posts.get(instance).is_some_and(|it| it.desk.is_over());
        if is_over {
            self.nodes[place].posts.remove(instance);
            self.folders.remove(instance);
        }
    }

    /// Asks the books what the house has borne.
    fn inquire(&mut self, place: usize) {
        let Some(post) = self.nodes[place].live() else { return };
        let (live, asked) = (post.desk.instance().clone(), post.desk.take_inquiries());
        for inquiry in asked {
            self.send(place, &live, Message::Inquire(inquiry));
        }
    }

    pub fn any_post(&mut self, place: usize) -> Option<InstanceId> {
        let known: Vec<InstanceId> = self.nodes[place].posts.keys().cloned().collect();
        let pick = self.dice.roll(known.len() as u64) as usize;
        known.get(pick).cloned()
    }

    pub fn step(&mut self) {
        let place = self.dice.roll(NODES as u64) as usize;
        let chance = self.dice.roll(1_000);
        self.note(chance << 8 | place as u64);
        match chance {
            0..3 if self.nodes[place].is_up && (chance == 0 || self.mode != Mode::Async) => {
                self.crash(place);
            }
            0..3 => self.start(place),
            6..9 if self.mode == Mode::Async => self.fail_over(),
            6..9 if self.mode == Mode::Revoke && self.dice.percent(30) => self.give_up(),
            6..9 if self.mutant == Mutant::LeaseExpires => self.expire(),
            9..12 => {
                let payer = self.dice.roll(BUYER + 1);
                self.pay(payer);
            }
            500..503 => self.regret(),
            503..520 if !self.notices.is_empty() => self.be_told(),
            520..524 => self.look_at_any(),
            12..15 => self.nodes[place].is_paused = !self.nodes[place].is_paused,
            15..17 => self.nodes[place].skew_days = self.dice.roll(3) as i64 - 1,
            17..18 => self.today += 1,
            18..22 if self.mutant != Mutant::NoPeriodicAssert => {
                if let Some(post) = self.nodes[place].live() {
                    post.desk.reconcile();
                }
            }
            22..300 if !self.net.is_empty() => {
                let pick = self.dice.roll(self.net.len() as u64) as usize;
                self.deliver(pick);
            }
            300..500 if !self.answers.is_empty() => {
                let pick = self.dice.roll(self.answers.len() as u64) as usize;
                self.hear(pick);
            }
            _ => self.act(place),
        }
    }

    /// A lease ends by the clock, for the mutant that believes in that.
    pub fn expire(&mut self) {
        let ids: Vec<_> = self.books.leases().keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.dice.roll(ids.len() as u64) as usize].clone();
        let lease = self.books.leases()[&id].clone();
        let returned = lease.returned.saturating_add(lease.remainder());
        let line = domain::books::Returned { lease: id.clone(), returned };
        self.books.give_back(&Returns { instance: id.instance, leases: vec![line] });
    }

    pub fn act(&mut self, place: usize) {
        let node = &self.nodes[place];
        if !node.is_up {
            if self.dice.percent(5) {
                self.start(place);
            }
            return;
        }
        if node.is_paused {
            return;
        }
        match self.dice.roll(100) {
            0..18 => self.begin(place),
            18..45 => {
                let ids: Vec<GenerationId> = node.serving.keys().cloned().collect();
                let pick = self.dice.roll(ids.len() as u64) as usize;
                if let Some(id) = ids.get(pick) {
                    self.advance(place, id);
                }
                self.close(place);
            }
            45..67 => {
                if let Some(instance) = self.any_post(place) {
                    self.sync(place, &instance);
                }
            }
            67..70 => {
                if let Err(fault) = self.adopt(place) {
                    self.fault = Some(fault);
                }
            }
            70..71 => self.inquire(place),
            71..72 => {
                if let Some(post) = self.nodes[place].live() {
                    post.desk.look_round();
                    if self.dice.percent(20) {
                        let post = self.nodes[place].live().unwrap();
                        post.desk.give_back_all();
                    }
                }
            }
            72..73 => {
                if let Some(post) = self.nodes[place].live() {
                    post.desk.seal();
                }
            }
            kind => {
                if let Some(instance) = self.any_post(place) {
                    self.ship(place, &instance, kind % 5);
                }
            }
        }
    }
}
