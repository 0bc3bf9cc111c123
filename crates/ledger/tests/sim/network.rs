//! The database, and everything that can happen between it and the nodes.

use domain::books::{Batch, Reply, Stamp};
use domain::id::InstanceId;

use crate::world::{Answer, LAG, Message, Mode, Sender, World};

impl World {
    pub fn snap(&mut self) {
        if self.mode == Mode::Async {
            self.history.push_back(self.books.clone());
            if LAG < self.history.len() {
                self.history.pop_front();
            }
        }
    }

    pub fn mark_durable(&mut self) {
        let lag = self.history.len() as u64;
        let commit = self.books.stamp().commit;
        self.books.set_durable(commit.saturating_sub(lag));
    }

    pub fn fail_over(&mut self) {
        let lost = self.dice.roll(self.history.len() as u64 + 1);
        let timeline = self.books.stamp().timeline + 1;
        for _ in 0..lost {
            if let Some(earlier) = self.history.pop_back() {
                self.books = earlier;
            }
        }
        self.books.fail_over(timeline);
        self.history.clear();
        self.mark_durable();
        self.reached.failovers += 1;
        self.reached.lost_commits += lost;
    }

    pub fn give_up(&mut self) {
        let known: Vec<InstanceId> = self.folders.keys().cloned().collect();
        if known.is_empty() {
            return;
        }
        let instance = known[self.dice.roll(known.len() as u64) as usize].clone();
        let freed = self.books.declare_lost(&instance).answer;
        self.given_up = self.given_up.saturating_add(freed);
        self.reached.given_up += 1;
    }

    pub fn send(&mut self, node: usize, instance: &InstanceId, message: Message) {
        let life = self.nodes[node].life;
        self.net.push((Sender { node, life, instance: instance.clone() }, message));
    }

    /// Lets a message arrive: it may be lost or arrive twice, and its answer may be lost.
    pub fn deliver(&mut self, place: usize) {
        let (sender, message) = self.net.swap_remove(place);
        if !self.is_calm && self.dice.percent(15) {
            return;
        }
        if !self.is_calm && self.dice.percent(10) {
            self.net.push((sender.clone(), message.clone()));
        }
        self.snap();
        let instance = &sender.instance;
        let answer = match message {
            Message::Enlist => Answer::Enlisted(self.books.enlist(instance)),
            Message::Grant(grant) => {
                let reply = self.books.grant(&grant);
                Answer::Granted(grant, reply)
            }
            Message::Settle(batch) => {
                let reply = self.books.settle(&batch).unwrap();
                self.look_at_history(&batch);
                Answer::Settled(batch, reply)
            }
            Message::Return(returns) => {
                let reply = self.books.give_back(&returns);
                Answer::Returned(returns, reply)
            }
            Message::Assert(assert) => {
                let reply = self.books.assert(&assert);
                Answer::Asserted(assert, reply)
            }
            Message::Inquire(inquiry) => {
                let (answer, stamp) = (self.books.standing(&inquiry.purse), self.books.stamp());
                Answer::Told(inquiry, Reply { answer, stamp, recalls: Vec::new() })
            }
            Message::Retire => Answer::Retired(self.books.retire(instance)),
        };
        self.mark_durable();
        if self.is_calm || !self.dice.percent(15) {
            let answer = restamped(answer, self.books.stamp());
            self.answers.push((sender, answer));
        }
    }

    /// I9: what was booked stays as it was. A failover may lose it; then it comes again the same.
    fn look_at_history(&mut self, batch: &Batch) {
        for settlement in &batch.settlements {
            let id = &settlement.generation.id;
            let Some(now) = self.books.settlements().get(id) else { continue };
            let before = self.booked.entry(id.clone()).or_insert_with(|| now.clone());
            if before != now {
                self.fault = Some(format!("I9: {id} was booked as {before:?} and is {now:?}"));
            }
        }
        let count = self.books.settlements().len();
        if count < self.booked_most && self.mode != Mode::Async {
            self.fault = Some(format!("I9: of {} settlements {count} are left", self.booked_most));
        }
        self.booked_most = count;
    }

    pub fn hear(&mut self, place: usize) {
        let (sender, answer) = self.answers.swap_remove(place);
        let node = &mut self.nodes[sender.node];
        if !node.is_up || node.life != sender.life {
            return;
        }
        let is_live = node.live.as_ref() == Some(&sender.instance);
        let Some(post) = node.posts.get_mut(&sender.instance) else { return };
        let desk = &mut post.desk;
        let mut is_gone = false;
        match answer {
            Answer::Enlisted(Ok(reply)) => desk.enlisted(&reply),
            Answer::Enlisted(Err(_)) => is_gone = true,
            Answer::Granted(grant, Ok(reply)) => {
                self.reached.recalls += reply.recalls.len() as u64;
                let refused = reply.answer.iter().filter(|granted| granted.amount.is_none());
                self.reached.refusals += refused.count() as u64;
                desk.granted(&grant, &reply);
            }
            Answer::Granted(_, Err(error)) => desk.grant_failed(&error),
            Answer::Settled(batch, reply) => desk.settled(&batch, &reply),
            Answer::Returned(returns, reply) => desk.gave_back(&returns, &reply),
            Answer::Asserted(assert, Ok(reply)) => desk.asserted(&assert, &reply),
            Answer::Asserted(_, Err(_)) => desk.fenced(),
            Answer::Told(inquiry, reply) => desk.told_of_house(&inquiry, &reply),
            Answer::Retired(Ok(reply)) => desk.retired(&reply),
            Answer::Retired(Err(_)) => desk.reconcile(),
        }
        if is_gone && is_live {
            // Given up while it lived: it can only end, and another takes over what it owes.
            self.crash(sender.node);
        } else if is_gone {
            desk.gone();
        }
    }
}

/// The durable commit is known only after the commit itself.
fn restamped(answer: Answer, stamp: Stamp) -> Answer {
    fn at<T>(reply: Reply<T>, stamp: Stamp) -> Reply<T> {
        Reply { stamp, ..reply }
    }
    match answer {
        Answer::Enlisted(reply) => Answer::Enlisted(reply.map(|reply| at(reply, stamp))),
        Answer::Granted(grant, reply) => {
            Answer::Granted(grant, reply.map(|reply| at(reply, stamp)))
        }
        Answer::Settled(batch, reply) => Answer::Settled(batch, at(reply, stamp)),
        Answer::Returned(returns, reply) => Answer::Returned(returns, at(reply, stamp)),
        Answer::Asserted(assert, reply) => {
            Answer::Asserted(assert, reply.map(|reply| at(reply, stamp)))
        }
        Answer::Told(inquiry, reply) => Answer::Told(inquiry, at(reply, stamp)),
        Answer::Retired(reply) => Answer::Retired(reply.map(|reply| at(reply, stamp))),
    }
}
