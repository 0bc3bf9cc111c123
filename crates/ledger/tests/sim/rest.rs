//! The end of a run: faults stop, and the world has to come to rest by itself.

use domain::id::{GenerationId, InstanceId};
use domain::money::Money;
use ledger::mutant::Mutant;

use crate::node::Node;
use crate::world::{NODES, World};

impl World {
    /// Faults stop, and the world has to come to rest by itself.
    pub fn heal(&mut self) -> Result<(), String> {
        self.is_calm = true;
        for round in 0..400 {
            for place in 0..NODES {
                self.rest(place, round)?;
            }
            self.notices.clear();
            self.look_at_all();
            while !self.net.is_empty() {
                self.deliver(0);
            }
            while !self.answers.is_empty() {
                self.hear(0);
            }
            self.check()?;
            if 8 < round && self.is_at_rest() {
                return Ok(());
            }
        }
        Err(format!("I6: it does not come to rest: {}", self.unrest()))
    }

    pub fn rest(&mut self, place: usize, round: u64) -> Result<(), String> {
        if !self.nodes[place].is_up {
            self.start(place);
        }
        self.nodes[place].is_paused = false;
        self.adopt(place)?;
        let reconciles = round % 40 == 39 && self.mutant != Mutant::NoPeriodicAssert;
        if let Some(post) = self.nodes[place].live()
            && reconciles
        {
            post.desk.reconcile();
        }
        let ids: Vec<GenerationId> = self.nodes[place].serving.keys().cloned().collect();
        for id in ids {
            self.advance(place, &id);
        }
        let posts: Vec<InstanceId> = self.nodes[place].posts.keys().cloned().collect();
        for instance in &posts {
            if self.nodes[place].serving.is_empty()
                && let Some(post) = self.nodes[place].posts.get_mut(instance)
            {
                post.desk.give_back_all();
            }
            self.sync(place, instance);
        }
        self.close(place);
        for instance in &posts {
            for kind in 0..5 {
                self.ship(place, instance, kind);
            }
        }
        if round < 1 {
            // Time does not stand still: commits go on, and earlier ones become durable.
            self.snap();
        }
        Ok(())
    }

    pub fn is_at_rest(&self) -> bool {
        let idle = |node: &Node| {
            let own = node.live.as_ref().and_then(|live| node.posts.get(live));
            let figures = own.map(|post| post.desk.figures()).unwrap_or_default();
            node.is_up
                && node.posts.len() == 1
                && figures.unsettled == 0
                && figures.open == 0
                && figures.free == Money::ZERO
                && !figures.needs_assert
        };
        let nobody_holds = self.books.leases().values().all(|it| it.remainder() == Money::ZERO);
        self.nodes.iter().all(idle) && self.folders.len() == NODES && nobody_holds
    }

    pub fn unrest(&self) -> String {
        let figures = self.nodes.iter().flat_map(|node| &node.posts);
        let figures: Vec<String> =
            figures.map(|(id, post)| format!("{id}: {:?}", post.desk.figures())).collect();
        let left = self.books.leases().iter().filter(|(_, it)| it.remainder() != Money::ZERO);
        format!("{figures:?} leases {:?}", left.collect::<Vec<_>>())
    }
}
